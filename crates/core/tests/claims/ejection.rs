//! Passive watching: whom it ejects, whom never, and how many at most.

use std::sync::Arc;

use evenly_core::{
    Balancer, EjectionSettings, Key, Nanos, Outcome, Reason, Rng, Settings, StrategySpec, Tried,
};
use proptest::prelude::*;

use crate::common::{FAILED, balancer_of, nodes, number, pick};

fn cluster(count: usize, ejection: EjectionSettings) -> Arc<Balancer> {
    let settings =
        Settings { slow_start: Nanos::ZERO, ejection: Some(ejection), ..Settings::default() };
    balancer_of(&StrategySpec::named("round_robin"), nodes(count), settings)
}

/// Only the ratio counts here.
fn by_ratio(count: usize) -> Arc<Balancer> {
    cluster(count, EjectionSettings { consecutive: u32::MAX, ..EjectionSettings::default() })
}

fn ejected(balancer: &Arc<Balancer>, now: Nanos) -> Vec<usize> {
    let out = |reason| matches!(reason, Reason::BreakerOpen | Reason::BreakerHalfOpen);
    balancer
        .nodes(now)
        .iter()
        .filter(|node| out(node.reason))
        .map(|node| number(&node.id))
        .collect()
}

/// 100 requests a second for ten seconds; each node fails with its own ratio.
fn run(balancer: &Arc<Balancer>, ratios: &[f64], seed: u64) -> Vec<usize> {
    let mut rng = Rng::seeded(seed);
    for step in 0..1_000 {
        let now = Nanos::from_millis(10 * step);
        if step % 100 == 0 {
            balancer.tick(now);
        }
        let loan = pick(balancer, now, &mut rng);
        let fails = rng.unit() < ratios[number(loan.id())];
        loan.leave(if fails { FAILED } else { Outcome::Success }, now);
        if !ejected(balancer, now).is_empty() {
            break;
        }
    }
    ejected(balancer, Nanos::from_secs(10))
}

/// The lower Wilson bound of any failure at all is above 0, the ratio of a cluster that has not failed yet.
#[test]
fn the_first_failure_of_a_healthy_cluster_ejects_nobody() {
    for before in [19, 20, 100, 5_000] {
        for ticks in [false, true] {
            let balancer = by_ratio(4);
            let mut rng = Rng::seeded(81);
            for _ in 0..4 * before {
                pick(&balancer, Nanos::ZERO, &mut rng).leave(Outcome::Success, Nanos::ZERO);
            }
            if ticks {
                balancer.tick(Nanos::ZERO);
            }
            pick(&balancer, Nanos::ZERO, &mut rng).leave(FAILED, Nanos::ZERO);
            assert_eq!(ejected(&balancer, Nanos::ZERO), [], "after {before} successes each");
        }
    }
}

#[test]
fn a_node_that_fails_much_more_than_the_cluster_is_ejected_without_a_row_of_failures() {
    assert_eq!(run(&by_ratio(4), &[0.0, 0.0, 0.5, 0.0], 82), [2]);
    assert_eq!(
        run(&by_ratio(10), &[0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.7, 0.02, 0.02], 83),
        [7]
    );
}

/// Three standard deviations to each side: with equal ratios an ejection is rarer than one in 741 looks, and a look
/// is made at each failure only.
#[test]
fn nodes_that_all_fail_alike_are_not_ejected() {
    let mut false_alarms = 0;
    for seed in 0..100 {
        false_alarms += run(&by_ratio(4), &[0.05; 4], 1_000 + seed).len();
    }
    assert_eq!(false_alarms, 0);
}

#[test]
fn below_the_least_number_of_requests_the_ratio_says_nothing() {
    let balancer = by_ratio(2);
    let mut tried = Tried::default();
    tried.push(balancer.cluster().members[1].state.clone());
    let mut rng = Rng::seeded(84);
    for _ in 0..1_000 {
        let mut other = Tried::default();
        other.push(balancer.cluster().members[0].state.clone());
        let loan = balancer.pick(Key::None, &other, Nanos::ZERO, &mut rng).unwrap();
        loan.leave(Outcome::Success, Nanos::ZERO);
    }
    balancer.tick(Nanos::ZERO);
    for failures in 1..=20 {
        assert_eq!(ejected(&balancer, Nanos::ZERO), [], "after {failures} failures");
        let loan = balancer.pick(Key::None, &tried, Nanos::ZERO, &mut rng).unwrap();
        loan.leave(FAILED, Nanos::ZERO);
    }
    assert_eq!(ejected(&balancer, Nanos::ZERO), [0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_more_than_the_allowed_share_is_out_and_never_the_last(
        count in 1_usize..9,
        share in prop_oneof![Just(0.0), Just(0.1), Just(0.5), Just(0.67), Just(1.0)],
        trace in prop::collection::vec((any::<u16>(), any::<bool>(), 0_u64..400), 400),
    ) {
        let balancer = cluster(count, EjectionSettings { consecutive: 2, max_share: share, ..EjectionSettings::default() });
        let mut now = Nanos::ZERO;
        let mut rng = Rng::seeded(85);
        for (who, fails, wait) in trace {
            now = now.plus(Nanos::from_millis(wait));
            balancer.tick(now);
            // Straight at one node, healthy or not: everybody else was tried.
            let mut tried = Tried::default();
            for (index, member) in balancer.cluster().members.iter().enumerate() {
                if index != usize::from(who) % count {
                    tried.push(member.state.clone());
                }
            }
            let loan = balancer.pick(Key::None, &tried, now, &mut rng).unwrap();
            loan.leave(if fails { FAILED } else { Outcome::Success }, now);
            let out = ejected(&balancer, now).len();
            prop_assert!(out as f64 <= share * count as f64, "{out} of {count}");
            prop_assert!(out < count);
        }
    }
}

#[test]
fn without_ejection_nothing_is_ever_ejected() {
    let settings = Settings { ejection: None, ..Settings::default() };
    let balancer = balancer_of(&StrategySpec::named("round_robin"), nodes(3), settings);
    let mut rng = Rng::seeded(86);
    for _ in 0..300 {
        pick(&balancer, Nanos::ZERO, &mut rng).leave(FAILED, Nanos::ZERO);
    }
    assert_eq!(ejected(&balancer, Nanos::ZERO), []);
}
