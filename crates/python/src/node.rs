//! Nodes as Python writes them and as Python sees them.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use evenly_core::{Nanos, NodeReport, Spec, State};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::shared::Shared;

/// `evenly.Node`, by its attributes.
#[derive(FromPyObject)]
pub struct Node {
    pub id: String,
    pub address: String,
    pub weight: u32,
    pub capacity: Option<u32>,
}

impl From<Node> for Spec {
    fn from(node: Node) -> Self {
        Self {
            id: node.id.into(),
            address: node.address.into(),
            weight: node.weight,
            capacity: node.capacity,
            admin: None,
        }
    }
}

/// `evenly.NodeView` of one node's report.
pub fn view<'py>(py: Python<'py>, report: &NodeReport, now: Nanos) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, "evenly.node", "NodeView")?.call1((
        &*report.id,
        &*report.address,
        report.weight,
        report.capacity,
        report.in_flight,
        report.utilisation,
        report.latency,
        report.picks,
        report.failures,
        report.health.name(),
        report.reason.name(),
        report.last_check.map(|at| wall(at, now)),
    ))
}

/// The node with this state as it stands now, whether or not it is still a member.
pub fn of<'py>(
    py: Python<'py>,
    shared: &Arc<Shared>,
    state: &State,
) -> PyResult<Bound<'py, PyAny>> {
    let now = shared.now();
    let report = shared.core.nodes(now).into_iter().find(|report| report.id == *state.id());
    match report {
        Some(report) => view(py, &report, now),
        None => Ok(py.None().into_bound(py)),
    }
}

/// A moment of the engine's clock as `time.time()` tells it.
fn wall(at: Nanos, now: Nanos) -> f64 {
    let today =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    today - now.since(at).as_secs_f64()
}
