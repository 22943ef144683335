//! The balancer, as `evenly.Balancer` extends it: `pick` is this method itself, so nothing stands between the caller
//! and the core.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use evenly_core::{
    Admin, Attempt, Balancer as Core, Mishap, Nanos, Reason, Strategy, Tried, Verdict,
};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::errors::{self, fault};
use crate::key::with_key;
use crate::names;
use crate::node::{self, Node};
use crate::owners;
use crate::pick::Pick;
use crate::process;
use crate::script::Scripted;
use crate::settings::Options;
use crate::shared::Shared;
use crate::strategies;
use crate::time::{Clock, Dice, Time, entropy};
use crate::waiter::Waiter;

/// Lends nodes.
#[pyclass(frozen, subclass, weakref, module = "evenly._engine")]
pub struct Balancer {
    shared: Arc<Shared>,
}

/// A strategy of the engine, or one written in Python.
fn chosen(name: &str, given: &Bound<'_, PyAny>) -> PyResult<(Box<dyn Strategy>, Option<Scripted>)> {
    if let Ok(table) = given.cast::<PyDict>() {
        let spec = strategies::spec(table)?;
        let strategy =
            evenly_core::pick::build(&spec).map_err(fault(given.py(), errors::invalid_strategy))?;
        return Ok((strategy, None));
    }
    let script = Scripted::new(name.to_owned(), given)?;
    Ok((Box::new(script.clone()), Some(script)))
}

#[pymethods]
impl Balancer {
    #[new]
    #[pyo3(signature = (name, nodes, strategy, options, fails_on, resolver=None, clock=None, seed=None))]
    fn new(
        py: Python<'_>,
        name: &str,
        nodes: Vec<Node>,
        strategy: (String, Bound<'_, PyAny>),
        options: Options,
        fails_on: Py<PyTuple>,
        resolver: Option<&str>,
        clock: Option<&Clock>,
        seed: Option<u64>,
    ) -> PyResult<Self> {
        let time = clock.map_or(Time::Real, Clock::share);
        let (built, script) = chosen(&strategy.0, &strategy.1)?;
        let (settings, health) = options.split();
        let seed = seed.unwrap_or_else(entropy);
        // The core draws from the seed too: picks have a stream of their own.
        let dice = Dice::seeded(!seed);
        let (nodes, names) = names::apart(nodes);
        let core = Core::with_strategy(name, nodes, &*built, settings, time.now(false), seed)
            .map_err(fault(py, errors::invalid_node))?;
        if let Some(script) = &script {
            script.belongs_to(&core);
        }
        let scripted = AtomicBool::new(script.is_some());
        let needed = health.is_some() || !names.is_empty();
        let shared = Arc::new(Shared {
            watched: AtomicBool::new(matches!(time, Time::Virtual(_))),
            core,
            time,
            dice,
            fails_on,
            scripted,
            health: health.map(Arc::new),
            names: Mutex::new(names),
            resolver: resolver.and_then(|address| address.parse().ok()),
            number: AtomicU64::new(process::UNKNOWN),
        });
        process::register(&shared);
        if needed {
            process::watch(py, &shared);
        }
        Ok(Self { shared })
    }

    /// Lends a node. Never waits: raises `NoNodeAvailable` when there is none.
    #[pyo3(signature = (*, key=None))]
    fn pick(slf: &Bound<'_, Self>, key: Option<&Bound<'_, PyAny>>) -> PyResult<Pick> {
        let held = with_key(key, |key| slf.get().shared.hold(slf.py(), key, &Tried::default()))?;
        held.map(|held| Pick::new(slf.clone().unbind(), held))
    }

    /// Why the next pick would go where it would go, as `evenly.Explanation` is made of it.
    fn _explain<'py>(
        &self,
        py: Python<'py>,
        key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let told = with_key(key, |key| self.shared.explain(key))??;
        let reason = |reason: Option<Reason>| reason.map(Reason::name);
        let candidates = told.candidates.iter().map(|it| {
            let said = (it.score, reason(it.excluded));
            (&*it.id, &*it.address, it.weight, it.in_flight, said.0, said.1).into_pyobject(py)
        });
        let proposals = told.trace.proposals.iter();
        let proposals = proposals.map(|it| (&*it.id, reason(it.refused)).into_pyobject(py));
        (
            told.trace.stage.name(),
            PyTuple::new(py, candidates.collect::<PyResult<Vec<_>>>()?)?,
            PyTuple::new(py, proposals.collect::<PyResult<Vec<_>>>()?)?,
            told.pick.as_deref().ok(),
            reason(told.reason()),
            told.to_string(),
        )
            .into_pyobject(py)
    }

    /// The name it was given.
    #[getter]
    fn name(&self) -> &str {
        self.shared.core.name()
    }

    /// All nodes as they stand, in the order they were given.
    #[getter]
    fn nodes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let now = self.shared.now();
        let views: PyResult<Vec<_>> =
            self.shared.core.nodes(now).iter().map(|report| node::view(py, report, now)).collect();
        PyTuple::new(py, views?)
    }

    /// How many wait in `acquire`.
    #[getter]
    fn waiting(&self) -> usize {
        self.shared.core.waiting()
    }

    /// Least load / greatest load, each per unit of weight; 1 when idle.
    fn balance_ratio(&self) -> f64 {
        self.shared.core.balance_ratio()
    }

    /// Greatest load / mean load, each per unit of weight; 1 when even or idle.
    fn peak_to_mean(&self) -> f64 {
        self.shared.core.peak_to_mean()
    }

    /// Jain's fairness index of the loads per unit of weight: 1 when all are equal, 1/k when one has all.
    fn jain_index(&self) -> f64 {
        self.shared.core.jain_index()
    }

    /// The id of the node where a key lives now: what a pick would be lent, without lending it.
    #[pyo3(signature = (key, /))]
    fn owner<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        owners::of_one(&self.shared, key)
    }

    /// The same for many keys, in their order.
    #[pyo3(signature = (keys, /))]
    fn owners<'py>(&self, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        owners::of_many(&self.shared, keys)
    }

    /// Makes every node's active check due at once; does not wait for the answers.
    fn check_now(&self, py: Python<'_>) {
        self.shared.core.check_now(self.precisely());
        process::watch(py, &self.shared);
        process::nudge(py, &self.shared);
    }

    fn _pick_untried(
        slf: &Bound<'_, Self>,
        key: Option<&Bound<'_, PyAny>>,
        tried: Vec<Py<Pick>>,
    ) -> PyResult<Pick> {
        let tried = after(slf.py(), &tried);
        let held = with_key(key, |key| slf.get().shared.hold(slf.py(), key, &tried))?;
        held.map(|held| Pick::new(slf.clone().unbind(), held))
    }

    /// The moment `seconds` from now, for `_retry`.
    fn _deadline(&self, seconds: f64) -> u64 {
        self.precisely().plus(Nanos::from_secs_f64(seconds)).0
    }

    fn _retry(
        &self,
        py: Python<'_>,
        made: u32,
        tried: Vec<Py<Pick>>,
        deadline: Option<u64>,
    ) -> Option<f64> {
        let nodes = self.shared.core.cluster();
        let left = nodes.members.iter().any(|member| {
            let state = &member.state;
            state.standing().panics()
                && !tried.iter().any(|pick| Arc::ptr_eq(&pick.get().state(py), state))
        });
        if !left {
            return None;
        }
        // Whoever writes `attempts` says by it that the work may be repeated.
        let attempt = Attempt { made, mishap: Mishap::Status, idempotent: true, replayable: true };
        let now = self.precisely();
        let deadline = deadline.map_or(Nanos::NEVER, Nanos);
        let core = &self.shared.core;
        let roll =
            |rng: &mut evenly_core::Rng| core.retry_within(&attempt, u32::MAX, deadline, now, rng);
        let verdict = self.shared.dice.with(roll);
        match verdict {
            Verdict::Again { after } => Some(after.as_secs_f64()),
            Verdict::Stop(_) => None,
        }
    }

    fn _enqueue(
        slf: &Bound<'_, Self>,
        key: Option<&Bound<'_, PyAny>>,
        seconds: f64,
        bell: Py<PyAny>,
    ) -> PyResult<Waiter> {
        with_key(key, |key| Waiter::join(slf, key, seconds, bell))?
    }

    fn _add(&self, py: Python<'_>, node: Node) -> PyResult<()> {
        let shared = &*self.shared;
        process::together(py, shared, || names::add(shared, node, self.precisely()))
            .map_err(fault(py, errors::invalid_node))
    }

    fn _replace(&self, py: Python<'_>, nodes: Vec<Node>) -> PyResult<()> {
        let shared = &*self.shared;
        process::together(py, shared, || names::replace(shared, nodes, self.precisely()))
            .map_err(fault(py, errors::invalid_node))
    }

    fn _remove(&self, py: Python<'_>, node: &str) -> PyResult<()> {
        let shared = &*self.shared;
        process::together(py, shared, || names::remove(shared, node, self.precisely()))
            .map_err(fault(py, errors::unknown_node))
    }

    fn _update(
        &self,
        py: Python<'_>,
        node: &str,
        weight: Option<u32>,
        capacity: Option<(Option<u32>,)>,
    ) -> PyResult<()> {
        let capacity = capacity.map(|(capacity,)| capacity);
        let shared = &*self.shared;
        let updated = process::together(py, shared, || {
            let nodes = names::behind(shared, node)?;
            names::update(shared, node, weight, capacity);
            let mut each = nodes.iter();
            Ok(each.try_for_each(|one| shared.core.update(one, weight, capacity, self.precisely())))
        });
        updated.map_err(fault(py, errors::unknown_node))?.map_err(fault(py, errors::invalid_node))
    }

    fn _administer(&self, py: Python<'_>, node: &str, word: &str) -> PyResult<()> {
        let admin = match word {
            "drain" => Admin::Drain,
            "down" => Admin::Down,
            _ => Admin::Serve,
        };
        let shared = &*self.shared;
        let done = process::together(py, shared, || {
            let nodes = names::behind(shared, node)?;
            let mut each = nodes.iter();
            each.try_for_each(|one| shared.core.administer(one, admin, self.precisely()))
        });
        done.map_err(fault(py, errors::unknown_node))
    }

    fn _report(&self, py: Python<'_>, node: &str, load: f64) -> PyResult<()> {
        for one in names::behind(&self.shared, node).map_err(fault(py, errors::unknown_node))? {
            self.shared.core.report(&one, load).map_err(fault(py, errors::invalid_setting))?;
        }
        Ok(())
    }

    fn _set_strategy(&self, py: Python<'_>, name: &str, given: &Bound<'_, PyAny>) -> PyResult<()> {
        let (built, script) = chosen(name, given)?;
        if let Some(script) = &script {
            script.belongs_to(&self.shared.core);
        }
        self.shared
            .core
            .set_strategy(&*built, self.precisely())
            .map_err(fault(py, errors::invalid_strategy))?;
        self.shared.scripted.store(script.is_some(), Relaxed);
        Ok(())
    }

    /// Lets the time of a virtual clock pass.
    fn _tick(&self) {
        let _acts = self.shared.core.tick(self.shared.now());
    }
}

impl Balancer {
    /// What it has in common with its picks.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Lends a node. Nothing when there is more to it: `pick` knows.
    #[inline(always)]
    pub fn lend(slf: &Bound<'_, Self>, key: Option<&Bound<'_, PyAny>>) -> Option<Pick> {
        let shared = &slf.get().shared;
        if !shared.watched.load(Relaxed) || shared.scripted.load(Relaxed) {
            return None;
        }
        let held = with_key(key, |key| shared.try_hold(key, &Tried::default())).ok()?.ok()?;
        Some(Pick::new(slf.clone().unbind(), held))
    }

    fn precisely(&self) -> Nanos {
        self.shared.time.now(false)
    }
}

fn after(py: Python<'_>, picks: &[Py<Pick>]) -> Tried {
    let mut tried = Tried::default();
    for pick in picks {
        tried.push(pick.get().state(py));
    }
    tried
}
