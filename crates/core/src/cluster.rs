//! A cluster is an immutable snapshot of who is in it, with the tables its strategy prepared from that.

use std::sync::Arc;

use crate::health::Admin;
use crate::pick::{Strategy, StrategySpec};
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
    /// What the administrator wants of it; `None`: what he wanted before, and of a new node that it serves.
    pub admin: Option<Admin>,
}

/// The largest weight: 16 bits, so that no sum of weights and no lag overflows. A ring refuses sums far below it.
pub const MAX_WEIGHT: u32 = 65_535;

impl Spec {
    /// A node of weight 1 without a capacity, named by its address.
    pub fn new(address: &str) -> Self {
        Self { id: address.into(), address: address.into(), weight: 1, capacity: None, admin: None }
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

    /// The same with a word of the administrator.
    #[must_use]
    pub fn admin(self, admin: Admin) -> Self {
        Self { admin: Some(admin), ..self }
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
    /// What the strategy was built from; `None` for one that somebody brought along.
    pub described: Option<StrategySpec>,
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
