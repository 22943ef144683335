//! Which nodes a cluster will have, names included: a name that is new is looked up before the change, so that no
//! moment passes in which its cluster has nobody.

use std::time::Duration;

use evenly_core::{Balancer, Spec};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clusters;
use crate::config::Cluster;
use crate::resolve;
use crate::upkeep::Name;

/// How long a change waits for names. What is not resolved by then joins when it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// The nodes of one cluster, addresses in place of names: begun for all clusters first, so that they wait for names
/// together.
pub struct Members {
    /// Names that stay, with the nodes they stand for.
    stay: Vec<Name>,
    asked: JoinSet<Vec<Spec>>,
    found: Vec<Spec>,
}

impl Members {
    /// Asks for the names that are new.
    pub fn begin(given: &Cluster, old: Option<&Cluster>) -> Self {
        let known = old.map(clusters::names).unwrap_or_default();
        let same = |name: &Name| {
            known
                .iter()
                .any(|old| (&old.id, &old.host, old.port) == (&name.id, &name.host, name.port))
        };
        let (stay, new): (Vec<_>, Vec<_>) = clusters::names(given).into_iter().partition(same);
        let (mut asked, server) = (JoinSet::new(), given.resolver);
        for name in new {
            asked.spawn(async move {
                let found = timeout(PATIENCE, resolve::look_up(&name.host, server)).await;
                let found = found.ok().and_then(Result::ok);
                found.map(|found| name.specs(&found.addresses)).unwrap_or_default()
            });
        }
        Self { stay, asked, found: Vec::new() }
    }

    /// Waits for what was asked.
    pub async fn wait(&mut self) {
        while let Some(found) = self.asked.join_next().await {
            self.found.extend(found.unwrap_or_default());
        }
    }

    /// The nodes at this moment. What a name that stays stands for may be another thing in the next.
    pub fn specs(&self, given: &Cluster, balancer: &Balancer) -> Vec<Spec> {
        let mut specs = clusters::literal(given);
        for name in &self.stay {
            specs.extend(name.adopt(balancer).into_iter().map(|spec| name.like(spec)));
        }
        specs.extend(self.found.iter().cloned());
        specs
    }
}
