//! Where a node listens, checked by the engine's own rules.

use evenly_proxy::address::Address;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Raises `ValueError` with what to write when `text` is no address.
#[pyfunction]
#[pyo3(signature = (text, /))]
pub fn check_address(text: &str) -> PyResult<()> {
    text.parse::<Address>().map(drop).map_err(|fault| PyValueError::new_err(fault.to_string()))
}
