//! The proxy as it stands, in JSON: what the control process asks for.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use evenly_core::{Nanos, NodeReport};
use serde_json::{Map, Value, json};

use crate::clock;
use crate::config::{Cluster, Listener};
use crate::edition::{LiveCluster, LiveListener};
use crate::event::unix;
use crate::meter::CLASS_NAMES;
use crate::shared::Shared;

/// The whole state.
pub fn json(shared: &Shared) -> Value {
    let edition = shared.edition();
    let clusters = edition.config.clusters.iter().zip(&edition.clusters);
    let listeners = edition.config.listeners.iter().zip(&edition.listeners);
    let workers = shared.connections.iter().map(|open| json!({"connections": open.load(Relaxed)}));
    json!({
        "edition": edition.number,
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "started": unix(shared.status.started),
        "draining": shared.status.is_draining(),
        "workers": workers.collect::<Vec<_>>(),
        "listeners": listeners.map(|(given, live)| listener(given, live)).collect::<Vec<_>>(),
        "clusters": clusters.map(|(given, live)| cluster(given, live)).collect::<Vec<_>>(),
    })
}

fn listener(given: &Listener, live: &LiveListener) -> Value {
    let open: u64 = live.meters.iter().map(|meter| meter.open()).sum();
    json!({"name": given.name, "address": given.address.to_string(), "to": given.to, "connections": open})
}

fn cluster(given: &Cluster, live: &LiveCluster) -> Value {
    let (now, balancer) = (clock::now(), &live.balancer);
    let mut requests = [0; CLASS_NAMES.len()];
    for meter in &live.meters {
        let counts = meter.answers.get();
        requests.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let requests: Map<_, _> = CLASS_NAMES
        .iter()
        .zip(requests)
        .map(|(class, count)| ((*class).to_owned(), count.into()))
        .collect();
    json!({
        "name": given.name,
        "strategy": given.strategy.name,
        "options": given.strategy.options,
        "requests": requests,
        "waiting": balancer.waiting(),
        "balance_ratio": balancer.balance_ratio(),
        "peak_to_mean": balancer.peak_to_mean(),
        "jain_index": balancer.jain_index(),
        "nodes": balancer.nodes(now).iter().map(|report| node(report, now)).collect::<Vec<_>>(),
    })
}

fn node(report: &NodeReport, now: Nanos) -> Value {
    json!({
        "id": *report.id,
        "address": *report.address,
        "weight": report.weight,
        "capacity": report.capacity,
        "in_flight": report.in_flight,
        "utilisation": report.utilisation,
        "latency": report.latency,
        "picks": report.picks,
        // The core counts those without a verdict among the completed; here each pick is in one place.
        "completed": report.completed - report.cancelled.min(report.completed),
        "cancelled": report.cancelled,
        "failures": report.failures,
        "health": report.health.name(),
        "admin": report.admin.name(),
        "serving": report.serving,
        "reason": report.reason.name(),
        "last_check": report.last_check.map(|at| wall(at, now)),
        "last_error": report.last_error,
    })
}

/// A moment of our monotonic clock on the calendar, in seconds since 1970.
fn wall(at: Nanos, now: Nanos) -> f64 {
    unix(SystemTime::now() - Duration::from_nanos(now.since(at).0))
}
