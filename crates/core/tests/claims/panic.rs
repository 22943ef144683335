//! All bad: ejected nodes come back first, failing ones last, what the administrator took out never.

use std::sync::Arc;

use evenly_core::{
    Act, Admin, Balancer, CheckSettings, Key, Loan, Nanos, Outcome, Reason, Rng, Settings, Spec,
    Tried,
};

use crate::common::{FAILED, all_strategies, balancer_of};

fn ask(balancer: &Arc<Balancer>, rng: &mut Rng) -> Result<Loan, Reason> {
    let result = balancer.pick(Key::Bytes(b"key"), &Tried::default(), Nanos::ZERO, rng);
    result.map_err(|refusal| refusal.reason)
}

/// One node ejected, one failing its check, one draining, one down.
fn all_bad(spec: &evenly_core::StrategySpec) -> Arc<Balancer> {
    let settings = Settings { check: Some(CheckSettings::default()), ..Settings::default() };
    let specs =
        ["ejected", "failing", "draining", "down", "well"].map(|id| Spec::new(id).capacity(1));
    let balancer = balancer_of(spec, specs.into(), settings);
    let mut tried = Tried::default();
    for id in ["failing", "draining", "down", "well"] {
        tried.push(balancer.find(id).unwrap());
    }
    for _ in 0..5 {
        let loan = balancer.pick(Key::None, &tried, Nanos::ZERO, &mut Rng::seeded(1)).unwrap();
        loan.leave(FAILED, Nanos::ZERO);
    }
    for _ in 0..3 {
        balancer.check_now(Nanos::ZERO);
        for act in balancer.tick(Nanos::ZERO) {
            if let Act::Probe(state) = act {
                let well = &**state.id() != "failing";
                balancer.checked(
                    &state,
                    if well { Ok(()) } else { Err("refused".into()) },
                    Nanos::ZERO,
                );
            }
        }
    }
    balancer.administer("draining", Admin::Drain, Nanos::ZERO).unwrap();
    balancer.administer("down", Admin::Down, Nanos::ZERO).unwrap();
    balancer
}

#[test]
fn panic_takes_ejected_nodes_first_failing_ones_last_and_drained_ones_never() {
    for spec in all_strategies() {
        let balancer = all_bad(&spec);
        let mut rng = Rng::seeded(101);
        let order: Vec<_> = (0..3).map(|_| ask(&balancer, &mut rng).unwrap()).collect();
        let ids: Vec<_> = order.iter().map(|loan| (&**loan.id(), loan.panicked())).collect();
        assert_eq!(ids, [("well", false), ("ejected", true), ("failing", true)], "{spec:?}");
        assert_eq!(ask(&balancer, &mut rng).unwrap_err(), Reason::AtCapacity);
    }
}

#[test]
fn a_healthy_node_with_room_is_preferred_to_panic() {
    for spec in all_strategies() {
        let balancer = all_bad(&spec);
        let mut rng = Rng::seeded(102);
        for _ in 0..200 {
            let loan = ask(&balancer, &mut rng).unwrap();
            assert_eq!((&**loan.id(), loan.panicked()), ("well", false), "{spec:?}");
            loan.leave(Outcome::Success, Nanos::ZERO);
        }
    }
}

#[test]
fn a_refusal_counts_who_is_out_and_why() {
    let balancer = all_bad(&all_strategies()[0]);
    for id in ["ejected", "failing", "well"] {
        balancer.administer(id, Admin::Drain, Nanos::ZERO).unwrap();
    }
    let refusal = balancer
        .pick(Key::None, &Tried::default(), Nanos::ZERO, &mut Rng::seeded(103))
        .unwrap_err();
    assert_eq!(refusal.reason, Reason::NoNode);
    assert_eq!((refusal.counts.nodes, refusal.counts.draining, refusal.counts.down), (5, 4, 1));
    let text = refusal.to_string();
    assert!(
        text.contains("\"test\"") && text.contains("4 draining") && text.contains("1 taken down"),
        "{text}"
    );
}

#[test]
fn a_cluster_without_nodes_refuses_and_says_so() {
    for spec in all_strategies() {
        let balancer = balancer_of(&spec, vec![], Settings::default());
        let mut rng = Rng::seeded(104);
        let refusal =
            balancer.pick(Key::None, &Tried::default(), Nanos::ZERO, &mut rng).unwrap_err();
        assert_eq!(refusal.reason, Reason::NoNode);
        assert!(refusal.to_string().contains("no nodes"), "{refusal}");
        balancer.add(Spec::new("a"), Nanos::ZERO).unwrap();
        assert!(ask(&balancer, &mut rng).is_ok());
        balancer.remove("a", Nanos::ZERO).unwrap();
        assert_eq!(ask(&balancer, &mut rng).unwrap_err(), Reason::NoNode);
    }
}
