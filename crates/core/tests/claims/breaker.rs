//! The breaker equals its diagram, and an ejection lasts as long as it should.

use std::sync::Arc;

use evenly_core::{
    Act, BREAKER_MOVES, Balancer, BreakerEvent as On, BreakerState as In, Key, Loan, Nanos,
    Outcome, Reason, Rng, Settings, Standing, StrategySpec, Tried,
};

use crate::common::{FAILED, balancer_of, nodes, pick};

#[test]
fn a_breaker_moves_as_the_diagram_says_and_no_other_way() {
    let diagram = [
        (In::Closed, On::Tripped, In::Open),
        (In::Open, On::WaitEnded, In::HalfOpen),
        (In::HalfOpen, On::ProbePassed, In::Closed),
        (In::HalfOpen, On::ProbeFailed, In::Open),
    ];
    assert_eq!(BREAKER_MOVES, diagram);
}

/// Two nodes under round robin, the second always well.
fn pair() -> Arc<Balancer> {
    let settings = Settings { slow_start: Nanos::ZERO, ..Settings::default() };
    balancer_of(&StrategySpec::named("round_robin"), nodes(2), settings)
}

fn take(balancer: &Arc<Balancer>, node: &str, now: Nanos) -> Loan {
    let mut tried = Tried::default();
    for other in balancer.cluster().members.iter().filter(|other| &**other.state.id() != node) {
        tried.push(other.state.clone());
    }
    balancer.pick(Key::None, &tried, now, &mut Rng::seeded(1)).unwrap()
}

fn fail(balancer: &Arc<Balancer>, node: &str, times: usize, now: Nanos) {
    for _ in 0..times {
        take(balancer, node, now).leave(FAILED, now);
    }
}

fn reason(balancer: &Arc<Balancer>, node: usize, now: Nanos) -> Reason {
    balancer.nodes(now)[node].reason
}

/// The moment at which the first node's wait ends.
fn wait_end(balancer: &Arc<Balancer>, now: Nanos) -> Nanos {
    let mut end = now;
    for _ in 0..400 {
        let next = balancer.next_tick(end);
        let acts = balancer.tick(next);
        if acts.iter().any(|act| matches!(act, Act::Note(event) if event.to == Standing::HalfOpen))
        {
            return next;
        }
        end = next;
    }
    panic!("the ejection never ended");
}

#[test]
fn five_failures_in_a_row_eject_and_four_do_not() {
    let balancer = pair();
    fail(&balancer, "n0", 4, Nanos::ZERO);
    assert_eq!(reason(&balancer, 0, Nanos::ZERO), Reason::Serving);
    take(&balancer, "n0", Nanos::ZERO).leave(Outcome::Success, Nanos::ZERO);
    fail(&balancer, "n0", 4, Nanos::ZERO);
    assert_eq!(
        reason(&balancer, 0, Nanos::ZERO),
        Reason::Serving,
        "a success starts the count anew"
    );
    fail(&balancer, "n0", 1, Nanos::ZERO);
    assert_eq!(reason(&balancer, 0, Nanos::ZERO), Reason::BreakerOpen);
}

#[test]
fn a_cancelled_request_neither_counts_nor_interrupts_the_row() {
    let balancer = pair();
    fail(&balancer, "n0", 4, Nanos::ZERO);
    for _ in 0..100 {
        take(&balancer, "n0", Nanos::ZERO).leave(Outcome::Cancelled, Nanos::ZERO);
        drop(take(&balancer, "n0", Nanos::ZERO));
    }
    assert_eq!(reason(&balancer, 0, Nanos::ZERO), Reason::Serving);
    fail(&balancer, "n0", 1, Nanos::ZERO);
    assert_eq!(reason(&balancer, 0, Nanos::ZERO), Reason::BreakerOpen);
}

#[test]
fn each_further_ejection_is_twice_as_long_up_to_the_longest_with_a_tenth_of_jitter() {
    let balancer = pair();
    let mut now = Nanos::ZERO;
    fail(&balancer, "n0", 5, now);
    let mut lengths = Vec::new();
    for round in 0..10_u32 {
        let end = wait_end(&balancer, now);
        let length = end.since(now).as_secs_f64();
        let want = (5.0 * f64::from(1_u32 << round)).min(300.0);
        assert!((length / want - 1.0).abs() <= 0.1 + 1e-9, "ejection {round} took {length} s");
        lengths.push(length / want);
        now = end;
        // The single request that may try fails.
        take(&balancer, "n0", now).leave(FAILED, now);
        assert_eq!(reason(&balancer, 0, now), Reason::BreakerOpen);
    }
    let spread = lengths.iter().copied().fold(0.0, f64::max)
        - lengths.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(spread > 0.01, "the jitter moves nothing: {lengths:?}");
}

#[test]
fn a_single_request_tries_an_ejected_node_and_its_success_closes_the_breaker() {
    let balancer = pair();
    fail(&balancer, "n0", 5, Nanos::ZERO);
    let now = wait_end(&balancer, Nanos::ZERO);
    assert_eq!(reason(&balancer, 0, now), Reason::BreakerHalfOpen);
    let mut rng = Rng::seeded(71);
    let loans: Vec<Loan> = (0..50).map(|_| pick(&balancer, now, &mut rng)).collect();
    let (probes, others): (Vec<_>, Vec<_>) =
        loans.into_iter().partition(|loan| &**loan.id() == "n0");
    assert_eq!(probes.len(), 1, "one request tries, whatever the number of picks");
    for loan in others.into_iter().chain(probes) {
        loan.leave(Outcome::Success, now);
    }
    assert_eq!(reason(&balancer, 0, now), Reason::Serving);
    // All is forgotten: it takes five failures again.
    fail(&balancer, "n0", 4, now);
    assert_eq!(reason(&balancer, 0, now), Reason::Serving);
}

#[test]
fn a_try_that_is_cancelled_leaves_room_for_the_next_one() {
    let balancer = pair();
    fail(&balancer, "n0", 5, Nanos::ZERO);
    let now = wait_end(&balancer, Nanos::ZERO);
    for _ in 0..3 {
        let probe = take(&balancer, "n0", now);
        assert!(!probe.panicked());
        drop(probe);
        assert_eq!(reason(&balancer, 0, now), Reason::BreakerHalfOpen);
    }
    take(&balancer, "n0", now).leave(Outcome::Success, now);
    assert_eq!(reason(&balancer, 0, now), Reason::Serving);
}

#[test]
fn a_loan_from_before_the_ejection_does_not_close_the_breaker() {
    let balancer = pair();
    let early = take(&balancer, "n0", Nanos::ZERO);
    fail(&balancer, "n0", 5, Nanos::ZERO);
    early.leave(Outcome::Success, Nanos::from_secs(1));
    assert_eq!(reason(&balancer, 0, Nanos::from_secs(1)), Reason::BreakerOpen);
}

#[test]
fn every_move_is_told_once_by_the_next_tick() {
    let balancer = pair();
    fail(&balancer, "n0", 5, Nanos::ZERO);
    let notes = |acts: Vec<Act>| {
        acts.into_iter()
            .filter_map(|act| match act {
                Act::Note(event) => Some((event.from, event.to)),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(notes(balancer.tick(Nanos::ZERO)), [(Standing::Serving, Standing::Ejected)]);
    assert_eq!(notes(balancer.tick(Nanos::ZERO)), []);
    let end = Nanos::from_secs(6);
    assert_eq!(notes(balancer.tick(end)), [(Standing::Ejected, Standing::HalfOpen)]);
    take(&balancer, "n0", end).leave(Outcome::Success, end);
    assert_eq!(notes(balancer.tick(end)), [(Standing::HalfOpen, Standing::Serving)]);
}
