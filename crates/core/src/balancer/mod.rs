//! The balancer: a cluster's snapshot, what outlives it, and the three verbs.

mod explain;
mod membership;
mod observe;
mod owners;
mod pick;
mod reconfigure;
mod tick;

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

pub use owners::Owners;
pub use tick::{Act, Event};

use crate::budget::Budget;
use crate::cluster::{Cluster, Member};
use crate::load::Scale;
use crate::queue::Queue;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Relaxed};
use crate::{Nanos, NodeReport, Rng, Settings};
use reconfigure::Knobs;

/// Shared by all threads of a process: balance is global, not per worker.
#[derive(Debug)]
pub struct Balancer {
    name: Arc<str>,
    cluster: ArcSwap<Cluster>,
    settings: ArcSwap<Settings>,
    knobs: Knobs,
    budget: Budget,
    queue: Queue,
    /// Median latency of the nodes in nanoseconds, as the bits of a float; 0 before the first sample.
    typical_latency: AtomicU64,
    typical_report: AtomicU64,
    /// What the failure ratio of the whole cluster is at most, as certain as [`CERTAIN`](crate::health::CERTAIN): the bits of a float.
    /// 1 before anything is known, so that the first failure of all does not look unusual.
    usual_failures: AtomicU64,
    reads_clock: AtomicBool,
    tracks: AtomicBool,
    /// Changes with each fork: a loan of another epoch is not ours to give back.
    epoch: AtomicU32,
    /// Chance and pending news of the slow paths, and the lock under which ejections are counted.
    desk: Mutex<Desk>,
    /// Held while the membership, the settings or the administrator's word change.
    editing: Mutex<()>,
}

#[derive(Debug)]
struct Desk {
    rng: Rng,
    acts: Vec<Act>,
}

impl Balancer {
    /// The cluster's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// The snapshot as it stands.
    pub fn cluster(&self) -> Arc<Cluster> {
        self.cluster.load_full()
    }

    /// Whether picks and latencies need a precise clock; otherwise a coarse one (10 ms) will do.
    pub fn reads_clock(&self) -> bool {
        self.reads_clock.load(Relaxed)
    }

    /// How many are waiting for a place.
    pub fn waiting(&self) -> usize {
        self.queue.length()
    }

    fn scale(&self, now: Nanos) -> Scale {
        let latency = f64::from_bits(self.typical_latency.load(Relaxed));
        Scale {
            now,
            decay: self.knobs.decay(),
            // Before the first sample all nodes are alike, and any number will do but 0.
            typical_latency: if latency > 0.0 { latency } else { 1e6 },
            typical_report: f64::from_bits(self.typical_report.load(Relaxed)),
        }
    }

    /// Tells a strategy that keeps an index.
    fn changed(&self, state: &crate::State) {
        if self.tracks.load(Relaxed) {
            let cluster = self.cluster.load();
            let index = state.index.load(Relaxed) as usize;
            if cluster
                .members
                .get(index)
                .is_some_and(|member| std::ptr::eq(&raw const *member.state, state))
            {
                cluster.strategy.changed(&cluster.members, index);
            }
        }
    }

    /// All nodes as they stand, in the order they were given.
    pub fn nodes(&self, now: Nanos) -> Vec<NodeReport> {
        self.cluster.load().members.iter().map(|member| self.report_on(member, now)).collect()
    }

    fn report_on(&self, member: &Member, now: Nanos) -> NodeReport {
        let state = &member.state;
        let facts = state.facts.lock();
        let standing = facts.standing();
        let (in_flight, capacity) =
            (state.in_flight(), (member.capacity > 0).then_some(member.capacity));
        let starting = standing == crate::Standing::Serving
            && state.ramp(now, self.knobs.slow_start()).is_some();
        NodeReport {
            id: state.id().clone(),
            address: state.address().clone(),
            weight: member.weight,
            capacity,
            in_flight,
            utilisation: capacity.map(|capacity| f64::from(in_flight) / f64::from(capacity)),
            latency: state.mean.read().map(|nanos| nanos / 1e9),
            reported: state.reported(),
            picks: state.picks(),
            completed: state.completed.load(Relaxed),
            cancelled: state.cancelled.load(Relaxed),
            failures: state.failed.load(Relaxed),
            health: facts.check.status,
            admin: facts.admin,
            serving: matches!(standing, crate::Standing::Serving | crate::Standing::HalfOpen),
            reason: if starting { crate::Reason::SlowStart } else { standing.reason() },
            last_check: facts.check.last,
            last_error: facts.check.note.clone(),
        }
    }

    /// Least load / greatest load, each per unit of weight (definition 1.3.2, corrected); 1 when idle or empty.
    pub fn balance_ratio(&self) -> f64 {
        let loads = self.relative_loads();
        let most = loads.iter().copied().fold(0.0, f64::max);
        if most > 0.0 { loads.iter().copied().fold(f64::INFINITY, f64::min) / most } else { 1.0 }
    }

    /// Greatest load per unit of weight / load of all per unit of weight: 1 when even, idle or empty.
    pub fn peak_to_mean(&self) -> f64 {
        let cluster = self.cluster.load();
        let (mut load, mut weight, mut peak) = (0.0, 0.0, 0.0_f64);
        for member in &cluster.members {
            let (mine, size) = (f64::from(member.state.in_flight()), f64::from(member.weight));
            load += mine;
            weight += size;
            peak = peak.max(mine / size);
        }
        if peak > 0.0 { peak * weight / load } else { 1.0 }
    }

    /// Jain's fairness index of the loads per unit of weight: 1 when all are equal, 1/k when one has all; 1 when idle.
    pub fn jain_index(&self) -> f64 {
        let loads = self.relative_loads();
        let (sum, squares) = loads
            .iter()
            .fold((0.0, 0.0), |(sum, squares), load| (sum + load, squares + load * load));
        if squares > 0.0 { sum * sum / (loads.len() as f64 * squares) } else { 1.0 }
    }

    fn relative_loads(&self) -> Vec<f64> {
        let cluster = self.cluster.load();
        cluster
            .members
            .iter()
            .map(|member| f64::from(member.state.in_flight()) / f64::from(member.weight))
            .collect()
    }

    /// In a forked child: the parent's loans, waiters and checks are not ours.
    pub fn forked(&self) {
        self.epoch.fetch_add(1, Relaxed);
        self.queue.clear();
        let cluster = self.cluster.load();
        for (index, member) in cluster.members.iter().enumerate() {
            member.state.forget_loans();
            member.state.amend(|facts| facts.check.forget());
            cluster.strategy.changed(&cluster.members, index);
        }
    }
}
