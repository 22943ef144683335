//! Slow start: 30 s from a tenth, for whoever joins a running cluster or comes back from failing its check.

use std::sync::Arc;

use evenly_core::{
    Act, Balancer, CheckSettings, Key, Nanos, Outcome, Reason, Rng, Settings, Spec, Tried,
};

use crate::common::{all_strategies, balancer_of, nodes, within_five_sigma};

/// How many of 4,000 requests at `now` the node `new` gets.
fn share(balancer: &Arc<Balancer>, now: Nanos, rng: &mut Rng) -> usize {
    (0..4_000)
        .filter(|number: &u32| {
            let key = number.to_le_bytes();
            let loan = balancer.pick(Key::Bytes(&key), &Tried::default(), now, rng).unwrap();
            let new = &**loan.id() == "new";
            loan.leave(Outcome::Success, now);
            new
        })
        .count()
}

#[test]
fn a_joining_node_starts_with_a_tenth_and_ends_with_its_whole_share_after_thirty_seconds() {
    for spec in all_strategies() {
        let balancer = balancer_of(&spec, nodes(1), Settings::default());
        balancer.add(Spec::new("new"), Nanos::from_secs(100)).unwrap();
        let mut rng = Rng::seeded(91);
        let counts = [100, 101, 115, 129, 131].map(|at| {
            let now = Nanos::from_secs(at);
            let want = if at < 130 { Reason::SlowStart } else { Reason::Serving };
            assert_eq!(balancer.nodes(now)[1].reason, want, "after {at} s");
            share(&balancer, now, &mut rng)
        });
        if spec.name == "first" {
            // The node before it is never full.
            assert_eq!(counts, [0; 5]);
            continue;
        }
        assert!(counts[0] > 0, "{spec:?} starves a new node: {counts:?}");
        if spec.name == "random" {
            // It is drawn every second time and then admitted with the ramp's probability; once refused it is out
            // for this pick.
            for (count, ramp) in counts.iter().zip([0.1, 0.1, 0.5, 29.0 / 30.0, 1.0]) {
                assert!(within_five_sigma(*count, 4_000, ramp / 2.0), "{counts:?}");
            }
        }
        if ["round_robin", "weighted_round_robin"].contains(&spec.name.as_str()) {
            assert!(counts.is_sorted_by(|a, b| *a <= b + 300), "{spec:?}: {counts:?}");
            assert!(counts[4].abs_diff(2_000) <= 2, "{spec:?}: {counts:?}");
        }
    }
}

#[test]
fn there_is_no_slow_start_when_all_nodes_are_new() {
    let balancer = balancer_of(&all_strategies()[0], nodes(3), Settings::default());
    let serving = |now| balancer.nodes(now).iter().all(|node| node.reason == Reason::Serving);
    assert!(serving(Nanos::ZERO));
    balancer.replace(vec![Spec::new("a"), Spec::new("b")], Nanos::from_secs(9)).unwrap();
    assert!(serving(Nanos::from_secs(9)), "nobody old is left to lean on");
}

#[test]
fn there_is_no_slow_start_while_a_cluster_comes_together() {
    let balancer = balancer_of(&all_strategies()[0], nodes(1), Settings::default());
    let resolved = |specs: &mut Vec<Spec>| {
        specs.push(Spec::new("resolved later"));
        Ok(())
    };
    balancer.gather(Nanos::from_secs(1), resolved).unwrap();
    assert!(balancer.nodes(Nanos::from_secs(1)).iter().all(|node| node.reason == Reason::Serving));
}

#[test]
fn a_change_of_weight_or_capacity_is_no_new_start() {
    let balancer = balancer_of(&all_strategies()[0], nodes(3), Settings::default());
    balancer.update("n1", Some(5), Some(Some(9)), Nanos::from_secs(9)).unwrap();
    assert!(balancer.nodes(Nanos::from_secs(9)).iter().all(|node| node.reason == Reason::Serving));
}

#[test]
fn a_node_that_comes_back_from_a_failing_check_starts_slowly() {
    let settings = Settings { check: Some(CheckSettings::default()), ..Settings::default() };
    let balancer = balancer_of(&all_strategies()[0], nodes(2), settings);
    let mut now = Nanos::ZERO;
    for passes in [false, false, false, true, true] {
        balancer.check_now(now);
        for act in balancer.tick(now) {
            if let Act::Probe(state) = act {
                let well = passes || &**state.id() != "n0";
                balancer.checked(&state, if well { Ok(()) } else { Err("refused".into()) }, now);
            }
        }
        now = now.plus(Nanos::from_secs(5));
    }
    assert_eq!(balancer.nodes(now)[0].reason, Reason::SlowStart);
    assert_eq!(balancer.nodes(now)[1].reason, Reason::Serving);
    assert_eq!(balancer.nodes(now.plus(Nanos::from_secs(31)))[0].reason, Reason::Serving);
}

#[test]
fn a_starting_node_is_lent_when_there_is_no_other() {
    let balancer = balancer_of(&all_strategies()[0], nodes(1), Settings::default());
    balancer.add(Spec::new("new"), Nanos::from_secs(1)).unwrap();
    balancer.remove("n0", Nanos::from_secs(1)).unwrap();
    assert_eq!(share(&balancer, Nanos::from_secs(1), &mut Rng::seeded(92)), 4_000);
}
