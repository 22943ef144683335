//! Earliest deadline among those that are due.
//!
//! Does     gives each node its weight's share. A node may have its next pick only when that puts it ahead of its
//!          share by less than a request, and must have it before it is a whole one behind; of those that may, the one
//!          that must soonest is lent.
//! Suits    nodes of known, different size and requests of equal cost, where bursts hurt: one node of weight 100
//!          beside a hundred of weight 1 has every other pick, never two of them in a row more than it must.
//! Fails    when the weights are wrong: it looks at nothing else. Turns that fell to a node while it was out are not
//!          made up.
//! Costs    O(1) and one atomic addition while the nodes stand and their weights are equal or their sum / gcd is at
//!          most 4,096; otherwise, and after a change in the middle of a period, O(n log n) in a critical section.
//! Promise  while weights and fit nodes stand, each of k nodes is on every prefix within 1 − 1/(2k − 2) of its share
//!          (Tijdeman 1980), and no rule does better; while they change, at most H_k − 1 behind it, and 0.31 more after
//!          a time in which they stood (theory E.2, laws/deadline)

use super::options::{OptionEntry, Options};
use super::turns::{FINE, Rule, Turns, level};
use super::weighted_round_robin::furthest_behind;
use super::{Ground, Key, Strategy, View};
use crate::{Fault, Rng};

/// See the file's head.
#[derive(Debug)]
pub struct Deadline {
    turns: Option<Turns<Due>>,
}

/// How much more than smooth weighted round robin's own may be owed to the nodes of any set, for each of them.
/// Whatever stands within Tijdeman's bound stands within this: the j nodes furthest behind are owed at most
/// min(j, k − j) requests, and smooth allows them j (H_k − H_j); the difference for each is most at j = k/2, where it
/// nears 1 − ln 2 = 0.307. Held by `what_stood_is_within_the_slack`.
pub const SLACK: f64 = 0.31;

/// The rule. While the weights stand, Tijdeman's. When they change, nobody knows the deadlines to come, and the best
/// that can be kept is smooth weighted round robin's H_k − 1: for that the nodes of any set S must not be owed more
/// than |S| (H_k − H_|S|) together. No rule does both: with weights 1, 27, 243 and 243, each order that keeps
/// everybody within one request of its share owes some set more than that on its way. So the rule takes the earliest
/// deadline as long as that leaves the sets within their bounds, and whoever is furthest behind, which always does,
/// when it would not.
#[derive(Clone, Debug, Default)]
struct Due {
    /// By how much sets may pass their bounds, in requests for each of their nodes; nothing while the weights stand.
    slack: Option<f64>,
    /// H_k − H_j for j from 1.
    tails: Vec<f64>,
    sorted: Vec<i64>,
}

impl Due {
    /// The node whose next pick is due first, of those that may have it.
    fn first_due(lag: &[i64], weights: &[i64], unit: i64) -> Option<usize> {
        let parts = Self::parts(weights);
        let mut best: Option<(usize, i128, i128)> = None;
        for (index, (&lag, &weight)) in lag.iter().zip(weights).enumerate() {
            let Some(left) = Self::left(lag, weight, parts, unit) else { continue };
            let weight = i128::from(weight);
            if best.is_none_or(|(_, least, other)| left * other < least * weight) {
                best = Some((index, left, weight));
            }
        }
        best.map(|(index, ..)| index)
    }

    /// Requests are counted in 1 / (2k − 2) for k nodes. A single node is always due.
    fn parts(weights: &[i64]) -> i128 {
        let count = weights.iter().filter(|&&weight| weight > 0).count();
        (2 * count as i128 - 2).max(1)
    }

    /// Until it is 1 − 1/(2k − 2) behind: (left / weight) steps, compared crosswise. Nothing while it may not be picked.
    fn left(lag: i64, weight: i64, parts: i128, unit: i64) -> Option<i128> {
        let (behind, unit) = (i128::from(lag) * parts, i128::from(unit));
        (weight > 0 && behind >= unit).then(|| (parts - 1) * unit - behind)
    }

    /// By how much, for each of its nodes, some set is owed more than its bound.
    fn excess(&mut self, lag: impl Iterator<Item = i64>, unit: i64) -> f64 {
        self.sorted.clear();
        self.sorted.extend(lag);
        self.sorted.sort_unstable_by(|a, b| b.cmp(a));
        let count = self.sorted.len();
        if self.tails.len() != count {
            self.tails = vec![0.0; count];
            for j in (1..count).rev() {
                self.tails[j - 1] = self.tails[j] + 1.0 / (j + 1) as f64;
            }
        }
        let (mut owed, mut most) = (0.0, 0.0_f64);
        for (before, (&lag, tail)) in self.sorted.iter().zip(&self.tails).enumerate() {
            // The sum of many great lags may leave 64 bits.
            owed += lag as f64;
            most = most.max(owed / unit as f64 / (before + 1) as f64 - tail);
        }
        most
    }
}

impl Rule for Due {
    fn choose(&mut self, lag: &[i64], weights: &[i64], unit: i64) -> usize {
        let due = Self::first_due(lag, weights, unit);
        let Some(slack) = self.slack else {
            return due.unwrap_or_else(|| furthest_behind(lag, weights));
        };
        let behind = furthest_behind(lag, weights);
        let Some(due) = due.filter(|&due| due != behind) else { return behind };
        let after = |(index, &lag): (usize, &i64)| lag - if index == due { unit } else { 0 };
        let excess = self.excess(lag.iter().enumerate().map(after), unit);
        if excess > slack {
            return behind;
        }
        self.slack = Some(excess);
        due
    }

    fn scores(&self, lag: &[i64], weights: &[i64], unit: i64) -> Vec<Option<f64>> {
        let parts = Self::parts(weights);
        let steps = |(&lag, &weight): (&i64, &i64)| {
            let left = Self::left(lag, weight, parts, unit)?;
            // Each step brings a node `weight` × FINE nearer, and requests are counted in parts.
            Some(left as f64 / (parts as f64 * FINE as f64 * weight as f64))
        };
        lag.iter().zip(weights).map(steps).collect()
    }

    /// What nodes that were out, or have left, are owed beyond the bounds is forgiven: all lags shrink alike.
    fn varied(&mut self, lag: &mut Vec<i64>, unit: i64) {
        let mut excess = self.excess(lag.iter().copied(), unit);
        if excess > SLACK {
            let mut keep = 1.0_f64;
            let mut owed = 0.0;
            for (before, (&lag, tail)) in self.sorted.iter().zip(&self.tails).enumerate() {
                owed += lag as f64;
                if owed > 0.0 {
                    let most = (before + 1) as f64 * (tail + SLACK) * unit as f64;
                    keep = keep.min(most / owed);
                }
            }
            for lag in &mut *lag {
                *lag = (*lag as f64 * keep) as i64;
            }
            level(lag);
            excess = SLACK;
        }
        self.slack = Some(excess);
    }
}

impl Deadline {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { turns: None })
    }
}

impl Strategy for Deadline {
    fn name(&self) -> &'static str {
        "deadline"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        Ok(Box::new(Self { turns: Some(Turns::prepare(self.turns.as_ref(), ground)) }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(Self { turns: Some(self.turns.as_ref()?.twin()) }))
    }

    /// In how many turns each must have had its next pick; nothing for one that may not have it yet.
    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        self.turns.as_ref().map(|turns| turns.scores(view)).unwrap_or_default()
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, _rng: &mut Rng) -> Option<usize> {
        self.turns.as_ref()?.next(view)
    }
}
