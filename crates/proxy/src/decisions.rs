//! Some of the decisions that were made lately, each with the way that led to it.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use evenly_core::{Nanos, Trace};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::event::unix;

/// How many are kept: the last minute and a half of one busy worker.
const KEPT: usize = 1000;
/// Each worker keeps one of those that come within this time: ten a second cost nothing.
const APART: Nanos = Nanos::from_millis(100);

/// One request and where it went.
#[derive(Debug, Clone)]
pub struct Decision {
    /// When it was over.
    pub time: SystemTime,
    /// Where it came in.
    pub listener: Arc<str>,
    /// Where it went.
    pub cluster: Arc<str>,
    /// Whether it had a key: which one may be a secret.
    pub key: bool,
    /// The way of its last pick.
    pub trace: Trace,
    /// The node that answered, or was tried last.
    pub node: Option<Arc<str>>,
    /// Nodes tried.
    pub tries: u32,
    /// What the client got; 0 when it left before.
    pub status: u16,
    /// Why the proxy answered itself or gave up.
    pub reason: Option<Cow<'static, str>>,
    /// From its first byte to its last.
    pub took: Nanos,
}

/// The last decisions of all workers.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<VecDeque<Decision>>);

impl Decisions {
    /// Keeps another one, in place of the oldest when there are too many.
    pub fn keep(&self, decision: Decision) {
        let mut kept = self.0.lock();
        if kept.len() == KEPT {
            kept.pop_back();
        }
        kept.push_front(decision);
    }

    /// The newest `limit`, of one cluster or of all.
    pub fn json(&self, cluster: Option<&str>, limit: usize) -> Value {
        let kept = self.0.lock();
        let meant = kept.iter().filter(|it| cluster.is_none_or(|name| *it.cluster == *name));
        let newest: Vec<Decision> = meant.take(limit).cloned().collect();
        drop(kept);
        json!({"decisions": newest.iter().map(Decision::json).collect::<Vec<_>>()})
    }
}

impl Decision {
    fn json(&self) -> Value {
        json!({
            "time": unix(self.time),
            "cluster": *self.cluster,
            "listener": *self.listener,
            "key": self.key,
            "stage": self.trace.stage.name(),
            "proposals": proposals(&self.trace),
            "node": self.node.as_deref(),
            "tries": self.tries,
            "status": self.status,
            "reason": self.reason,
            "seconds": self.took.as_secs_f64(),
        })
    }
}

/// Whom the strategy proposed.
pub fn proposals(trace: &Trace) -> Value {
    let proposals = trace.proposals.iter();
    proposals
        .map(|it| json!({"id": *it.id, "refused": it.refused.map(evenly_core::Reason::name)}))
        .collect()
}

/// Says which requests of a worker are kept.
#[derive(Debug, Default)]
pub struct Sampler(Cell<Nanos>);

impl Sampler {
    /// Whether this one is.
    #[inline]
    pub fn wants(&self, now: Nanos) -> bool {
        let wants = now >= self.0.get();
        if wants {
            self.0.set(now.plus(APART));
        }
        wants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(cluster: &str, tries: u32) -> Decision {
        Decision {
            time: SystemTime::UNIX_EPOCH,
            listener: "web".into(),
            cluster: cluster.into(),
            key: false,
            trace: Trace::default(),
            node: None,
            tries,
            status: 200,
            reason: None,
            took: Nanos::ZERO,
        }
    }

    /// The ring forgets the oldest first and shows the newest first, of the cluster that is asked for.
    #[test]
    fn the_newest_thousand_are_kept() {
        let ring = Decisions::default();
        for tries in 0..1_500 {
            ring.keep(decision(if tries % 2 == 0 { "even" } else { "odd" }, tries));
        }
        let tries = |shown: &Value| -> Vec<u64> {
            let shown = shown["decisions"].as_array().expect("a list");
            shown.iter().map(|it| it["tries"].as_u64().expect("a number")).collect()
        };
        assert_eq!(tries(&ring.json(None, 5_000)), (500..1_500).rev().collect::<Vec<_>>());
        assert_eq!(tries(&ring.json(Some("even"), 3)), [1498, 1496, 1494]);
        assert!(tries(&ring.json(Some("none"), 3)).is_empty());
    }

    /// Ten a second, however many come.
    #[test]
    fn a_sampler_wants_one_in_a_tenth_of_a_second() {
        let sampler = Sampler::default();
        let wanted = (0..5_000).filter(|&ms| sampler.wants(Nanos::from_millis(ms))).count();
        assert_eq!(wanted, 50);
    }
}
