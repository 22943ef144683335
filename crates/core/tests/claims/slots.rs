//! Hash slots: Redis Cluster's own, and the ranges that redis-cli gives.

use evenly_core::{Key, Nanos, Rng, Spec, Tried, pick};

use crate::common::{balancer, nodes, number, owner, weighted};

/// The cluster specification's example, and `CLUSTER KEYSLOT` of some keys.
#[test]
fn a_keys_slot_is_that_of_the_specification() {
    assert_eq!(pick::slot(b"123456789"), 0x31c3);
    assert_eq!(pick::slot(b"foo"), 12_182);
    assert_eq!(pick::slot(b""), 0);
}

/// The specification's section on hash tags, case by case.
#[test]
fn only_what_stands_in_the_first_braces_counts() {
    let same = |a: &str, b: &str| assert_eq!(pick::slot(a.as_bytes()), pick::slot(b.as_bytes()));
    same("{user1000}.following", "{user1000}.followers");
    same("{user1000}.following", "user1000");
    same("foo{{bar}}zap", "{bar");
    same("foo{bar}{zap}", "bar");
    same("}a{b}", "b");
    // Empty braces and braces that do not close count for nothing: the whole key is hashed.
    assert_ne!(pick::slot(b"foo{}{bar}"), pick::slot(b"bar"));
    assert_ne!(pick::slot(b"{a"), pick::slot(b"a"));
    assert_ne!(pick::slot(b"foo{}{bar}"), pick::slot(b""));
}

/// The ranges as redis-cli prints them: `Master[0] -> Slots 0 - 5460` and so on.
#[test]
fn ranges_are_those_of_redis_cli() {
    let first_slots = |count: usize| {
        let balancer = balancer("slots", nodes(count));
        let mut firsts = vec![usize::MAX; count];
        for turn in 0..200_000_u32 {
            let key = turn.to_le_bytes();
            let own = &mut firsts[number(&owner(&balancer, &key))];
            *own = (*own).min(pick::slot(&key));
        }
        firsts
    };
    assert_eq!(first_slots(1), [0]);
    assert_eq!(first_slots(3), [0, 5461, 10_923]);
    assert_eq!(first_slots(6), [0, 2731, 5461, 8192, 10_923, 13_653]);
}

#[test]
fn a_heavier_node_has_as_many_more_slots() {
    let balancer = balancer("slots", weighted(&[1, 2, 5]));
    for turn in 0..20_000_u32 {
        let key = turn.to_le_bytes();
        let want = match pick::slot(&key) {
            ..2048 => "n0",
            2048..6144 => "n1",
            _ => "n2",
        };
        assert_eq!(owner(&balancer, &key), want);
    }
}

#[test]
fn more_nodes_than_slots_are_refused() {
    let balancer = balancer("slots", nodes(pick::SLOTS));
    let mut rng = Rng::seeded(1);
    assert!(balancer.pick(Key::Bytes(b"a"), &Tried::default(), Nanos::ZERO, &mut rng).is_ok());
    let fault = balancer.add(Spec::new("more"), Nanos::ZERO).unwrap_err().to_string();
    assert!(fault.contains("none of 16384 slots"), "{fault}");
}
