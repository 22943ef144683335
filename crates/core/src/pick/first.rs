//! First that has room.
//!
//! Does     lends the first node of the list that has room, and the next only when all before it are full or out.
//! Suits    saving machines: the last of the list stand idle and may be switched off. With a first node without a
//!          capacity, a main node and its stand-ins.
//! Fails    without capacities: the first node takes everything, as it never is full.
//! Costs    O(1) while the first node has room, O(m) when m are full.
//! Promise  while all are fit, m nodes are in use only if at some moment more requests were in flight than the first
//!          m − 1 have places: no policy does with fewer in this order (theory E.10, laws/first)

use super::options::{OptionEntry, Options};
use super::{Ground, Key, Strategy, View};
use crate::{Fault, Rng};

/// See the file's head.
#[derive(Debug)]
pub struct First;

impl First {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self)
    }
}

impl Strategy for First {
    fn name(&self) -> &'static str {
        "first"
    }

    fn prepare(&self, _ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        Ok(Box::new(Self))
    }

    /// The place in the list.
    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        view.each(|index| index as f64)
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, _rng: &mut Rng) -> Option<usize> {
        (0..view.len()).find(|&index| view.fit(index))
    }
}
