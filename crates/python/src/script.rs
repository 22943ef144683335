//! A strategy written in Python. It is asked on the thread that picks, while no lock of the core is held.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock, Weak};

use evenly_core::{Balancer, Fault, Ground, Key, Rng, Strategy, View};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyTuple, PyType};

use crate::{errors, node};

thread_local! {
    /// What the strategy raised during the pick of this thread. The core knows no exceptions: it falls back to its
    /// scan, and the pick then raises this instead.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Takes what the strategy raised during the last pick of this thread.
pub fn raised() -> Option<PyErr> {
    RAISED.take()
}

/// The Python object, and the balancer it chooses for.
#[derive(Debug)]
struct Script {
    name: String,
    pick: Py<PyAny>,
    owner: OnceLock<Weak<Balancer>>,
}

/// The core's view of a Python strategy.
#[derive(Clone, Debug)]
pub struct Scripted(Arc<Script>);

impl Scripted {
    /// Wraps an object with a method `pick(view)`.
    pub fn new(name: String, object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let pick = object.getattr("pick")?.unbind();
        Ok(Self(Arc::new(Script { name, pick, owner: OnceLock::new() })))
    }

    /// Tells for whom it chooses: nodes are shown as that balancer reports them.
    pub fn belongs_to(&self, owner: &Arc<Balancer>) {
        let _ = self.0.owner.set(Arc::downgrade(owner));
    }
}

impl Strategy for Scripted {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn prepare(&self, _ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        Ok(Box::new(self.clone()))
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let chosen = Python::try_attach(|py| {
            if RAISED.with_borrow(Option::is_some) {
                return None; // it is not asked again within the pick it has failed
            }
            self.0.ask(py, view, key, rng).unwrap_or_else(|error| {
                RAISED.set(Some(error));
                None
            })
        });
        chosen.flatten()
    }

    /// One with a deep copy of the object, so that what it remembers stays as it is.
    fn twin(&self) -> Option<Box<dyn Strategy>> {
        let copy = Python::try_attach(|py| self.0.copy(py))?;
        Some(match copy {
            Ok(script) => Box::new(Self(Arc::new(script))),
            Err(error) => {
                RAISED.set(Some(error));
                Box::new(self.clone()) // not asked, for it has failed
            }
        })
    }

    fn reads_clock(&self) -> bool {
        true
    }
}

impl Script {
    fn copy(&self, py: Python<'_>) -> PyResult<Self> {
        let copied = py.import("copy")?.call_method1("deepcopy", (self.pick.bind(py),));
        let pick = copied.map_err(|error| {
            errors::strategy_fault(
                py,
                format!(
                    "strategy {:?} cannot be asked without changing what it remembers, for it cannot be copied ({error}): \
                     give it a method __deepcopy__",
                    self.name
                ),
            )
        })?;
        Ok(Self { name: self.name.clone(), pick: pick.unbind(), owner: self.owner.clone() })
    }

    fn ask(
        &self,
        py: Python<'_>,
        view: &View<'_>,
        key: Key<'_>,
        rng: &mut Rng,
    ) -> PyResult<Option<usize>> {
        static VIEW: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        static CHANCE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let Some(owner) = self.owner.get().and_then(Weak::upgrade) else { return Ok(None) };
        let (members, now) = (view.members(), view.now());
        let mut nodes = Vec::new();
        for (index, report) in owner.nodes(now).iter().enumerate() {
            // The balancer may have got other nodes since the view was made; those are left out.
            let same = members.get(index).is_some_and(|member| *member.state.id() == report.id);
            if same && view.fit(index) {
                nodes.push(node::view(py, report, now)?);
            }
        }
        if nodes.is_empty() {
            return Ok(None);
        }
        let key = match key {
            Key::None => None,
            Key::Bytes(bytes) => Some(PyBytes::new(py, bytes)),
        };
        let chance = CHANCE.import(py, "random", "Random")?.call1((rng.next_u64(),))?;
        let shown = VIEW.import(py, "evenly.strategy", "View")?.call1((
            PyTuple::new(py, nodes)?,
            key,
            now.as_secs_f64(),
            chance,
        ))?;
        let answer = self.pick.bind(py).call1((shown,))?;
        let id = answer.getattr("id").and_then(|id| id.extract::<String>());
        let index = id.ok().and_then(|id| {
            let same = |&index: &usize| **members[index].state.id() == *id && view.fit(index);
            (0..members.len()).find(same)
        });
        match index {
            Some(index) => Ok(Some(index)),
            None => Err(errors::strategy_fault(
                py,
                format!(
                    "strategy {:?} answered {}: return one of view.nodes",
                    self.name,
                    answer.repr()?
                ),
            )),
        }
    }
}
