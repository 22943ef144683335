//! Random by weight.
//!
//! Does     draws a node with probability weight / sum of weights, independently of everything before.
//! Suits    many callers that share nothing, and comparisons: it is the baseline.
//! Fails    when load matters: n requests on n nodes put ln n / ln ln n on the fullest.
//! Costs    O(1), no allocation, one random number and one table entry (alias method, Vose 1991).
//! Promise  T picks give each node T·w/W within 5 standard deviations (theory 2.4.1, laws/random)

use super::options::{OptionEntry, Options};
use super::{DRAWS, Ground, Key, Strategy, View};
use crate::{Fault, Rng};

/// The alias table: for each column the chance to stay in it, and where to go otherwise.
#[derive(Debug)]
pub struct Random {
    columns: Vec<(f64, usize)>,
}

impl Random {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { columns: Vec::new() })
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let column = rng.below(self.columns.len());
        let (stay, alias) = self.columns[column];
        if rng.unit() < stay { column } else { alias }
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

fn alias_table(weights: &[f64]) -> Vec<(f64, usize)> {
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    let mut left: Vec<f64> = weights.iter().map(|weight| weight / mean).collect();
    let mut columns: Vec<(f64, usize)> = (0..left.len()).map(|own| (1.0, own)).collect();
    let (mut small, mut large): (Vec<_>, Vec<_>) =
        (0..left.len()).partition(|&index| left[index] < 1.0);
    while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
        columns[poor] = (left[poor], rich);
        left[rich] -= 1.0 - left[poor];
        if left[rich] < 1.0 {
            large.pop();
            small.push(rich);
        }
    }
    columns
}

impl Strategy for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let weights: Vec<_> =
            ground.members.iter().map(|member| f64::from(member.weight)).collect();
        Ok(Box::new(Self { columns: alias_table(&weights) }))
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        if self.columns.is_empty() {
            return None;
        }
        // A draw that cannot be lent is repeated: the rest keep their proportions. Twice the usual number of draws,
        // because here one draw is one node.
        (0..2 * DRAWS)
            .map(|_| self.draw(rng))
            .find(|&index| view.fit(index))
            .or_else(|| draw_among_fit(view, rng))
    }
}

#[cfg(test)]
mod tests {
    use super::alias_table;
    use crate::Rng;

    /// Each column has the same chance; what stays in it and what it sends on must add up to the weights.
    #[test]
    fn an_alias_table_gives_each_node_exactly_its_weights_share() {
        let mut rng = Rng::seeded(241);
        for nodes in 1..200 {
            let weights: Vec<f64> = (0..nodes).map(|_| (1 + rng.below(65_535)) as f64).collect();
            let mut shares = vec![0.0; nodes];
            for (own, (stay, alias)) in alias_table(&weights).into_iter().enumerate() {
                shares[own] += stay / nodes as f64;
                shares[alias] += (1.0 - stay) / nodes as f64;
            }
            let sum: f64 = weights.iter().sum();
            for (share, weight) in shares.iter().zip(&weights) {
                assert!((share - weight / sum).abs() < 1e-13, "{nodes} nodes: {share} {weight}");
            }
        }
    }
}
