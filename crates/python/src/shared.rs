//! What a balancer, its picks and its waiters have in common.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use evenly_core::{Balancer, Explanation, Held, Key, Nanos, Outcome, Refusal, Tried};
use evenly_proxy::config::Health;
use evenly_proxy::upkeep::Name;
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::errors;
use crate::process;
use crate::script;
use crate::time::{Dice, Time};

/// One balancer of the core with its time, its chance, and which exceptions blame a node.
pub struct Shared {
    pub core: Arc<Balancer>,
    pub time: Time,
    pub dice: Dice,
    /// Kinds of exceptions that blame the node.
    pub fails_on: Py<PyTuple>,
    /// Whether the strategy is written in Python: only then can a pick raise what the strategy raised.
    pub scripted: AtomicBool,
    /// How nodes are checked.
    pub health: Option<Arc<Health>>,
    /// Nodes given by host name.
    pub names: Mutex<Vec<Name>>,
    /// DNS server used instead of the system's.
    pub resolver: Option<SocketAddr>,
    /// Whether the engine thread of this process looks after it.
    pub watched: AtomicBool,
    /// Its number there.
    pub number: AtomicU64,
}

impl Shared {
    /// The moment, as precisely as the strategy needs it.
    #[inline]
    pub fn now(&self) -> Nanos {
        self.time.now(!self.core.reads_clock())
    }

    /// Whether a test moves its time: then no thread does.
    pub fn is_virtual(&self) -> bool {
        matches!(self.time, Time::Virtual(_))
    }

    /// Takes a place on a node, or says why there is none.
    #[inline(always)]
    pub fn try_hold(&self, key: Key<'_>, tried: &Tried) -> Result<Held, Box<Refusal>> {
        let now = self.now();
        self.dice.with(|rng| self.core.hold(key, tried, now, rng))
    }

    /// Why the next pick would go where it would go.
    pub fn explain(&self, key: Key<'_>) -> PyResult<Explanation> {
        let told = self.core.explain(key, &Tried::default(), self.now(), &mut self.dice.peek());
        script::raised().map_or(Ok(told), Err)
    }

    /// Takes a place on a node, or raises.
    #[inline(always)]
    pub fn hold(&self, py: Python<'_>, key: Key<'_>, tried: &Tried) -> PyResult<Held> {
        if !self.watched.load(Relaxed) {
            process::watch(py, self);
        }
        let held = self.try_hold(key, tried);
        if self.scripted.load(Relaxed)
            && let Some(error) = script::raised()
        {
            if let Ok(held) = held {
                let now = held.since();
                self.core.leave(held, Outcome::Cancelled, now);
            }
            return Err(error);
        }
        held.map_err(|refusal| errors::refused(py, &refusal))
    }
}
