//! Draws by weight in constant time (alias method, Vose 1991).

use crate::{Member, Rng};

/// For each column the chance to stay in it, and where to go otherwise.
#[derive(Clone, Debug)]
pub struct Alias {
    columns: Vec<(f64, usize)>,
}

impl Alias {
    /// A table by the members' weights.
    pub fn new(members: &[Member]) -> Self {
        let weights: Vec<_> = members.iter().map(|member| f64::from(member.weight)).collect();
        Self { columns: table(&weights) }
    }

    /// The same, unless all weights are equal: then any index is as likely, and no table is needed.
    pub fn unless_equal(members: &[Member]) -> Option<Self> {
        let equal = members.windows(2).all(|pair| pair[0].weight == pair[1].weight);
        (!equal).then(|| Self::new(members))
    }

    /// Whether there is nobody to draw.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// An index with probability weight / sum of weights.
    #[inline]
    pub fn draw(&self, rng: &mut Rng) -> usize {
        let column = rng.below(self.columns.len());
        let (stay, alias) = self.columns[column];
        if rng.unit() < stay { column } else { alias }
    }
}

fn table(weights: &[f64]) -> Vec<(f64, usize)> {
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

#[cfg(test)]
mod tests {
    use super::table;
    use crate::Rng;

    /// Each column has the same chance; what stays in it and what it sends on must add up to the weights.
    #[test]
    fn an_alias_table_gives_each_node_exactly_its_weights_share() {
        let mut rng = Rng::seeded(241);
        for nodes in 1..200 {
            let weights: Vec<f64> = (0..nodes).map(|_| (1 + rng.below(65_535)) as f64).collect();
            let mut shares = vec![0.0; nodes];
            for (own, (stay, alias)) in table(&weights).into_iter().enumerate() {
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
