//! Where a key lives now, without lending anything.

use super::Balancer;
use crate::cluster::{Cluster, Member};
use crate::pick::View;
use crate::{Key, Nanos, Reason, Refusal, Rng, Tried};

/// Who owns which key, as the nodes stand at one moment.
#[derive(Debug)]
pub struct Owners<'a> {
    cluster: &'a Cluster,
    view: View<'a>,
}

impl Owners<'_> {
    /// The members that [`of`](Self::of) counts.
    pub fn members(&self) -> &[Member] {
        &self.cluster.members
    }

    /// The member that a pick with this key would be lent, by its index; nothing when no node is fit.
    #[inline]
    pub fn of(&self, key: Key<'_>) -> Option<usize> {
        // Whoever goes by keys draws nothing when there is one.
        self.cluster.strategy.pick(&self.view, key, &mut Rng::seeded(0))
    }
}

impl Balancer {
    /// Asks who owns which key: takes no place and counts no pick. Nothing when the strategy does not go by keys.
    pub fn owners<R>(&self, now: Nanos, ask: impl FnOnce(&Owners<'_>) -> R) -> Option<R> {
        let cluster = self.cluster.load();
        if !cluster.strategy.uses_key() {
            return None;
        }
        let tried = Tried::default();
        let view = View::new(&cluster.members, self.scale(now), &tried);
        Some(ask(&Owners { cluster: &cluster, view }))
    }

    /// Why no node is fit.
    pub fn why_none(&self, now: Nanos) -> Box<Refusal> {
        self.refusal(Reason::NoNode, &Tried::default(), now)
    }

    /// The name of the strategy in force.
    pub fn strategy_name(&self) -> String {
        self.cluster.load().strategy.name().to_owned()
    }
}
