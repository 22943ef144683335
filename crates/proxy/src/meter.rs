//! What a worker counts while it relays.
//!
//! Each worker has a meter of its own for every listener and cluster: cells that only it writes, so counting is a load
//! and a store without a lock prefix or a shared cache line. A scrape reads all workers' meters and adds them up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use evenly_core::{Nanos, Reason};
use parking_lot::Mutex;

/// A count with one writing thread and any number of reading ones.
#[derive(Debug, Default)]
pub struct Cell(AtomicU64);

impl Cell {
    /// Adds; called by the owning thread only, as a second writer's additions could be lost.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// What has been counted so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Upper bounds of the latency buckets in nanoseconds; what is slower falls into a last, unbounded one. From half a
/// millisecond (a node on the same machine) to the 30 s after which a response head is given up.
pub const BOUNDS: [u64; 15] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// A latency distribution.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Cell; BOUNDS.len() + 1],
    nanos: Cell,
}

impl Histogram {
    /// Counts one latency.
    pub fn observe(&self, latency: Nanos) {
        self.buckets[BOUNDS.partition_point(|&bound| bound < latency.0)].add(1);
        self.nanos.add(latency.0);
    }

    /// Adds this distribution to a sum over shards: counts per bucket, then nanoseconds.
    pub fn add_to(&self, counts: &mut [u64; BOUNDS.len() + 1], nanos: &mut u64) {
        for (sum, cell) in counts.iter_mut().zip(&self.buckets) {
            *sum += cell.get();
        }
        *nanos += self.nanos.get();
    }
}

/// Answers by hundreds of their status: index 1 to 5, 0 for none (the client left, or the node never answered).
#[derive(Debug, Default)]
pub struct Classes([Cell; 6]);

/// The label of each index of [`Classes`].
pub const CLASS_NAMES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

impl Classes {
    /// Counts an answer; 0 stands for none.
    pub fn count(&self, status: u16) {
        let class = usize::from(status / 100);
        self.0[if class < 6 { class } else { 0 }].add(1);
    }

    /// The counts so far, in the order of [`CLASS_NAMES`].
    pub fn get(&self) -> [u64; 6] {
        std::array::from_fn(|class| self.0[class].get())
    }
}

/// Refusals by the name of their reason; rare beside requests, so a short lock is fine.
#[derive(Debug, Default)]
pub struct Named(Mutex<BTreeMap<String, u64>>);

impl Named {
    /// Counts one refusal: `at_capacity`, or with its rule `bad_request:obs_fold`.
    pub fn count(&self, reason: Reason, rule: Option<&str>) {
        let mut counts = self.0.lock();
        let plain = reason.name();
        match rule {
            Some(rule) => *counts.entry(format!("{plain}:{rule}")).or_default() += 1,
            None => match counts.get_mut(plain) {
                Some(count) => *count += 1,
                None => drop(counts.insert(plain.to_owned(), 1)),
            },
        }
    }

    /// Adds these counts to a sum over shards.
    pub fn add_to(&self, sum: &mut BTreeMap<String, u64>) {
        for (name, count) in self.0.lock().iter() {
            *sum.entry(name.clone()).or_default() += count;
        }
    }
}

/// What one worker has seen of one listener.
#[derive(Debug, Default)]
pub struct ListenerMeter {
    /// Connections taken over from the accept loop.
    pub opened: Cell,
    /// Connections that have ended.
    pub closed: Cell,
    /// Requests answered by the proxy itself before a cluster was chosen (bad framing, a slow head).
    pub refused: Named,
    /// Requests accepted only because a framing rule is relaxed.
    pub relaxed: Named,
}

impl ListenerMeter {
    /// Connections that are open.
    pub fn open(&self) -> u64 {
        self.opened.get().saturating_sub(self.closed.get())
    }
}

/// What one worker has seen of one node.
#[derive(Debug, Default)]
pub struct NodeMeter {
    /// Tries sent to it, by the class of its answer.
    pub answers: Classes,
    /// From the try's start to the response head.
    pub latency: Histogram,
    /// Bytes sent to it.
    pub sent: Cell,
    /// Bytes received from it.
    pub received: Cell,
    /// Connections made to it.
    pub connected: Cell,
}

/// What one worker has seen of one cluster.
#[derive(Debug, Default)]
pub struct ClusterMeter {
    /// Requests finished, by the class of the answer that the client got.
    pub answers: Classes,
    /// From the request head to the response head, retries and waiting included.
    pub latency: Histogram,
    /// Further tries made.
    pub retries: Cell,
    /// Picks of an unhealthy node for want of a healthy one.
    pub panics: Cell,
    /// Requests that the proxy answered itself, by reason.
    pub refused: Named,
    /// Bytes read from clients.
    pub received: Cell,
    /// Bytes written to clients.
    pub sent: Cell,
    nodes: Mutex<HashMap<Arc<str>, Arc<NodeMeter>>>,
}

impl ClusterMeter {
    /// The meter of a node: looked up once per pooled connection or pool entry and kept, not per request.
    pub fn node(&self, id: &Arc<str>) -> Arc<NodeMeter> {
        Arc::clone(self.nodes.lock().entry(Arc::clone(id)).or_default())
    }

    /// The meter of a node that has been counted for.
    pub fn seen(&self, id: &str) -> Option<Arc<NodeMeter>> {
        self.nodes.lock().get(id).cloned()
    }

    /// Every node seen so far.
    pub fn nodes(&self) -> Vec<(Arc<str>, Arc<NodeMeter>)> {
        self.nodes.lock().iter().map(|(id, meter)| (Arc::clone(id), Arc::clone(meter))).collect()
    }

    /// Forgets nodes that have left and that nobody counts for any more, so that names whose addresses change all
    /// day do not grow the page.
    pub fn prune(&self, stays: impl Fn(&str) -> bool) {
        self.nodes.lock().retain(|id, meter| Arc::strong_count(meter) > 1 || stays(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bucket holds what is at most its bound, as Prometheus reads `le`.
    #[test]
    fn a_latency_on_a_bound_falls_below_it() {
        let histogram = Histogram::default();
        for nanos in [500_000, 500_001, 31_000_000_000] {
            histogram.observe(Nanos(nanos));
        }
        let (mut counts, mut nanos) = ([0; BOUNDS.len() + 1], 0);
        histogram.add_to(&mut counts, &mut nanos);
        assert_eq!((counts[0], counts[1], counts[BOUNDS.len()]), (1, 1, 1));
        assert_eq!(nanos, 31_001_000_001);
    }

    /// A status outside 1xx to 5xx is counted as none instead of being lost.
    #[test]
    fn every_status_has_a_class() {
        let classes = Classes::default();
        for status in [0, 101, 200, 304, 404, 503, 999] {
            classes.count(status);
        }
        assert_eq!(classes.get(), [2, 1, 1, 1, 1, 1]);
    }

    /// Who left is forgotten once nobody counts for it; who is still counted for stays.
    #[test]
    fn nodes_that_left_are_forgotten_when_unused() {
        let cluster = ClusterMeter::default();
        let held = cluster.node(&Arc::from("held"));
        drop(cluster.node(&Arc::from("gone")));
        drop(cluster.node(&Arc::from("member")));
        cluster.prune(|id| id == "member");
        let mut left: Vec<_> = cluster.nodes().into_iter().map(|(id, _)| id.to_string()).collect();
        left.sort();
        assert_eq!(left, ["held", "member"]);
        drop(held);
    }
}
