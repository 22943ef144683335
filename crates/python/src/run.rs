//! `evenly run`: hands the process over to the proxy.

use pyo3::prelude::*;

/// Runs the proxy that the JSON text describes on this thread until it has drained; the answer is the exit code.
/// `control` is the control process's program and arguments; empty for none. Other threads of Python go on.
#[pyfunction]
pub fn run_proxy(py: Python<'_>, config_json: &str, control: Vec<String>) -> i32 {
    py.detach(|| evenly_proxy::run::run_json(config_json, control))
}
