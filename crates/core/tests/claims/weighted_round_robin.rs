//! Smooth weighted round robin: `swrr_lag` and `swrr_lead` (Swrr.v) on the engine, with the same statement.

use std::sync::Arc;

use evenly_core::{Balancer, Nanos, Outcome, Rng, Spec};
use proptest::prelude::*;

use crate::common::{balancer, harmonic, number, pick, weighted};

fn next(balancer: &Arc<Balancer>) -> usize {
    let loan = pick(balancer, Nanos::ZERO, &mut Rng::seeded(1));
    let node = number(loan.id());
    loan.leave(Outcome::Success, Nanos::ZERO);
    node
}

/// How far each node is behind its share.
struct Lag(Vec<f64>);

impl Lag {
    /// One step; afterwards every node must be between 1 − 1/k ahead and H_k − 1 behind. Each change of weights may
    /// round every lag by a 2^-20th.
    fn step(&mut self, weights: &[u32], picked: usize, steps: usize) {
        let total: u32 = weights.iter().sum();
        let k = weights.len();
        let rounding = (steps as f64 + 1.0) / f64::from(1 << 20);
        for (node, lag) in self.0.iter_mut().enumerate() {
            *lag +=
                f64::from(weights[node]) / f64::from(total) - f64::from(u8::from(node == picked));
            assert!(*lag <= harmonic(k) - 1.0 + rounding, "{node} of {weights:?} is {lag} behind");
            assert!(
                *lag >= 1.0 / k as f64 - 1.0 - rounding,
                "{node} of {weights:?} is {lag} ahead"
            );
        }
    }
}

/// The rule as the textbook has it, for weights that stand.
fn textbook(weights: &[u32], length: usize) -> Vec<usize> {
    let total: i64 = weights.iter().map(|&weight| i64::from(weight)).sum();
    let mut current = vec![0_i64; weights.len()];
    (0..length)
        .map(|_| {
            let mut best = 0;
            for (node, &weight) in weights.iter().enumerate() {
                current[node] += i64::from(weight);
                if current[node] > current[best] {
                    best = node;
                }
            }
            current[best] -= total;
            best
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_every_prefix_nobody_is_further_ahead_or_behind_than_proved(
        weights in prop::collection::vec(1_u32..40, 1..9),
    ) {
        let balancer = balancer("weighted_round_robin", weighted(&weights));
        let mut lag = Lag(vec![0.0; weights.len()]);
        for step in 0..300 {
            lag.step(&weights, next(&balancer), step);
        }
    }

    #[test]
    fn the_same_holds_while_weights_change_at_every_step(
        start in prop::collection::vec(1_u32..40, 2..9),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![1_u32..5, 1_u32..1_000, Just(65_535)]), 300),
        quiet in 1_usize..5,
    ) {
        let mut weights = start;
        let balancer = balancer("weighted_round_robin", weighted(&weights));
        let mut lag = Lag(vec![0.0; weights.len()]);
        for (step, (who, weight)) in changes.iter().enumerate() {
            if step % quiet == 0 {
                let who = who.index(weights.len());
                weights[who] = *weight;
                balancer.update(&format!("n{who}"), Some(*weight), None, Nanos::ZERO).unwrap();
            }
            lag.step(&weights, next(&balancer), step);
        }
    }

    #[test]
    fn after_each_period_shares_are_exact(weights in prop::collection::vec(1_u32..60, 1..7), factor in 1_u32..4) {
        let weights: Vec<u32> = weights.iter().map(|weight| weight * factor).collect();
        let divisor = weights.iter().fold(0, |a, &b| { let (mut a, mut b) = (a, b); while b > 0 { (a, b) = (b, a % b); } a });
        let balancer = balancer("weighted_round_robin", weighted(&weights));
        for _ in 0..3 {
            let mut counts = vec![0; weights.len()];
            for _ in 0..weights.iter().sum::<u32>() / divisor {
                counts[next(&balancer)] += 1;
            }
            let want: Vec<u32> = weights.iter().map(|weight| weight / divisor).collect();
            prop_assert_eq!(counts, want);
        }
    }
}

#[test]
fn the_laid_out_period_and_the_live_rule_are_the_same_sequence() {
    let mut rng = Rng::seeded(21);
    for most in [4, 30, 700, 60_000] {
        for _ in 0..10 {
            let weights: Vec<u32> = (0..5).map(|_| 1 + rng.below(most) as u32).collect();
            let balancer = balancer("weighted_round_robin", weighted(&weights));
            let picks: Vec<usize> = (0..6_000).map(|_| next(&balancer)).collect();
            assert_eq!(picks, textbook(&weights, 6_000), "{weights:?}");
        }
    }
}

#[test]
fn five_to_one_to_one_is_spread_out() {
    let balancer = balancer("weighted_round_robin", weighted(&[5, 1, 1]));
    let picks: Vec<usize> = (0..7).map(|_| next(&balancer)).collect();
    assert_eq!(picks, [0, 0, 1, 0, 2, 0, 0]);
}

/// A node that leaves takes what it was owed along; what stays must not drift away from its shares over many changes.
#[test]
fn a_thousand_joins_and_leaves_do_not_bend_the_shares() {
    let balancer = balancer("weighted_round_robin", weighted(&[3, 2, 1]));
    let mut rng = Rng::seeded(22);
    for change in 0..1_000 {
        balancer.add(Spec::new("n3").weight(1 + rng.below(9) as u32), Nanos::ZERO).unwrap();
        for _ in 0..rng.below(7) {
            next(&balancer);
        }
        balancer.remove("n3", Nanos::ZERO).unwrap();
        for _ in 0..change % 3 {
            next(&balancer);
        }
    }
    let mut counts = [0_i32; 3];
    for _ in 0..600 {
        counts[next(&balancer)] += 1;
    }
    // Two prefixes, each at most 1 off: with k = 3 nodes a lag is between -2/3 and 5/6.
    for (count, want) in counts.iter().zip([300, 200, 100]) {
        assert!((count - want).abs() <= 2, "{counts:?}");
    }
}
