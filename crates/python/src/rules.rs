//! The table of HTTP/1 rules, so that Python refuses a wrong name in `relaxed` with the right one.

use evenly_wire::RULES;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Adds what this file gives to the extension module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(rules, module)?)
}

/// Every rule: its `name`, the `status` that answers it, the `breach` it is about, and what happens when it is
/// `relaxed` (None: it cannot be).
#[pyfunction]
fn rules(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for rule in RULES {
        let entry = PyDict::new(py);
        entry.set_item("name", rule.name())?;
        entry.set_item("status", rule.status())?;
        entry.set_item("breach", rule.breach())?;
        entry.set_item("relaxed", rule.when_relaxed())?;
        list.append(entry)?;
    }
    Ok(list)
}
