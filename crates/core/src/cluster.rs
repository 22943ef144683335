//! A cluster is an immutable snapshot of who is in it, with the tables its strategy prepared from that.

use std::sync::Arc;

use crate::pick::Strategy;
use crate::state::State;
use crate::{Fault, Nanos};

/// What somebody says about a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Stable name; hashing goes by it.
    pub id: Arc<str>,
    /// Where it listens.
    pub address: Arc<str>,
    /// Its share beside the others, from 1.
    pub weight: u32,
    /// Most loans at a time; `None`: unlimited.
    pub capacity: Option<u32>,
}

/// The largest weight: 16 bits, so that no sum of weights and no lag overflows. A ring refuses sums far below it.
pub const MAX_WEIGHT: u32 = 65_535;

impl Spec {
    /// A node of weight 1 without a capacity, named by its address.
    pub fn new(address: &str) -> Self {
        Self { id: address.into(), address: address.into(), weight: 1, capacity: None }
    }

    /// The same with another name.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        Self { id: id.into(), ..self }
    }

    /// The same with another weight.
    #[must_use]
    pub fn weight(self, weight: u32) -> Self {
        Self { weight, ..self }
    }

    /// The same with a capacity.
    #[must_use]
    pub fn capacity(self, capacity: u32) -> Self {
        Self { capacity: Some(capacity), ..self }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.weight == 0 || self.weight > MAX_WEIGHT {
            return Err(Fault::new(format!(
                "node {:?}: weight {} is not allowed: write a whole number from 1 to {MAX_WEIGHT}, or drain the node",
                self.id, self.weight
            )));
        }
        if self.capacity == Some(0) {
            return Err(Fault::new(format!(
                "node {:?}: capacity 0 is not allowed: write a whole number from 1, or leave it out for no limit",
                self.id
            )));
        }
        Ok(())
    }
}

/// One node of a snapshot.
#[derive(Clone, Debug)]
pub struct Member {
    /// What lives longer than the snapshot.
    pub state: Arc<State>,
    /// Its share beside the others.
    pub weight: u32,
    /// Most loans at a time; 0: unlimited.
    pub capacity: u32,
    /// When this node came into the cluster.
    pub joined: Nanos,
}

/// The snapshot.
#[derive(Debug)]
pub struct Cluster {
    /// The nodes in the order they were given.
    pub members: Vec<Member>,
    /// All nodes, when only a subset of them are members.
    pub listed: Option<Vec<Spec>>,
    /// The strategy with its tables for these members.
    pub strategy: Box<dyn Strategy>,
}

/// Refuses what no snapshot can be made of.
pub fn check_specs(specs: &[Spec]) -> Result<(), Fault> {
    let mut seen = std::collections::HashSet::new();
    for spec in specs {
        spec.check()?;
        if !seen.insert(&spec.id) {
            return Err(Fault::new(format!(
                "node {:?} is listed twice: list it once with a higher weight, or give one of the two another id",
                spec.id
            )));
        }
    }
    Ok(())
}
