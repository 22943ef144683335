//! Round robin.
//!
//! Does     takes the nodes in turn; a node that cannot be lent is stepped over and the cursor moves on with it.
//! Suits    equal nodes and requests of equal cost.
//! Fails    when nodes differ in speed: the slowest sets the pace, and its queue grows without bound.
//! Costs    O(1), no lock, one atomic addition; one more for each unfit node stepped over.
//! Promise  in every window of picks over fixed fit nodes, shares differ by at most 1 (theory 2.1.1, laws/round_robin)

use std::sync::Arc;

use super::options::{OptionEntry, Options};
use super::{Ground, Key, Strategy, View};
use crate::sync::{AtomicU64, Relaxed};
use crate::{Fault, Rng};

/// The cursor is shared with the tables of later snapshots, so a change of membership does not restart the round.
#[derive(Debug)]
pub struct RoundRobin {
    cursor: Option<Arc<AtomicU64>>,
}

impl RoundRobin {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { cursor: None })
    }
}

impl Strategy for RoundRobin {
    fn name(&self) -> &'static str {
        "round_robin"
    }

    /// A round begins anywhere: balancers that all began at the first node would meet there.
    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let start = || Arc::new(AtomicU64::new(Rng::seeded(ground.seed).next_u64() >> 32));
        Ok(Box::new(Self { cursor: Some(self.cursor.clone().unwrap_or_else(start)) }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        let cursor = self.cursor.as_ref()?;
        let cursor = Some(Arc::new(AtomicU64::new(cursor.load(Relaxed))));
        Some(Box::new(Self { cursor }))
    }

    /// How many turns away each is.
    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        let (len, Some(cursor)) = (view.len(), &self.cursor) else { return Vec::new() };
        let next = (cursor.load(Relaxed) % len.max(1) as u64) as usize;
        view.each(|index| ((index + len - next) % len) as f64)
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, _rng: &mut Rng) -> Option<usize> {
        let cursor = self.cursor.as_ref()?;
        let len = view.len() as u64;
        (0..len)
            .map(|_| (cursor.fetch_add(1, Relaxed) % len) as usize)
            .find(|&index| view.fit(index))
    }
}
