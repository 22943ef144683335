//! Random by weight.
//!
//! Does     draws a node with probability weight / sum of weights, independently of everything before.
//! Suits    many callers that share nothing, and comparisons: it is the baseline.
//! Fails    when load matters: n requests on n nodes put ln n / ln ln n on the fullest.
//! Costs    O(1), no allocation, one random number and one table entry (alias method, Vose 1991).
//! Promise  T picks give each node T·w/W within 5 standard deviations (theory 2.4.1, laws/random)

use super::alias::Alias;
use super::options::{OptionEntry, Options};
use super::{DRAWS, Ground, Key, Strategy, View};
use crate::{Fault, Rng};

/// See the file's head.
#[derive(Debug)]
pub struct Random {
    table: Option<Alias>,
}

impl Random {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { table: None })
    }
}

/// A draw among those that are fit alone: when most of the weight is out, redrawing would not find them.
#[cold]
fn draw_among_fit(view: &View<'_>, rng: &mut Rng) -> Option<usize> {
    let weight = |index: usize| view.members()[index].weight as usize;
    let fit: Vec<usize> = (0..view.len()).filter(|&index| view.fit(index)).collect();
    let mut lot = rng.below(fit.iter().map(|&index| weight(index)).sum());
    fit.into_iter().find(|&index| {
        let found = lot < weight(index);
        lot = lot.wrapping_sub(weight(index));
        found
    })
}

impl Strategy for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        Ok(Box::new(Self { table: Some(Alias::new(ground.members)) }))
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let table = self.table.as_ref().filter(|table| !table.is_empty())?;
        // A draw that cannot be lent is repeated: the rest keep their proportions. Twice the usual number of draws,
        // because here one draw is one node.
        (0..2 * DRAWS)
            .map(|_| table.draw(rng))
            .find(|&index| view.fit(index))
            .or_else(|| draw_among_fit(view, rng))
    }
}
