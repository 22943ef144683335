//! The Python skin of Evenly: converts, decides nothing.
#![deny(unsafe_code)] // but for `shortcut`, which says why
#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]
#![allow(clippy::too_many_arguments, reason = "in Python they are keyword arguments")]
#![allow(
    clippy::inline_always,
    reason = "what a pick moves from frame to frame costs more than it does"
)]
#![allow(
    clippy::used_underscore_items,
    reason = "a leading underscore is Python's word for private"
)]
#![allow(clippy::option_option, reason = "whether to change it, and to what: None sets no limit")]

mod address;
mod balancer;
mod errors;
mod key;
mod names;
mod node;
mod owners;
mod pick;
mod process;
mod rules;
mod run;
mod script;
mod settings;
mod shared;
mod shortcut;
mod simulate;
mod strategies;
mod time;
mod toml;
mod waiter;

use pyo3::prelude::*;

/// The compiled half of the `evenly` package.
#[pymodule(gil_used = true)] // `shortcut` and `Attached` rely on the interpreter's lock
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("version", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<balancer::Balancer>()?;
    module.add_class::<pick::Pick>()?;
    shortcut::install(module)?;
    module.add_class::<waiter::Waiter>()?;
    module.add_class::<time::Clock>()?;
    module.add_function(wrap_pyfunction!(address::check_address, module)?)?;
    module.add_function(wrap_pyfunction!(run::run_proxy, module)?)?;
    module.add_function(wrap_pyfunction!(settings::defaults, module)?)?;
    module.add_function(wrap_pyfunction!(strategies::strategies, module)?)?;
    module.add_function(wrap_pyfunction!(simulate::simulate, module)?)?;
    process::register_hooks(module)?;
    rules::register(module)?;
    toml::register(module)
}
