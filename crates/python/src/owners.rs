//! Where keys live now: `Balancer.owner` and `Balancer.owners`, which lend nothing.

use evenly_core::{Key, Nanos, Owners};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use crate::errors;
use crate::key::with_key;
use crate::shared::Shared;

fn ask<R>(
    py: Python<'_>,
    shared: &Shared,
    ask: impl FnOnce(&Owners<'_>) -> PyResult<R>,
) -> PyResult<R> {
    // No hash strategy looks at the clock.
    shared.core.owners(Nanos::ZERO, ask).unwrap_or_else(|| {
        Err(errors::invalid_strategy(
            py,
            format!(
                "strategy {:?} gives a key no node of its own: owners are a matter of hash strategies, such as \
                 \"consistent_hash\"",
                shared.core.strategy_name()
            ),
        ))
    })
}

/// The index of the owner, unless no node is fit.
fn owner(py: Python<'_>, shared: &Shared, owners: &Owners<'_>, key: Key<'_>) -> PyResult<usize> {
    owners.of(key).ok_or_else(|| errors::refused(py, &shared.core.why_none(shared.now())))
}

/// The id of the node where a key lives.
#[inline]
pub fn of_one<'py>(shared: &Shared, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let py = key.py();
    ask(py, shared, |owners| {
        let index = with_key(Some(key), |key| owner(py, shared, owners, key))??;
        Ok(PyString::new(py, owners.members()[index].state.id()))
    })
}

/// The ids of the nodes where the keys live, in the order of the keys.
pub fn of_many<'py>(shared: &Shared, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    let py = keys.py();
    ask(py, shared, |owners| {
        // One text for each node that owns any, however many keys it owns.
        let mut ids: Vec<Option<Bound<'py, PyString>>> = vec![None; owners.members().len()];
        let mut find = |key: &Bound<'py, PyAny>| -> PyResult<Bound<'py, PyString>> {
            let index = with_key(Some(key), |key| owner(py, shared, owners, key))??;
            let id = ids[index]
                .get_or_insert_with(|| PyString::new(py, owners.members()[index].state.id()));
            Ok(id.clone())
        };
        let found = match keys.cast::<PyList>() {
            Ok(list) => list.iter().map(|key| find(&key)).collect::<PyResult<Vec<_>>>()?,
            Err(_) => keys.try_iter()?.map(|key| find(&key?)).collect::<PyResult<Vec<_>>>()?,
        };
        PyList::new(py, found)
    })
}
