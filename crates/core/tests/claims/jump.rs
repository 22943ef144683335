//! Jump consistent hashing: `join_monotone` at the end of the list, exact shares, the paper's own arithmetic.

use evenly_core::{Nanos, Rng, Spec, pick};

use crate::common::{balancer, nodes, owners, shares, weighted, within_five_sigma};

/// The paper's figure 1, word by word, with its signed numbers.
fn by_the_paper(mut key: u64, buckets: i32) -> u64 {
    let (mut b, mut j) = (-1_i64, 0_i64);
    while j < i64::from(buckets) {
        b = j;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        j = ((b + 1) as f64 * ((1_i64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
    }
    b.unsigned_abs()
}

#[test]
fn buckets_are_those_of_the_paper() {
    let mut rng = Rng::seeded(4);
    for buckets in [1, 2, 3, 10, 1000, 100_000] {
        for _ in 0..2_000 {
            let key = rng.next_u64();
            assert_eq!(pick::jump(key, buckets), by_the_paper(key, buckets as i32));
        }
    }
    // Values that other implementations publish in their tests.
    assert_eq!([pick::jump(1, 1), pick::jump(256, 1024), pick::jump(42, 57)], [0, 520, 43]);
}

#[test]
fn a_node_added_at_the_end_takes_keys_only_to_itself() {
    for weights in [vec![1], vec![1; 6], vec![3, 1, 2]] {
        let balancer = balancer("jump", weighted(&weights));
        let before = owners(&balancer, 3_000);
        balancer.add(Spec::new("new").weight(2), Nanos::ZERO).unwrap();
        let with = owners(&balancer, 3_000);
        assert!(before.iter().zip(&with).all(|(before, with)| with == before || with == "new"));
        balancer.remove("new", Nanos::ZERO).unwrap();
        assert_eq!(before, owners(&balancer, 3_000));
    }
}

/// Not a promise but its limit: the key's buckets shift behind a node that leaves from the middle.
#[test]
fn a_node_that_leaves_from_the_middle_moves_others_keys_too() {
    let balancer = balancer("jump", nodes(5));
    let before = owners(&balancer, 3_000);
    balancer.remove("n1", Nanos::ZERO).unwrap();
    let after = owners(&balancer, 3_000);
    assert!(before.iter().zip(&after).any(|(a, b)| a != b && a != "n1"));
}

#[test]
fn shares_are_exactly_those_of_the_weights_with_a_key_and_without() {
    let balancer = balancer("jump", weighted(&[1, 2, 5]));
    let lent = owners(&balancer, 40_000);
    let drawn = shares(&balancer, 40_000, &mut Rng::seeded(5));
    for (index, weight) in [1, 2, 5].into_iter().enumerate() {
        let p = f64::from(weight) / 8.0;
        let count = lent.iter().filter(|id| **id == format!("n{index}")).count();
        assert!(within_five_sigma(count, 40_000, p), "{count}");
        assert!(within_five_sigma(drawn[&index], 40_000, p), "{drawn:?}");
    }
}
