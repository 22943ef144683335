//! Somebody's place in the queue. When the turn comes, the place is put here and a bell is rung in Python.

use std::sync::Arc;

use evenly_core::{Key, Loan, Reason, Refusal, Ticket, Tried};
use parking_lot::Mutex;
use pyo3::prelude::*;

use crate::balancer::Balancer;
use crate::errors;
use crate::pick::Pick;
use crate::shared::Shared;

/// What has come for one who waits.
#[derive(Default)]
struct Slot(Mutex<Option<Result<Loan, Refusal>>>);

/// A turn in the queue of a balancer. Dropping it gives it up, and gives back a place that has come meanwhile.
#[pyclass(frozen, module = "evenly._engine")]
pub struct Waiter {
    owner: Py<Balancer>,
    slot: Arc<Slot>,
    ticket: Ticket,
    key: Option<Vec<u8>>,
}

impl Waiter {
    /// Joins the queue. `bell` is called without arguments when the turn has come, on any thread.
    pub fn join(
        owner: &Bound<'_, Balancer>,
        key: Key<'_>,
        seconds: f64,
        bell: Py<PyAny>,
    ) -> PyResult<Self> {
        let (py, shared) = (owner.py(), owner.get().shared());
        let slot = Arc::<Slot>::default();
        let put = slot.clone();
        let wake = Box::new(move |result| {
            *put.0.lock() = Some(result);
            // Who waits in an interpreter that is shutting down, or in a closed event loop, waits no more.
            Python::try_attach(|py| drop(bell.call0(py)));
        });
        let now = shared.now();
        // Who waits watches the time; the engine's own deadline only clears up after those who do not.
        let deadline = now.plus(evenly_core::Nanos::from_secs_f64(seconds + 1.0));
        let ticket = shared
            .core
            .enqueue(key, &Tried::default(), deadline, now, wake)
            .map_err(|refusal| errors::refused(py, &refusal))?;
        let key = match key {
            Key::None => None,
            Key::Bytes(bytes) => Some(bytes.to_vec()),
        };
        Ok(Self { owner: owner.clone().unbind(), slot, ticket, key })
    }

    fn shared(&self) -> &Arc<Shared> {
        self.owner.get().shared()
    }

    fn leave(&self) -> Option<Result<Loan, Refusal>> {
        self.shared().core.cancel(self.ticket);
        self.slot.0.lock().take()
    }
}

#[pymethods]
impl Waiter {
    /// Whether the turn has come.
    #[getter]
    fn ready(&self) -> bool {
        self.slot.0.lock().is_some()
    }

    /// The pick. When none has come, the turn is given up and `NoNodeAvailable` is raised.
    fn take(&self, py: Python<'_>) -> PyResult<Pick> {
        match self.leave() {
            Some(Ok(loan)) => Ok(Pick::new(self.owner.clone_ref(py), loan.into_held())),
            Some(Err(refusal)) => Err(errors::refused(py, &refusal)),
            None => {
                let key = self.key.as_deref().map_or(Key::None, Key::Bytes);
                match self.shared().try_hold(key, &Tried::default()) {
                    Ok(held) => Ok(Pick::new(self.owner.clone_ref(py), held)),
                    Err(refusal) => Err(errors::refused(
                        py,
                        &Refusal { reason: Reason::QueueTimeout, ..*refusal },
                    )),
                }
            }
        }
    }

    /// Gives the turn up.
    fn cancel(&self) {
        self.leave();
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.leave();
    }
}
