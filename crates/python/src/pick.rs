//! A node on loan, as Python holds it: given back by leaving the `with` block, or by being dropped.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use evenly_core::{Failure, Held, Nanos, Outcome, Reason, State};
use pyo3::intern;
use pyo3::prelude::*;

use crate::balancer::Balancer;
use crate::errors;
use crate::node;
use crate::shared::Shared;
use crate::shortcut::Attached;

/// A place on a node. Printed it is the node's address, so it can stand in a URL.
#[pyclass(frozen, module = "evenly._engine")]
pub struct Pick {
    owner: Py<Balancer>,
    loan: Attached<Loan>,
    /// Whether the pick was given back, readable without the lock.
    spent: AtomicBool,
}

/// How far an exception's causes are followed: clients wrap two deep, and a chain may be a ring.
const CAUSES: usize = 8;

/// Where a pick stands.
enum Loan {
    /// Being moved, under the interpreter's lock; nobody sees it.
    Between,
    /// Lent; with what was said of the node so far, aside: a pick is moved often, and mostly nothing is said.
    Out(Held, Option<Box<Outcome>>),
    /// Given back; whether with the node's failure.
    Back(Arc<State>, bool),
}

impl Pick {
    #[inline]
    pub fn new(owner: Py<Balancer>, held: Held) -> Self {
        Self { owner, loan: Attached::new(Loan::Out(held, None)), spent: AtomicBool::new(false) }
    }

    /// Shows the loan.
    fn look<R>(&self, py: Python<'_>, look: impl FnOnce(&Loan) -> R) -> R {
        let loan = self.loan.replace(py, Loan::Between);
        let seen = look(&loan);
        self.loan.replace(py, loan);
        seen
    }

    /// The node.
    pub fn state(&self, py: Python<'_>) -> Arc<State> {
        self.look(py, |loan| match loan {
            Loan::Out(held, _) => held.state().clone(),
            Loan::Back(state, _) => state.clone(),
            Loan::Between => unreachable!("nobody looks while a pick is on its way out"),
        })
    }

    fn shared(&self) -> &Arc<Shared> {
        self.owner.get().shared()
    }

    #[cold]
    fn spent(&self, py: Python<'_>) -> PyErr {
        let state = self.state(py);
        errors::pick_spent(
            py,
            format!(
                "the pick of {} was already given back: call pick() again for each piece of work",
                state.id()
            ),
        )
    }

    /// What an exception says of the node: one of the kinds in `fails_on` blames it, and so does one raised `from`
    /// such a one, which is how HTTP clients wrap a refused connection. Any other does not.
    #[cold]
    fn judge(&self, error: &Bound<'_, PyAny>) -> PyResult<Outcome> {
        let kinds = self.shared().fails_on.bind(error.py());
        let mut error = error.clone();
        for _ in 0..CAUSES {
            if error.is_instance(kinds)? {
                return Ok(Outcome::failed(Reason::NodeReset));
            }
            error = error.getattr(intern!(error.py(), "__cause__"))?;
            if error.is_none() {
                break;
            }
        }
        Ok(Outcome::Cancelled)
    }

    /// Whether it was not given back yet.
    #[inline]
    pub fn is_out(&self) -> bool {
        !self.spent.load(Relaxed)
    }

    /// Gives the node back after work that raised nothing. False when there is more to it: `__exit__` knows.
    #[inline]
    pub fn leave_well(&self, py: Python<'_>) -> bool {
        let shared = self.shared();
        if shared.core.waiting() > 0 {
            return false;
        }
        let (loan, gone) = match self.loan.replace(py, Loan::Between) {
            Loan::Out(held, None) => {
                self.spent.store(true, Relaxed);
                let now = shared.now();
                (Loan::Back(shared.core.leave(held, Outcome::Success, now), false), true)
            }
            other => (other, false),
        };
        self.loan.replace(py, loan);
        gone
    }

    fn say(&self, py: Python<'_>, outcome: Outcome) -> PyResult<()> {
        let mut loan = self.loan.replace(py, Loan::Between);
        let out = if let Loan::Out(held, said) = &mut loan {
            if matches!(outcome, Outcome::Success) {
                self.shared().core.answered(held, self.shared().now());
            }
            *said = Some(Box::new(outcome));
            true
        } else {
            false
        };
        self.loan.replace(py, loan);
        if out { Ok(()) } else { Err(self.spent(py)) }
    }
}

#[pymethods]
impl Pick {
    fn __enter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
        if slf.get().spent.load(Relaxed) { Err(slf.get().spent(py)) } else { Ok(slf) }
    }

    #[pyo3(signature = (kind, error, trace, /))]
    fn __exit__(
        &self,
        kind: &Bound<'_, PyAny>,
        error: &Bound<'_, PyAny>,
        trace: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let _ = (kind, trace);
        let py = error.py();
        // Judging runs Python, and giving back may call who waits for the place: neither finds a pick on its way out.
        let verdict = if error.is_none() { Ok(Outcome::Success) } else { self.judge(error) };
        let (held, said) = match self.loan.replace(py, Loan::Between) {
            Loan::Out(held, said) => (held, said),
            back => {
                self.loan.replace(py, back);
                return Ok(false);
            }
        };
        self.spent.store(true, Relaxed);
        let outcome = match (said.as_deref(), &verdict) {
            (Some(said @ Outcome::Failure(_)), _) => *said,
            (_, Ok(judged)) => *judged,
            (_, Err(_)) => Outcome::Cancelled,
        };
        let failed = matches!(outcome, Outcome::Failure(_));
        let shared = self.shared();
        self.loan.replace(py, Loan::Back(held.state().clone(), failed));
        shared.core.leave(held, outcome, shared.now());
        verdict.map(|_| false)
    }

    /// Tells the status of the node's answer. The latency sample ends here; 500, 502, 503 and 504 count as the node's
    /// failure, with `retry_after` seconds for which it asked to be left alone.
    #[pyo3(signature = (code, /, *, retry_after=None))]
    fn status(&self, py: Python<'_>, code: u16, retry_after: Option<f64>) -> PyResult<()> {
        let failure = Failure {
            reason: Reason::NodeStatus,
            retry_after: retry_after.map(Nanos::from_secs_f64),
        };
        let failed = matches!(code, 500 | 502 | 503 | 504);
        self.say(py, if failed { Outcome::Failure(failure) } else { Outcome::Success })
    }

    /// Says that the node failed, whatever happens next.
    #[pyo3(signature = (why="", /))]
    fn fail(&self, py: Python<'_>, why: &str) -> PyResult<()> {
        let _ = why;
        self.say(py, Outcome::failed(Reason::CallerSaid))
    }

    /// Whether an exception is of a kind that blames the node.
    #[pyo3(signature = (error, /))]
    fn blames(&self, error: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(matches!(self.judge(error)?, Outcome::Failure(_)))
    }

    /// Whether the pick ended with the node's failure.
    #[getter]
    fn failed(&self, py: Python<'_>) -> bool {
        self.look(py, |loan| matches!(loan, Loan::Back(_, true)))
    }

    /// The node as it stands now.
    #[getter]
    fn node<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        node::of(py, self.shared(), &self.state(py))
    }

    /// The node's stable name.
    #[getter]
    fn id(&self, py: Python<'_>) -> String {
        self.state(py).id().to_string()
    }

    /// Where the node listens.
    #[getter]
    fn address(&self, py: Python<'_>) -> String {
        self.state(py).address().to_string()
    }

    fn __str__(&self, py: Python<'_>) -> String {
        self.address(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let out = if self.spent.load(Relaxed) { "given back" } else { "out" };
        format!("<evenly.Pick of {}, {out}>", self.state(py).id())
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        if let Loan::Out(held, _) = mem::replace(self.loan.get_mut(), Loan::Between) {
            let now = held.since();
            self.shared().core.leave(held, Outcome::Cancelled, now);
        }
    }
}
