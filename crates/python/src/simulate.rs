//! The simulator, from JSON to JSON. The interpreter is free meanwhile, unless the strategy is written in Python.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use evenly_core::{Balancer, Fault, Strategy};
use evenly_sim::{Custom, Outcome, Replications, Scenario};
use pyo3::prelude::*;

use crate::errors;
use crate::script::{self, Scripted};

/// A Python strategy; each dispatcher of each replication gets a copy of it as it was given.
struct Copies<'py> {
    name: String,
    object: Bound<'py, PyAny>,
    made: RefCell<Option<Scripted>>,
    raised: RefCell<Option<PyErr>>,
    failed: Cell<bool>,
}

impl Custom for Copies<'_> {
    fn strategy(&self) -> Result<Box<dyn Strategy>, Fault> {
        let copy = || {
            let copier = self.object.py().import("copy")?;
            Scripted::new(self.name.clone(), &copier.call_method1("deepcopy", (&self.object,))?)
        };
        let made = copy().map_err(|error| {
            let fault = Fault::new(format!("strategy: {error}"));
            self.raised.replace(Some(error));
            fault
        })?;
        self.made.replace(Some(made.clone()));
        Ok(Box::new(made))
    }

    fn chooses_for(&self, balancer: &Arc<Balancer>) {
        if let Some(made) = self.made.take() {
            made.belongs_to(balancer);
        }
    }

    fn failed(&self) -> bool {
        if let Some(error) = script::raised() {
            self.raised.replace(Some(error));
            self.failed.set(true);
        }
        self.failed.get()
    }
}

/// Asks Python whether to go on: pending signals first, then the callback.
fn goes_on(py: Python<'_>, progress: Option<&Py<PyAny>>, done: u64) -> PyResult<bool> {
    py.check_signals()?;
    match progress {
        Some(progress) => progress.bind(py).call1((done,))?.is_truthy(),
        None => Ok(true),
    }
}

fn refused(py: Python<'_>, fault: Fault) -> PyErr {
    if fault.0.starts_with("strategy") {
        errors::invalid_strategy(py, fault.0)
    } else {
        errors::invalid_setting(py, fault.0)
    }
}

/// Plays a scenario and returns what came out of it, both as JSON.
#[pyfunction]
#[pyo3(signature = (scenario, seed, replications=1, threads=1, progress=None, strategy=None))]
pub fn simulate(
    py: Python<'_>,
    scenario: &str,
    seed: u64,
    replications: u64,
    threads: usize,
    progress: Option<Py<PyAny>>,
    strategy: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let scenario = Scenario::parse(scenario).map_err(|fault| refused(py, fault))?;
    let plan = Replications { scenario: &scenario, seed, count: replications.max(1), threads };
    let mut raised = None;
    let mut tell = |done| {
        let answer = Python::attach(|py| goes_on(py, progress.as_ref(), done));
        answer.unwrap_or_else(|error| {
            raised.get_or_insert(error);
            false
        })
    };
    let outcome = match strategy {
        None => py.detach(|| plan.play(&mut tell)),
        Some(object) => {
            let copies = Copies {
                name: scenario.strategy.name().to_owned(),
                object,
                made: RefCell::default(),
                raised: RefCell::default(),
                failed: Cell::new(false),
            };
            let outcome = plan.play_custom(&copies, &mut tell);
            if let Some(error) = copies.raised.take() {
                return Err(error);
            }
            outcome
        }
    };
    if let Some(error) = raised {
        return Err(error);
    }
    outcome.map_err(|fault| refused(py, fault)).map(|outcome: Outcome| outcome.to_json())
}
