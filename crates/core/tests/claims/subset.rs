//! Deterministic subsetting: who keeps what, and how evenly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use evenly_core::{Balancer, Nanos, Rng, Settings, Spec, StrategySpec, SubsetSettings};

use crate::common::{nodes, pick, plain};

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|node| format!("n{node}")).collect()
}

fn hands(count: usize, size: usize, instances: usize, seed: u64) -> Vec<Vec<usize>> {
    let ids = ids(count);
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let hand = |instance| SubsetSettings { size, instance, instances }.kept(&ids, seed);
    (0..instances).map(hand).collect()
}

fn keeping(size: usize, instance: usize, instances: usize, count: usize) -> Arc<Balancer> {
    let subset = Some(SubsetSettings { size, instance, instances });
    let settings = Settings { subset, ..plain() };
    let spec = StrategySpec::named("round_robin");
    Balancer::new("test", nodes(count), &spec, settings, Nanos::ZERO, 7).unwrap()
}

fn members(balancer: &Arc<Balancer>) -> BTreeSet<String> {
    balancer.nodes(Nanos::ZERO).into_iter().map(|node| node.id.to_string()).collect()
}

/// Each lap deals every node once, and the last is cut somewhere: floor or ceiling of instances · size / nodes.
#[test]
fn any_two_nodes_are_kept_equally_often_or_one_of_them_once_more() {
    let mut rng = Rng::seeded(12);
    for _ in 0..300 {
        let count = 1 + rng.below(40);
        let (size, instances) = (1 + rng.below(count), 1 + rng.below(60));
        let mut kept = vec![0; count];
        for hand in hands(count, size, instances, rng.next_u64()) {
            assert_eq!(hand.iter().collect::<BTreeSet<_>>().len(), size, "a node twice in a hand");
            for node in hand {
                kept[node] += 1;
            }
        }
        let (low, high) = (size * instances / count, (size * instances).div_ceil(count));
        assert!(kept.iter().all(|kept| (low..=high).contains(kept)), "{count} {size} {instances}");
    }
}

/// The caller alone reckons its hand; nobody deals. From a period's start it is the same as from the very first.
#[test]
fn a_hand_does_not_depend_on_how_many_callers_come_after() {
    let few = hands(12, 5, 20, 3);
    assert_eq!(few[..], hands(12, 5, 100, 3)[..20]);
}

/// Otherwise callers of one group would lose all their nodes at once.
#[test]
fn laps_pair_different_nodes() {
    let hands = hands(20, 5, 40, 3);
    let unlike: BTreeSet<_> = hands.iter().collect();
    assert_eq!(unlike.len(), hands.len());
}

/// A joining node shifts the deals of lap r by r places, and each place is one node: what a hand loses is at most its lap
/// and one more at either end. Measured, the mean stays below that.
#[test]
fn a_joining_node_changes_little_in_the_first_laps() {
    for seed in 0..20 {
        let (before, after) = (hands(100, 10, 60, seed), hands(101, 10, 60, seed));
        for (caller, (before, after)) in before.iter().zip(&after).enumerate() {
            let lost = before.iter().filter(|node| !after.contains(node)).count();
            let lap = caller * 10 / 100;
            assert!(lost <= lap + 2, "caller {caller} of lap {lap} lost {lost}");
        }
    }
}

#[test]
fn only_the_nodes_of_the_subset_are_lent_and_all_of_them() {
    let balancer = keeping(3, 4, 10, 20);
    let kept = members(&balancer);
    let mut rng = Rng::seeded(1);
    let lent: BTreeSet<_> =
        (0..30).map(|_| pick(&balancer, Nanos::ZERO, &mut rng).id().to_string()).collect();
    assert_eq!((lent.len(), lent), (3, kept));
    assert_eq!(balancer.ids().len(), 20);
}

#[test]
fn all_callers_together_follow_a_change_and_keep_every_node() {
    let callers: Vec<_> = (0..10).map(|instance| keeping(4, instance, 10, 20)).collect();
    let counts = || {
        let mut counts = BTreeMap::new();
        for id in callers.iter().flat_map(members) {
            *counts.entry(id).or_insert(0) += 1;
        }
        counts
    };
    assert!(counts().len() == 20 && counts().values().all(|&count| count == 2));
    for caller in &callers {
        caller.remove("n7", Nanos::ZERO).unwrap();
        caller.add(Spec::new("new"), Nanos::ZERO).unwrap();
        caller.update("n3", Some(5), None, Nanos::ZERO).unwrap();
    }
    assert!(counts().len() == 20 && counts().values().all(|&count| count == 2));
    assert!(counts().contains_key("new") && !counts().contains_key("n7"));
}

#[test]
fn a_node_that_is_left_out_can_be_changed_but_not_administered_here() {
    let balancer = keeping(1, 0, 2, 3);
    let kept = members(&balancer);
    let out = ids(3).into_iter().find(|id| !kept.contains(id)).unwrap();
    let fault = balancer.find(&out).unwrap_err().to_string();
    assert!(fault.contains("leaves") && fault.contains("subset"), "{fault}");
    balancer.remove(&out, Nanos::ZERO).unwrap();
    assert_eq!(balancer.ids().len(), 2);
    assert!(balancer.remove(&out, Nanos::ZERO).is_err());
}

#[test]
fn numbers_that_cannot_be_are_refused_with_what_to_write() {
    let fault = |size, instance, instances| {
        SubsetSettings { size, instance, instances }.check().unwrap_err().to_string()
    };
    assert!(fault(0, 0, 1).contains("subset.size"));
    assert!(fault(1, 3, 3).contains("at most 2"));
}
