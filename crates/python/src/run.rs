//! `evenly run`: hands the process over to the proxy.

use pyo3::prelude::*;

/// Runs the proxy that the JSON text describes on this thread until it has drained; the answer is the exit code.
/// `control` is the control process's program and arguments; empty for none. `document_json` is what the control process made the
/// configuration from; the engine keeps it for the next control process. Other threads of Python go on.
#[pyfunction]
#[pyo3(signature = (config_json, control, document_json = "null"))]
pub fn run_proxy(
    py: Python<'_>,
    config_json: &str,
    control: Vec<String>,
    document_json: &str,
) -> i32 {
    py.detach(|| evenly_proxy::run::run_json(config_json, control, document_json))
}
