//! What several themes need.

use std::collections::BTreeMap;
use std::sync::Arc;

use evenly_core::{
    Balancer, Key, Loan, Nanos, Outcome, Reason, Rng, Settings, Spec, StrategySpec, Tried,
    strategies,
};

/// Settings under which nothing but the strategy decides: no ejection and no slow start.
pub fn plain() -> Settings {
    Settings { ejection: None, slow_start: Nanos::ZERO, ..Settings::default() }
}

/// `count` nodes of weight 1, named `n0`, `n1`, …
pub fn nodes(count: usize) -> Vec<Spec> {
    weighted(&vec![1; count])
}

/// Nodes of these weights, named `n0`, `n1`, …
pub fn weighted(weights: &[u32]) -> Vec<Spec> {
    let spec = |(index, &weight)| Spec::new(&format!("n{index}")).weight(weight);
    weights.iter().enumerate().map(spec).collect()
}

/// A balancer at time zero with [`plain`] settings.
pub fn balancer(strategy: &str, nodes: Vec<Spec>) -> Arc<Balancer> {
    balancer_of(&StrategySpec::named(strategy), nodes, plain())
}

/// A balancer at time zero.
pub fn balancer_of(strategy: &StrategySpec, nodes: Vec<Spec>, settings: Settings) -> Arc<Balancer> {
    Balancer::new("test", nodes, strategy, settings, Nanos::ZERO, 7).unwrap()
}

/// Every registered strategy, and those with a choice of loads once for each.
pub fn all_strategies() -> Vec<StrategySpec> {
    let mut all = Vec::new();
    for entry in strategies() {
        let plain = StrategySpec::named(entry.name);
        match entry.options.iter().find(|option| option.name == "load") {
            None => all.push(plain),
            Some(load) => all.extend(load.choices.iter().map(|choice| {
                plain.clone().with("load", evenly_core::Value::Text((*choice).to_owned()))
            })),
        }
    }
    all
}

/// A loan, with nothing tried before and without a key.
pub fn pick(balancer: &Arc<Balancer>, now: Nanos, rng: &mut Rng) -> Loan {
    balancer.pick(Key::None, &Tried::default(), now, rng).unwrap()
}

/// The node that a key is lent.
pub fn owner(balancer: &Arc<Balancer>, key: &[u8]) -> String {
    let loan = balancer
        .pick(Key::Bytes(key), &Tried::default(), Nanos::ZERO, &mut Rng::seeded(1))
        .unwrap();
    let id = loan.id().to_string();
    loan.leave(Outcome::Success, Nanos::ZERO);
    id
}

/// Keys as a program has them.
pub fn keys(count: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(|number| format!("user-{number}").into_bytes())
}

/// The nodes of the first `count` keys.
pub fn owners(balancer: &Arc<Balancer>, count: usize) -> Vec<String> {
    keys(count).map(|key| owner(balancer, &key)).collect()
}

/// The number in a node's name.
pub fn number(id: &str) -> usize {
    id.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap()
}

/// Picks and gives back at once `times` times; says how often each node came.
pub fn shares(balancer: &Arc<Balancer>, times: usize, rng: &mut Rng) -> BTreeMap<usize, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..times {
        let loan = pick(balancer, Nanos::ZERO, rng);
        *shares.entry(number(loan.id())).or_default() += 1;
        loan.leave(Outcome::Success, Nanos::ZERO);
    }
    shares
}

/// Whether a count of `trials` independent draws with probability `p` is within five standard deviations: a
/// false alarm in 1.7 million.
pub fn within_five_sigma(count: usize, trials: usize, p: f64) -> bool {
    let (mean, variance) = (trials as f64 * p, trials as f64 * p * (1.0 - p));
    (count as f64 - mean).abs() <= 5.0 * variance.sqrt() + 1.0
}

/// A failure as a node's 503.
pub const FAILED: Outcome = Outcome::failed(Reason::NodeStatus);

/// 1 + 1/2 + … + 1/k.
pub fn harmonic(k: usize) -> f64 {
    (1..=k).map(|j| 1.0 / j as f64).sum()
}
