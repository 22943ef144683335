//! Consistent hashing: `join_monotone`, `leave_minimal` and `new_node_share` (Lc.v) on the engine.

use evenly_core::{
    Admin, Key, Nanos, Outcome, Rng, Settings, Spec, StrategySpec, Tried, Value, hash64,
};

use crate::common::{balancer, balancer_of, keys, nodes, owner, owners, plain, weighted};

/// The definition: argmin of the clockwise distance over all points (the reference document's lacks the wrap-around).
fn by_definition(specs: &[Spec], virtual_nodes: u64, seed: u64, key: &[u8]) -> String {
    let place = hash64(seed, key);
    specs
        .iter()
        .flat_map(|spec| {
            let own = hash64(seed, spec.id.as_bytes());
            (0..virtual_nodes * u64::from(spec.weight)).map(move |point| {
                (hash64(own, &point.to_le_bytes()).wrapping_sub(place), spec.id.to_string())
            })
        })
        .min()
        .unwrap()
        .1
}

#[test]
fn a_key_goes_to_the_next_point_clockwise_and_past_the_end_to_the_first() {
    for (virtual_nodes, weights) in
        [(1, vec![1, 1]), (1, vec![1; 7]), (3, vec![1, 2, 5]), (160, vec![1, 3])]
    {
        let spec =
            StrategySpec::named("consistent_hash").with("virtual_nodes", Value::Int(virtual_nodes));
        for hash_seed in [0, 99] {
            let settings = Settings { hash_seed, ..plain() };
            let balancer = balancer_of(&spec, weighted(&weights), settings);
            let mut wrapped = 0;
            for key in keys(400) {
                let want =
                    by_definition(&weighted(&weights), virtual_nodes as u64, hash_seed, &key);
                assert_eq!(owner(&balancer, &key), want);
                wrapped += usize::from(hash64(hash_seed, &key) > u64::MAX / 4 * 3);
            }
            assert!(wrapped > 50, "the last quarter of the circle was not tried");
        }
    }
}

#[test]
fn a_joining_node_takes_keys_only_to_itself() {
    for size in [1, 2, 5, 10] {
        let balancer = balancer("consistent_hash", nodes(size));
        let before = owners(&balancer, 3_000);
        balancer.add(Spec::new("new"), Nanos::ZERO).unwrap();
        for (before, after) in before.iter().zip(owners(&balancer, 3_000)) {
            assert!(after == *before || after == "new", "{before} gave a key to {after}");
        }
    }
}

#[test]
fn a_leaving_node_gives_up_only_its_own_keys() {
    for size in [2, 3, 6, 11] {
        let balancer = balancer("consistent_hash", nodes(size));
        let before = owners(&balancer, 3_000);
        balancer.remove("n1", Nanos::ZERO).unwrap();
        for (before, after) in before.iter().zip(owners(&balancer, 3_000)) {
            assert!(after == *before || before == "n1", "{before}'s key went to {after}");
        }
    }
}

#[test]
fn a_heavier_weight_takes_keys_only_to_that_node() {
    let balancer = balancer("consistent_hash", weighted(&[1, 1, 1]));
    let before = owners(&balancer, 3_000);
    balancer.update("n2", Some(3), None, Nanos::ZERO).unwrap();
    for (before, after) in before.iter().zip(owners(&balancer, 3_000)) {
        assert!(after == *before || after == "n2");
    }
}

/// With v points a node the share that moves is Beta(v, k v), plus the sampling of the keys.
#[test]
fn a_join_moves_one_of_k_plus_one_keys_on_average() {
    let count = 20_000;
    for (size, hash_seed) in [(1, 1), (4, 2), (10, 3), (10, 4)] {
        let balancer = balancer_of(
            &StrategySpec::named("consistent_hash"),
            nodes(size),
            Settings { hash_seed, ..plain() },
        );
        let before = owners(&balancer, count);
        balancer.add(Spec::new("new"), Nanos::ZERO).unwrap();
        let moved = before.iter().zip(owners(&balancer, count)).filter(|(a, b)| *a != b).count();
        let (k, v) = (size as f64, 160.0);
        let mean = 1.0 / (k + 1.0);
        let variance = mean * (1.0 - mean) * (1.0 / (v * (k + 1.0) + 1.0) + 1.0 / count as f64);
        let share = moved as f64 / count as f64;
        assert!((share - mean).abs() < 5.0 * variance.sqrt(), "{size} nodes: {share}, not {mean}");
    }
}

#[test]
fn the_order_of_the_list_makes_no_difference() {
    let mut specs = weighted(&[1, 2, 3, 4, 5]);
    let before = owners(&balancer("consistent_hash", specs.clone()), 2_000);
    specs.reverse();
    assert_eq!(before, owners(&balancer("consistent_hash", specs), 2_000));
}

/// A node that cannot be lent is skipped in each key's own order: nothing else moves, and its keys come back.
#[test]
fn keys_come_back_to_a_node_that_was_out() {
    let balancer = balancer("consistent_hash", nodes(5));
    let before = owners(&balancer, 2_000);
    balancer.administer("n3", Admin::Down, Nanos::ZERO).unwrap();
    let without = owners(&balancer, 2_000);
    for (before, without) in before.iter().zip(&without) {
        assert!(before == without || before == "n3");
    }
    balancer.administer("n3", Admin::Serve, Nanos::ZERO).unwrap();
    assert_eq!(before, owners(&balancer, 2_000));
    // Being out and having left are the same to the others' keys.
    balancer.remove("n3", Nanos::ZERO).unwrap();
    assert_eq!(without, owners(&balancer, 2_000));
}

#[test]
fn a_full_node_lends_its_keys_to_the_next_in_their_own_order() {
    let balancer = balancer(
        "consistent_hash",
        vec![Spec::new("n0").capacity(1), Spec::new("n1"), Spec::new("n2")],
    );
    let key = keys(1_000).find(|key| owner(&balancer, key) == "n0").unwrap();
    let mut rng = Rng::seeded(2);
    let full = balancer.pick(Key::Bytes(&key), &Tried::default(), Nanos::ZERO, &mut rng).unwrap();
    let next = owner(&balancer, &key);
    assert_ne!(next, "n0");
    assert_eq!(next, owner(&balancer, &key));
    full.leave(Outcome::Success, Nanos::ZERO);
    assert_eq!(owner(&balancer, &key), "n0");
}

/// The first is XXH3's own published test vector; the rest must never change, or all keys move at an upgrade.
#[test]
fn hashes_and_owners_are_the_same_in_every_process_and_release() {
    assert_eq!(hash64(0, b""), 0x2d06_8005_38d3_94c2);
    assert_eq!(hash64(0, b"user-42"), GOLDEN_HASHES[0]);
    assert_eq!(hash64(7, b"user-42"), GOLDEN_HASHES[1]);
    assert_eq!(hash64(0, "ключ".as_bytes()), GOLDEN_HASHES[2]);
    let balancer = balancer("consistent_hash", weighted(&[1, 1, 2, 1, 1]));
    assert_eq!(owners(&balancer, 12), GOLDEN_OWNERS);
}

const GOLDEN_HASHES: [u64; 3] =
    [0x50fe_4b21_cf7b_09cd, 0x2032_82d4_40c2_c780, 0x9a13_7c08_c1e5_5ede];
const GOLDEN_OWNERS: [&str; 12] =
    ["n2", "n2", "n1", "n2", "n2", "n2", "n3", "n0", "n0", "n2", "n3", "n1"];

/// Section 4.3 of the reference document, under its own name: the same key finds the same node.
#[test]
fn test_consistent_hash() {
    let balancer = balancer("consistent_hash", nodes(3));
    for key in keys(100) {
        let first = owner(&balancer, &key);
        assert!((0..10).all(|_| owner(&balancer, &key) == first));
    }
}
