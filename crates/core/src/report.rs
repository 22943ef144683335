//! What people and metrics are told about a cluster.

use std::sync::Arc;

use crate::{Admin, CheckStatus, Nanos, Reason};

/// Why nothing was lent.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The name of it all.
    pub reason: Reason,
    /// The cluster's name.
    pub cluster: Arc<str>,
    /// How many nodes were out for which reason.
    pub counts: Counts,
    /// When the first ejected node is tried again, as seen from the moment of the refusal.
    pub again_in: Option<Nanos>,
}

/// Nodes by why they could not be lent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All nodes.
    pub nodes: usize,
    /// Ejected, or being tried with a single request.
    pub ejected: usize,
    /// Failing the active check.
    pub failing: usize,
    /// Not checked yet although they must be.
    pub unchecked: usize,
    /// Draining.
    pub draining: usize,
    /// Taken down.
    pub down: usize,
    /// At capacity.
    pub full: usize,
    /// Tried before for this request.
    pub tried: usize,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Counts { nodes, ejected, failing, unchecked, draining, down, full, tried } =
            self.counts;
        write!(f, "cluster {:?} has no node to lend ({}): ", &*self.cluster, self.reason)?;
        if nodes == 0 {
            return f.write_str("it has no nodes; add one");
        }
        let parts: Vec<String> = [
            (full, "at capacity"),
            (ejected, "ejected by the breaker"),
            (failing, "failing the check"),
            (unchecked, "not checked yet"),
            (draining, "draining"),
            (down, "taken down"),
            (tried, "already tried"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        write!(
            f,
            "of {nodes}, {}",
            if parts.is_empty() { "none came free".into() } else { parts.join(", ") }
        )?;
        if let Some(wait) = self.again_in {
            write!(f, "; the first breaker tries again in {:.1} s", wait.as_secs_f64())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// One node, as it stands.
#[derive(Clone, Debug)]
pub struct NodeReport {
    /// Stable name.
    pub id: Arc<str>,
    /// Where it listens.
    pub address: Arc<str>,
    /// Its share beside the others.
    pub weight: u32,
    /// Most loans at a time.
    pub capacity: Option<u32>,
    /// Loans that are out.
    pub in_flight: u32,
    /// In flight / capacity; `None` without a capacity.
    pub utilisation: Option<f64>,
    /// Average latency of successes in seconds.
    pub latency: Option<f64>,
    /// The load the node told.
    pub reported: Option<f64>,
    /// Loans ever made.
    pub picks: u64,
    /// Loans that ended well or without a verdict.
    pub completed: u64,
    /// Those of `completed` that ended without a verdict.
    pub cancelled: u64,
    /// Loans that ended in the node's failure.
    pub failures: u64,
    /// What the active check says.
    pub health: CheckStatus,
    /// What the administrator wants.
    pub admin: Admin,
    /// Whether the node takes requests.
    pub serving: bool,
    /// Why not, or how.
    pub reason: Reason,
    /// When the last check ended.
    pub last_check: Option<Nanos>,
    /// What the last check said when it failed.
    pub last_error: Option<String>,
}
