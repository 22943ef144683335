//! Who is in the cluster changes; what is known of a node stays.

use std::sync::Arc;

use evenly_core::{Act, Balancer, Loan, Nanos, Outcome, Rng, Settings, Spec, Tried, pick};

use crate::common::{FAILED, all_strategies, balancer, balancer_of, nodes, pick as lend, weighted};

fn closed(balancer: &Arc<Balancer>) -> Vec<String> {
    let acts = balancer.tick(Nanos::from_secs(1)).into_iter();
    acts.filter_map(|act| match act {
        Act::Close(state) => Some(state.id().to_string()),
        _ => None,
    })
    .collect()
}

#[test]
fn a_node_with_the_same_name_and_address_keeps_its_state_and_another_address_is_another_node() {
    let balancer = balancer("random", vec![Spec::new("a:1").id("a"), Spec::new("b:1").id("b")]);
    let before: Vec<_> = ["a", "b"].map(|id| balancer.find(id).unwrap()).into();
    let specs = vec![
        Spec::new("b:1").id("b").weight(7).capacity(3),
        Spec::new("a:2").id("a"),
        Spec::new("c:1").id("c"),
    ];
    balancer.replace(specs, Nanos::ZERO).unwrap();
    assert!(Arc::ptr_eq(&balancer.find("b").unwrap(), &before[1]));
    assert!(!Arc::ptr_eq(&balancer.find("a").unwrap(), &before[0]));
    assert_eq!(closed(&balancer), ["a"]);
    let now: Vec<_> = balancer
        .nodes(Nanos::ZERO)
        .into_iter()
        .map(|n| (n.id.to_string(), n.weight, n.capacity))
        .collect();
    let want = [("b", 7, Some(3)), ("a", 1, None), ("c", 1, None)];
    assert_eq!(now, want.map(|(id, weight, capacity)| (id.to_owned(), weight, capacity)));
}

#[test]
fn loans_of_a_removed_node_are_given_back_to_it_and_to_nobody_else() {
    for spec in all_strategies() {
        let balancer = balancer_of(&spec, nodes(40), Settings::default());
        let mut rng = Rng::seeded(141);
        let loans: Vec<Loan> = (0..80).map(|_| lend(&balancer, Nanos::ZERO, &mut rng)).collect();
        let first = loans[0].state().clone();
        let (out, others) = (first.in_flight(), 80 - first.in_flight());
        assert!(out > 0);
        balancer.remove(first.id(), Nanos::ZERO).unwrap();
        assert_eq!(closed(&balancer), [first.id().to_string()]);
        let left = |balancer: &Arc<Balancer>| {
            balancer.nodes(Nanos::ZERO).iter().map(|node| node.in_flight).sum::<u32>()
        };
        assert_eq!(left(&balancer), others);
        for loan in loans {
            loan.leave(Outcome::Success, Nanos::ZERO);
        }
        assert_eq!((first.in_flight(), left(&balancer)), (0, 0), "{spec:?}");
    }
}

#[test]
fn another_strategy_finds_the_requests_in_flight_and_the_latencies_of_the_one_before() {
    for from in all_strategies() {
        for to in all_strategies() {
            let balancer = balancer_of(&from, nodes(3), Settings::default());
            let mut rng = Rng::seeded(142);
            let mut loan = lend(&balancer, Nanos::ZERO, &mut rng);
            loan.answered(Nanos::from_millis(4));
            balancer.set_strategy(&*pick::build(&to).unwrap(), Nanos::from_millis(5)).unwrap();
            let node =
                balancer.nodes(Nanos::ZERO).into_iter().find(|node| node.in_flight == 1).unwrap();
            assert_eq!(node.id, *loan.id());
            assert!((node.latency.unwrap() - 0.004).abs() < 1e-9);
            assert_eq!(balancer.cluster().strategy.name(), to.name);
        }
    }
}

#[test]
fn the_balance_ratio_is_one_for_loads_in_proportion_and_nothing_is_in_balance_too() {
    let balancer = balancer("weighted_round_robin", weighted(&[1, 9]));
    assert!(
        (balancer.balance_ratio() - 1.0).abs() < 1e-12
            && (balancer.jain_index() - 1.0).abs() < 1e-12
    );
    let mut rng = Rng::seeded(143);
    let loans: Vec<Loan> = (0..10).map(|_| lend(&balancer, Nanos::ZERO, &mut rng)).collect();
    // Loads 1 and 9 on weights 1 and 9: the uncorrected definition says 1/9.
    assert!(
        (balancer.balance_ratio() - 1.0).abs() < 1e-12
            && (balancer.jain_index() - 1.0).abs() < 1e-12
    );
    let (one, nine): (Vec<_>, Vec<_>) = loans.into_iter().partition(|loan| &**loan.id() == "n0");
    drop(nine);
    assert!(balancer.balance_ratio().abs() < 1e-12 && (balancer.jain_index() - 0.5).abs() < 1e-12);
    // One request on weight 1 of 10: ten times what an even load would be.
    assert!((balancer.peak_to_mean() - 10.0).abs() < 1e-12);
    drop(one);
}

#[test]
fn a_latency_ends_at_the_response_head_and_a_loan_goes_on_to_its_end() {
    let balancer = balancer("random", nodes(1));
    let mut rng = Rng::seeded(144);
    let mut download = lend(&balancer, Nanos::ZERO, &mut rng);
    download.answered(Nanos::from_millis(10));
    download.answered(Nanos::from_secs(5));
    assert_eq!(balancer.nodes(Nanos::ZERO)[0].in_flight, 1);
    download.leave(Outcome::Success, Nanos::from_secs(600));
    let node = &balancer.nodes(Nanos::ZERO)[0];
    assert!((node.latency.unwrap() - 0.01).abs() < 1e-9, "{:?}", node.latency);
    assert_eq!((node.in_flight, node.completed), (0, 1));
}

/// A quick 503 is no fast answer, and a tunnel's handshake says nothing of its requests; both end the silence.
#[test]
fn what_is_heard_without_being_an_answer_is_no_sample() {
    let balancer = balancer("random", nodes(1));
    let mut rng = Rng::seeded(146);
    for (outcome, at) in [(FAILED, 1), (Outcome::Success, 2)] {
        let mut loan = lend(&balancer, Nanos::from_secs(at), &mut rng);
        loan.heard(Nanos::from_millis(1000 * at + 1));
        loan.leave(outcome, Nanos::from_secs(600));
    }
    let node = &balancer.nodes(Nanos::ZERO)[0];
    assert_eq!((node.latency, node.in_flight, node.completed, node.failures), (None, 0, 1, 1));
}

#[test]
fn a_forked_child_has_none_of_its_parents_loans() {
    for spec in all_strategies() {
        let balancer = balancer_of(&spec, vec![Spec::new("n0").capacity(1)], Settings::default());
        let mut rng = Rng::seeded(145);
        let parents = lend(&balancer, Nanos::ZERO, &mut rng);
        balancer.forked();
        let own = lend(&balancer, Nanos::ZERO, &mut rng);
        parents.leave(Outcome::Success, Nanos::ZERO);
        let node = &balancer.nodes(Nanos::ZERO)[0];
        assert_eq!((node.in_flight, node.completed), (1, 0), "{spec:?}");
        let full = balancer.pick(evenly_core::Key::None, &Tried::default(), Nanos::ZERO, &mut rng);
        assert!(full.is_err());
        own.leave(Outcome::Success, Nanos::ZERO);
        assert_eq!(balancer.nodes(Nanos::ZERO)[0].completed, 1);
    }
}
