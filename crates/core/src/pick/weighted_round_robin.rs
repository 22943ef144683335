//! Smooth weighted round robin.
//!
//! Does     gives each node its weight's share, spread out: 5:1:1 is a a b a c a a, never five in a row.
//! Suits    nodes of known, different size and requests of equal cost.
//! Fails    when the weights are wrong: it looks at nothing else. Turns that fell to a node while it was out are not
//!          made up.
//! Costs    O(1) and one atomic addition while the nodes stand and their weights are equal or their sum / gcd is at
//!          most 4,096; otherwise, and after a change in the middle of a period, O(n) in a short critical section.
//! Promise  while the fit nodes stand, each is on every prefix between 1 − 1/k ahead of its share and H_k − 1 behind
//!          it, also while weights change; exact after each period (theory 2.4.1, laws/weighted_round_robin)

use super::options::{OptionEntry, Options};
use super::turns::{Rule, Turns};
use super::{Ground, Key, Strategy, View};
use crate::{Fault, Rng};

/// See the file's head.
#[derive(Debug)]
pub struct WeightedRoundRobin {
    turns: Option<Turns<Smooth>>,
}

/// Whoever is furthest behind.
#[derive(Clone, Debug, Default)]
struct Smooth;

impl Rule for Smooth {
    fn choose(&mut self, lag: &[i64], weights: &[i64], _unit: i64) -> usize {
        furthest_behind(lag, weights)
    }

    fn scores(&self, lag: &[i64], weights: &[i64], unit: i64) -> Vec<Option<f64>> {
        let score =
            |(&lag, &weight): (&i64, &i64)| (weight > 0).then(|| -(lag as f64) / unit as f64);
        lag.iter().zip(weights).map(score).collect()
    }
}

/// The first of those that are furthest behind; somebody has a positive weight.
pub fn furthest_behind(lag: &[i64], weights: &[i64]) -> usize {
    let mut best = (0, i64::MIN);
    for (index, (&lag, &weight)) in lag.iter().zip(weights).enumerate() {
        if weight > 0 && lag > best.1 {
            best = (index, lag);
        }
    }
    best.0
}

impl WeightedRoundRobin {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { turns: None })
    }
}

impl Strategy for WeightedRoundRobin {
    fn name(&self) -> &'static str {
        "weighted_round_robin"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        Ok(Box::new(Self { turns: Some(Turns::prepare(self.turns.as_ref(), ground)) }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(Self { turns: Some(self.turns.as_ref()?.twin()) }))
    }

    /// How far each is ahead of its share with this turn, in requests: who is furthest behind comes first.
    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        self.turns.as_ref().map(|turns| turns.scores(view)).unwrap_or_default()
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, _rng: &mut Rng) -> Option<usize> {
        self.turns.as_ref()?.next(view)
    }
}
