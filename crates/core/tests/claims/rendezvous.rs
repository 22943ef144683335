//! Rendezvous hashing: `join_monotone`, `leave_minimal` and `new_node_share` (Lc.v) on the engine, with weights.

use evenly_core::{Admin, Nanos, Settings, Spec, StrategySpec, hash64};

use crate::common::{
    balancer, balancer_of, keys, nodes, owner, owners, plain, shares, weighted, within_five_sigma,
};

/// The definition, with nothing skipped: argmax of −w / ln u over all nodes.
fn by_definition(specs: &[Spec], seed: u64, key: &[u8]) -> String {
    let place = hash64(seed, key).to_le_bytes();
    let score = |spec: &Spec| {
        let bits = hash64(hash64(seed, spec.id.as_bytes()), &place);
        f64::from(spec.weight) / -(((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64).ln()
    };
    let best = specs.iter().max_by(|a, b| score(a).total_cmp(&score(b)));
    best.unwrap().id.to_string()
}

#[test]
fn a_key_goes_to_the_node_with_the_greatest_weighted_score() {
    for weights in [vec![1], vec![1; 9], vec![1, 2, 5], vec![65_535, 1, 300, 4]] {
        for hash_seed in [0, 99] {
            let settings = Settings { hash_seed, ..plain() };
            let strategy = StrategySpec::named("rendezvous");
            let balancer = balancer_of(&strategy, weighted(&weights), settings);
            for key in keys(2_000) {
                let want = by_definition(&weighted(&weights), hash_seed, &key);
                assert_eq!(owner(&balancer, &key), want);
            }
        }
    }
}

#[test]
fn a_joining_node_takes_keys_only_to_itself_and_a_leaving_one_gives_up_only_its_own() {
    for weights in [vec![1], vec![1, 1], vec![3, 1, 2, 7], vec![1; 11]] {
        let balancer = balancer("rendezvous", weighted(&weights));
        let before = owners(&balancer, 3_000);
        balancer.add(Spec::new("new").weight(2), Nanos::ZERO).unwrap();
        let with = owners(&balancer, 3_000);
        assert!(before.iter().zip(&with).all(|(before, with)| with == before || with == "new"));
        balancer.remove("new", Nanos::ZERO).unwrap();
        assert_eq!(before, owners(&balancer, 3_000));
    }
}

#[test]
fn a_changed_weight_moves_keys_only_to_or_from_that_node() {
    let balancer = balancer("rendezvous", weighted(&[2, 2, 2]));
    let light = owners(&balancer, 3_000);
    balancer.update("n1", Some(3), None, Nanos::ZERO).unwrap();
    let heavy = owners(&balancer, 3_000);
    assert!(light.iter().zip(&heavy).all(|(light, heavy)| heavy == light || heavy == "n1"));
    assert_ne!(light, heavy);
}

/// Each key is a draw of its own, so the counts are binomial.
#[test]
fn shares_are_exactly_those_of_the_weights_with_a_key_and_without() {
    let balancer = balancer("rendezvous", weighted(&[1, 2, 5]));
    let lent = owners(&balancer, 40_000);
    let drawn = shares(&balancer, 40_000, &mut evenly_core::Rng::seeded(5));
    for (index, weight) in [1, 2, 5].into_iter().enumerate() {
        let p = f64::from(weight) / 8.0;
        let count = lent.iter().filter(|id| **id == format!("n{index}")).count();
        assert!(within_five_sigma(count, 40_000, p), "{count}");
        assert!(within_five_sigma(drawn[&index], 40_000, p), "{drawn:?}");
    }
}

#[test]
fn a_join_moves_exactly_one_of_k_plus_one_keys_on_average() {
    for size in [1, 4, 10] {
        let balancer = balancer("rendezvous", nodes(size));
        let before = owners(&balancer, 20_000);
        balancer.add(Spec::new("new"), Nanos::ZERO).unwrap();
        let moved = before.iter().zip(owners(&balancer, 20_000)).filter(|(a, b)| *a != b).count();
        assert!(within_five_sigma(moved, 20_000, 1.0 / (size as f64 + 1.0)), "{moved}");
    }
}

#[test]
fn the_order_of_the_list_makes_no_difference() {
    let mut specs = weighted(&[1, 2, 3, 4, 5]);
    let before = owners(&balancer("rendezvous", specs.clone()), 2_000);
    specs.reverse();
    assert_eq!(before, owners(&balancer("rendezvous", specs), 2_000));
}

#[test]
fn keys_come_back_to_a_node_that_was_out() {
    let balancer = balancer("rendezvous", nodes(5));
    let before = owners(&balancer, 2_000);
    balancer.administer("n3", Admin::Down, Nanos::ZERO).unwrap();
    let without = owners(&balancer, 2_000);
    assert!(before.iter().zip(&without).all(|(a, b)| a == b || a == "n3"));
    balancer.administer("n3", Admin::Serve, Nanos::ZERO).unwrap();
    assert_eq!(before, owners(&balancer, 2_000));
    // Being out and having left are the same to the others' keys.
    balancer.remove("n3", Nanos::ZERO).unwrap();
    assert_eq!(without, owners(&balancer, 2_000));
}

/// These must never change, or all keys move at an upgrade.
#[test]
fn owners_are_the_same_in_every_process_and_release() {
    let balancer = balancer("rendezvous", weighted(&[1, 1, 2, 1, 1]));
    assert_eq!(owners(&balancer, 12), GOLDEN);
}

const GOLDEN: [&str; 12] = ["n4", "n1", "n2", "n0", "n1", "n4", "n1", "n0", "n3", "n2", "n4", "n0"];
