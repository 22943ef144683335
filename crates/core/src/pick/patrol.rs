//! Tries again what has been left alone. Who learns from answers learns nothing of a node that it never picks.

use super::{Ground, View};
use crate::sync::{AtomicU64, Relaxed};
use crate::{Nanos, Rng};

/// How long a node may go without a pick before it is tried again: one pick per node per second, not a percentage,
/// which would cost the fast nodes 6–25 % of their throughput beside a slow one.
pub const EXPLORE_AFTER: Nanos = Nanos::from_secs(1);

/// Walks over the nodes, one a pick, looking for one that has been left alone.
#[derive(Debug)]
pub struct Patrol {
    turn: AtomicU64,
    /// Only looks: whoever it finds is left to the others.
    looks: bool,
}

impl Default for Patrol {
    fn default() -> Self {
        Self { turn: AtomicU64::new(0), looks: false }
    }
}

impl Patrol {
    /// A walk that begins anywhere: balancers that all began at the first node would meet there.
    pub fn new(ground: &Ground<'_>) -> Self {
        let turn = AtomicU64::new(Rng::seeded(ground.seed).next_u64() >> 32);
        Self { turn, looks: false }
    }

    /// One that goes the same way and claims nobody.
    pub fn twin(&self) -> Self {
        Self { turn: AtomicU64::new(self.turn.load(Relaxed)), looks: true }
    }

    /// A node that nobody has picked for a while and where nobody waits.
    #[expect(
        clippy::inline_always,
        reason = "looked at in every pick of the default: 2 % of its instructions"
    )]
    #[inline(always)]
    pub fn neglected(&self, view: &View<'_>) -> Option<usize> {
        // Load and store instead of an addition: two workers that look at the same node do no harm.
        let turn = self.turn.load(Relaxed);
        self.turn.store(turn.wrapping_add(1), Relaxed);
        let index = (turn % view.len() as u64) as usize;
        let state = &view.members()[index].state;
        let last = state.recent.last();
        (view.now().since(last) >= EXPLORE_AFTER
            && state.places.both().1 == 0
            && view.fit(index)
            && (self.looks || state.recent.claim(last, view.now())))
        .then_some(index)
    }
}
