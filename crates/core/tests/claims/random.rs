//! Random by weight: each node within five standard deviations of its share.

use evenly_core::{Admin, Nanos, Rng};

use crate::common::{balancer, shares, weighted, within_five_sigma};

const PICKS: usize = 100_000;

fn shares_follow(weights: &[u32], out: &[usize], seed: u64) {
    let balancer = balancer("random", weighted(weights));
    for node in out {
        balancer.administer(&format!("n{node}"), Admin::Down, Nanos::ZERO).unwrap();
    }
    let shares = shares(&balancer, PICKS, &mut Rng::seeded(seed));
    let fit = |node: &usize| !out.contains(node);
    let total: u32 = (0..weights.len()).filter(fit).map(|node| weights[node]).sum();
    for node in (0..weights.len()).filter(fit) {
        let count = shares.get(&node).copied().unwrap_or(0);
        let share = f64::from(weights[node]) / f64::from(total);
        assert!(within_five_sigma(count, PICKS, share), "n{node} of {weights:?}: {count}");
    }
    assert_eq!(shares.values().sum::<usize>(), PICKS);
    assert!(out.iter().all(|node| !shares.contains_key(node)));
}

#[test]
fn each_node_gets_its_weights_share() {
    shares_follow(&[1, 1, 1, 1], &[], 31);
    shares_follow(&[5, 1, 1], &[], 32);
    shares_follow(&[1, 2, 3, 50, 400], &[], 33);
    shares_follow(&[65_535, 65_535, 1], &[], 34);
}

#[test]
fn the_rest_keep_their_proportions_when_some_are_out() {
    shares_follow(&[1, 2, 3, 4], &[1], 35);
    shares_follow(&[1, 2, 3, 4, 5, 6], &[0, 2, 4], 36);
}

/// Drawing again rarely finds the others then, and a scan from a random start would favour the dead node's successor.
#[test]
fn the_rest_keep_their_proportions_when_nearly_all_the_weight_is_out() {
    shares_follow(&[9_998, 1, 1], &[0], 37);
    shares_follow(&[1, 9_000, 3, 500], &[1, 3], 38);
}
