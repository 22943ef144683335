//! Which nodes a cluster will have, names included: a name that is new is looked up before the change, so that no
//! moment passes in which its cluster has nobody.

use std::sync::Arc;
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

/// The nodes, addresses in place of names.
pub struct Members(Vec<Spec>);

impl Members {
    /// Finds them. Names that stay keep the nodes they stand for.
    pub async fn find(given: &Cluster, old: Option<&Cluster>, balancer: &Arc<Balancer>) -> Self {
        let known = old.map(clusters::names).unwrap_or_default();
        let same = |name: &Name| {
            known
                .iter()
                .any(|old| (&old.id, &old.host, old.port) == (&name.id, &name.host, name.port))
        };
        let mut specs = clusters::literal(given);
        let mut asked = JoinSet::new();
        for name in clusters::names(given) {
            if same(&name) {
                specs.extend(name.adopt(balancer).into_iter().map(|spec| name.like(spec)));
            } else {
                let server = given.resolver;
                asked.spawn(async move {
                    let found = timeout(PATIENCE, resolve::look_up(&name.host, server)).await;
                    let found = found.ok().and_then(Result::ok);
                    found.map(|found| name.specs(&found.addresses)).unwrap_or_default()
                });
            }
        }
        while let Some(found) = asked.join_next().await {
            specs.extend(found.unwrap_or_default());
        }
        Self(specs)
    }

    /// The nodes.
    pub fn specs(&self) -> &[Spec] {
        &self.0
    }

    /// The nodes, given away.
    pub fn into_specs(self) -> Vec<Spec> {
        self.0
    }
}
