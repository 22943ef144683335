//! The package's own errors, raised from here. They are written in Python, where they can carry fields.

use evenly_core::{Fault, Refusal};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

macro_rules! raised {
    ($($(#[$doc:meta])* $function:ident => $class:literal,)*) => { $(
        $(#[$doc])*
        #[cold]
        pub fn $function(py: Python<'_>, message: String) -> PyErr {
            static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            match CLASS.import(py, "evenly.errors", $class) {
                Ok(class) => PyErr::from_type(class.clone(), (message,)),
                Err(broken) => broken,
            }
        }
    )* };
}

raised! {
    /// A node that cannot be.
    invalid_node => "InvalidNode",
    /// An option that cannot be.
    invalid_setting => "InvalidSetting",
    /// A strategy that cannot be.
    invalid_strategy => "InvalidStrategy",
    /// A key of another type.
    invalid_key => "InvalidKey",
    /// A node that is not there.
    unknown_node => "UnknownNode",
    /// A pick that was given back.
    pick_spent => "PickSpent",
    /// A Python strategy's answer that is no node.
    strategy_fault => "StrategyFault",
}

/// Turns a fault of the core into the error that `kind` makes.
pub fn fault(py: Python<'_>, kind: fn(Python<'_>, String) -> PyErr) -> impl FnOnce(Fault) -> PyErr {
    move |fault| kind(py, fault.0)
}

/// `NoNodeAvailable` with the refusal's counts and wait.
#[cold]
pub fn refused(py: Python<'_>, refusal: &Refusal) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let build = || {
        let class = CLASS.import(py, "evenly.errors", "NoNodeAvailable")?;
        let fields = PyDict::new(py);
        let counts = PyDict::new(py);
        let c = &refusal.counts;
        for (name, count) in [
            ("nodes", c.nodes),
            ("at_capacity", c.full),
            ("breaker_open", c.ejected),
            ("check_failed", c.failing),
            ("not_checked", c.unchecked),
            ("draining", c.draining),
            ("down", c.down),
            ("tried", c.tried),
        ] {
            counts.set_item(name, count)?;
        }
        fields.set_item("cluster", &*refusal.cluster)?;
        fields.set_item("reason", refusal.reason.name())?;
        fields.set_item("counts", counts)?;
        fields.set_item("retry_after", refusal.again_in.map(evenly_core::Nanos::as_secs_f64))?;
        class.call((refusal.to_string(),), Some(&fields))
    };
    match build() {
        Ok(error) => PyErr::from_value(error),
        Err(broken) => broken,
    }
}
