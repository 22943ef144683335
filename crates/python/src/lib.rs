//! The Python skin of Evenly: converts, decides nothing.

mod rules;
mod toml;

use pyo3::prelude::*;

/// The compiled half of the `evenly` package.
#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("version", env!("CARGO_PKG_VERSION"))?;
    rules::register(module)?;
    toml::register(module)
}
