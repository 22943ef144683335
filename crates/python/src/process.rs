//! What a process has once: the engine thread that looks after all its balancers, and what a fork does to it.
//!
//! The thread is started by the first pick of a balancer, in this process. A fork waits until the thread is between
//! two pieces of work, so no lock of the core is held; the child forgets the parent's thread and loans, and gets a
//! thread of its own at its first pick.

use std::cell::RefCell;
use std::mem;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use evenly_proxy::upkeep::{Engine, Pause, Watch};
use pyo3::prelude::*;

use crate::shared::Shared;

/// Locked only under the interpreter's lock and never across a call, so it is free whenever a fork happens.
static ENGINE: Mutex<Option<Engine>> = Mutex::new(None);
static BALANCERS: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

thread_local! {
    static PAUSE: RefCell<Option<Pause>> = const { RefCell::new(None) };
}

fn engine() -> Engine {
    let mut engine = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    engine.get_or_insert_with(|| Engine::lazy(Arc::new(|_notice| {}))).clone()
}

/// Remembers a balancer for the next fork.
pub fn register(shared: &Arc<Shared>) {
    let mut balancers = BALANCERS.lock().unwrap_or_else(PoisonError::into_inner);
    balancers.retain(|other| other.strong_count() > 0);
    balancers.push(Arc::downgrade(shared));
}

/// The number of a balancer that the engine does not know yet.
pub const UNKNOWN: u64 = u64::MAX;

/// Has a balancer looked after from now on.
#[cold]
pub fn watch(py: Python<'_>, shared: &Shared) {
    if shared.watched.swap(true, Relaxed) {
        return;
    }
    let (engine, watch) = (
        engine(),
        Watch {
            balancer: Arc::downgrade(&shared.core),
            health: shared.health.clone(),
            names: shared.names.lock().clone(),
            resolver: shared.resolver,
        },
    );
    // A thread that waits for the engine lets others have the interpreter: one of them may be about to fork.
    let number = py.detach(|| engine.watch(watch));
    shared.number.store(number, Relaxed);
    // Another thread may have changed the names while the number was not known.
    together(py, shared, || ());
}

/// Tells the engine that something is due earlier than it thinks.
pub fn nudge(py: Python<'_>, shared: &Shared) {
    if !shared.is_virtual() {
        let engine = engine();
        py.detach(|| engine.nudge());
    }
}

/// Changes members, and the names they may stand for, in one step as the engine thread sees it.
pub fn together<R: Send>(py: Python<'_>, shared: &Shared, change: impl FnOnce() -> R + Send) -> R {
    if shared.is_virtual() {
        return change();
    }
    let engine = engine();
    let number = || shared.number.load(Relaxed);
    py.detach(|| engine.together(change, number, || shared.names.lock().clone()))
}

/// Before a fork: waits until the engine thread is between two pieces of work, and keeps it there.
#[pyfunction]
fn _before_fork(py: Python<'_>) {
    let engine = ENGINE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(engine) = engine {
        py.detach(|| PAUSE.set(Some(engine.pause())));
    }
}

/// After a fork, in the parent: lets the engine thread go on.
#[pyfunction]
fn _after_fork_in_parent() {
    drop(PAUSE.take());
}

/// After a fork, in the child: there is no engine thread, and none of the parent's loans is ours.
#[pyfunction]
fn _after_fork_in_child() {
    // Unlocking would hand the locks to threads that are not here, so what was locked is left behind.
    mem::forget(PAUSE.take());
    mem::forget(ENGINE.lock().unwrap_or_else(PoisonError::into_inner).take());
    let balancers = BALANCERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for shared in balancers.iter().filter_map(Weak::upgrade) {
        shared.core.forked();
        if !shared.is_virtual() {
            shared.dice.reseed();
        }
        shared.watched.store(shared.is_virtual(), Relaxed);
        shared.number.store(UNKNOWN, Relaxed);
    }
}

/// Before the interpreter goes: the engine thread must not call into it any more.
#[pyfunction]
fn _at_exit(py: Python<'_>) {
    _before_fork(py);
    mem::forget(PAUSE.take());
}

/// Adds what this file gives to the extension module.
pub fn register_hooks(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_before_fork, module)?)?;
    module.add_function(wrap_pyfunction!(_after_fork_in_parent, module)?)?;
    module.add_function(wrap_pyfunction!(_after_fork_in_child, module)?)?;
    module.add_function(wrap_pyfunction!(_at_exit, module)?)
}
