//! Why a pick goes where it goes. That an explanation is right and changes nothing is held for every strategy by the
//! random traces of `ledger`.

use std::sync::Arc;

use evenly_core::{
    Admin, Balancer, Explanation, Key, Loan, Nanos, Outcome, Reason, Rng, Settings, Spec, Stage,
    StrategySpec, Tried, Value,
};
use proptest::prelude::*;

use crate::common::{FAILED, all_strategies, balancer, balancer_of, keys, nodes, weighted};

const NOW: Nanos = Nanos::from_secs(50);

fn explain(balancer: &Arc<Balancer>, key: Key<'_>, seed: u64) -> Explanation {
    balancer.explain(key, &Tried::default(), NOW, &mut Rng::seeded(seed))
}

/// One old node and six that have just come: a pick is kept from each of those nine times out of ten.
fn starting() -> Arc<Balancer> {
    let balancer = balancer_of(&StrategySpec::named("first"), nodes(1), Settings::default());
    (1..7).for_each(|index| balancer.add(Spec::new(&format!("n{index}")), NOW).unwrap());
    balancer.remove("n0", NOW).unwrap();
    balancer.add(Spec::new("n0"), NOW).unwrap();
    balancer
}

#[test]
fn the_first_proposal_is_normal_and_says_what_was_compared() {
    let balancer = balancer("least_connections", weighted(&[1, 2, 4]));
    let out: Vec<_> =
        (0..4).map(|_| crate::common::pick(&balancer, NOW, &mut Rng::seeded(1))).collect();
    let told = explain(&balancer, Key::None, 1);
    let scores: Vec<_> = told.candidates.iter().map(|node| node.score.unwrap()).collect();
    let expected: Vec<_> = balancer
        .cluster()
        .members
        .iter()
        .map(|member| f64::from(member.state.in_flight() + 1) / f64::from(member.weight))
        .collect();
    assert_eq!((told.trace.stage, scores), (Stage::Normal, expected));
    let said = told.to_string();
    assert!(
        said.contains("least_connections proposed it") && said.contains("the least of 3"),
        "{said}"
    );
    assert_eq!((told.reason(), told.trace.proposals.len()), (None, 1));
    drop(out);
}

#[test]
fn a_node_that_starts_slowly_is_passed_over_by_lot_and_the_next_proposal_is_a_redraw() {
    let balancer = starting();
    let told = (0..200).map(|seed| explain(&balancer, Key::None, seed));
    let told: Vec<_> = told.filter(|told| told.trace.stage == Stage::Redraw).collect();
    assert!(!told.is_empty());
    for told in told {
        let (last, refused) = told.trace.proposals.split_last().unwrap();
        assert_eq!((&last.id, last.refused), (told.pick.as_ref().unwrap(), None));
        assert!(refused.iter().all(|one| one.refused == Some(Reason::SlowStart)));
        assert!(told.to_string().contains("(slow_start) in vain, and then it"), "{told}");
    }
}

#[test]
fn four_proposals_in_vain_are_followed_by_a_scan_that_takes_whoever_is_well() {
    let balancer = starting();
    let told = (0..200).map(|seed| explain(&balancer, Key::None, seed));
    let told: Vec<_> = told.filter(|told| told.trace.stage == Stage::Scan).collect();
    assert!(!told.is_empty());
    for told in told {
        assert_eq!(told.trace.proposals.len(), 4);
        assert!(told.trace.proposals.iter().all(|one| one.refused == Some(Reason::SlowStart)));
        assert!(told.pick.is_ok() && told.reason().is_none());
        assert!(told.to_string().contains("tried in turn"), "{told}");
    }
}

#[test]
fn in_panic_the_sick_node_and_its_sickness_are_named() {
    let settings = Settings { slow_start: Nanos::ZERO, ..Settings::default() };
    let balancer = balancer_of(&StrategySpec::named("random"), nodes(2), settings);
    let mut tried = Tried::default();
    tried.push(balancer.find("n1").unwrap());
    for _ in 0..5 {
        balancer.pick(Key::None, &tried, NOW, &mut Rng::seeded(1)).unwrap().leave(FAILED, NOW);
    }
    balancer.administer("n1", Admin::Drain, NOW).unwrap();
    let told = explain(&balancer, Key::None, 1);
    assert_eq!((told.trace.stage, told.reason()), (Stage::Panic, Some(Reason::Panic)));
    assert_eq!(&**told.pick.as_ref().unwrap(), "n0");
    let reasons: Vec<_> = told.candidates.iter().map(|node| node.excluded).collect();
    assert_eq!(reasons, [Some(Reason::BreakerOpen), Some(Reason::Draining)]);
    assert!(
        told.to_string().contains("\"n0\" is lent although it is out (breaker_open)"),
        "{told}"
    );
}

#[test]
fn a_refusal_is_explained_by_what_is_wrong_with_everybody() {
    let balancer = balancer(
        "round_robin",
        vec![Spec::new("full").capacity(1), Spec::new("away"), Spec::new("tried")],
    );
    let mut tried = Tried::default();
    tried.push(balancer.find("tried").unwrap());
    balancer.administer("away", Admin::Down, NOW).unwrap();
    let out = balancer.pick(Key::None, &tried, NOW, &mut Rng::seeded(1)).unwrap();
    let told = balancer.explain(Key::None, &tried, NOW, &mut Rng::seeded(1));
    assert_eq!(told.reason(), Some(Reason::AtCapacity));
    let reasons: Vec<_> = told.candidates.iter().map(|node| node.excluded.unwrap()).collect();
    assert_eq!(reasons, [Reason::AtCapacity, Reason::Down, Reason::Tried]);
    assert!(told.to_string().contains("1 at capacity, 1 taken down, 1 already tried"), "{told}");
    drop(out);
    // Who came before gets the next place, and whoever asks is told so.
    let out = balancer.pick(Key::None, &tried, NOW, &mut Rng::seeded(1)).unwrap();
    balancer.administer("tried", Admin::Down, NOW).unwrap();
    let waits = |_: Result<Loan, evenly_core::Refusal>| {};
    balancer.enqueue(Key::None, &Tried::default(), Nanos::NEVER, NOW, Box::new(waits)).unwrap();
    let told = explain(&balancer, Key::None, 1);
    assert_eq!((told.reason(), told.trace.proposals.len()), (Some(Reason::AtCapacity), 0));
    drop(out);
}

#[test]
fn an_empty_cluster_has_nothing_to_explain_but_that() {
    for spec in all_strategies() {
        let told =
            explain(&balancer_of(&spec, Vec::new(), Settings::default()), Key::Bytes(b"k"), 1);
        assert_eq!(told.reason(), Some(Reason::NoNode), "{spec:?}");
        assert!(told.candidates.is_empty() && told.to_string().contains("no nodes"), "{told}");
    }
}

/// A key's own order is the one it goes through when nodes go out one after the other.
#[test]
fn the_places_of_a_key_are_the_order_in_which_it_moves_on() {
    let mut specs: Vec<_> = ["consistent_hash", "rendezvous", "maglev", "slots", "jump", "anchor"]
        .map(StrategySpec::named)
        .into();
    for (name, other) in [("rendezvous", "pymemcache"), ("consistent_hash", "ketama")] {
        specs.push(StrategySpec::named(name).with("compatible", Value::Text(other.to_owned())));
    }
    for spec in specs {
        for weights in [[1; 6], [3, 1, 1, 2, 1, 5]] {
            let balancer = balancer_of(&spec, weighted(&weights), Settings::default());
            for key in keys(20) {
                let key = Key::Bytes(&key);
                let told = explain(&balancer, key, 1);
                let mut order: Vec<_> = told.candidates.iter().collect();
                order.sort_by(|a, b| a.score.unwrap().total_cmp(&b.score.unwrap()));
                let mut tried = Tried::default();
                for (place, candidate) in order.into_iter().enumerate() {
                    assert!((candidate.score.unwrap() - place as f64).abs() < f64::EPSILON);
                    let loan = balancer.pick(key, &tried, NOW, &mut Rng::seeded(2)).unwrap();
                    assert_eq!(loan.id(), &candidate.id, "{spec:?}");
                    tried.push(loan.state().clone());
                }
            }
            assert!(
                explain(&balancer, Key::None, 1).candidates.iter().all(|one| one.score.is_none())
            );
        }
    }
}

/// Those that look at everybody lend the node with the least score.
const EXACT: [&str; 6] =
    ["round_robin", "weighted_round_robin", "deadline", "least_connections", "first", "rendezvous"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_looks_at_everybody_lends_the_least_score(
        weights in prop::collection::vec(1_u32..9, 1..8),
        steps in prop::collection::vec((any::<bool>(), any::<u8>()), 1..60),
    ) {
        for name in EXACT {
            let balancer = balancer(name, weighted(&weights));
            let mut rng = Rng::seeded(631);
            let mut out: Vec<Loan> = Vec::new();
            for &(leaves, lot) in &steps {
                let key = [lot];
                let told = balancer.explain(Key::Bytes(&key), &Tried::default(), NOW, &mut rng.clone());
                let least = told.candidates.iter().filter_map(|node| node.score).fold(f64::INFINITY, f64::min);
                let own = told.node().unwrap().score;
                prop_assert!(own.is_some_and(|own| own <= least), "{name}: {told:?}");
                out.push(balancer.pick(Key::Bytes(&key), &Tried::default(), NOW, &mut rng).unwrap());
                if leaves {
                    out.swap_remove(usize::from(lot) % out.len()).leave(Outcome::Success, NOW);
                }
            }
        }
    }
}
