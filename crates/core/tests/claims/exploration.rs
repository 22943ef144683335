//! Power of two choices with a load that learns from answers: a node left alone is tried once per second.

use std::sync::Arc;

use evenly_core::{Balancer, Loan, Nanos, Outcome, Rng, StrategySpec};

use crate::common::{balancer_of, nodes, number, pick, plain};

/// Runs one request a millisecond from `from` to `to`; nodes answer after their latency, or not at all. Returns how
/// often `n0` was picked in each second.
fn run(
    balancer: &Arc<Balancer>,
    latency: impl Fn(usize) -> Option<Nanos>,
    from: u64,
    to: u64,
) -> (Vec<u32>, Vec<Loan>) {
    let mut rng = Rng::seeded(61);
    let mut seconds = vec![0; ((to - from) / 1_000) as usize];
    let mut out: Vec<(Nanos, Loan)> = Vec::new();
    let mut stuck = Vec::new();
    for milli in from..to {
        let now = Nanos::from_millis(milli);
        while let Some(at) = out.iter().position(|(end, _)| *end <= now) {
            let (end, loan) = out.swap_remove(at);
            loan.leave(Outcome::Success, end);
        }
        let loan = pick(balancer, now, &mut rng);
        let node = number(loan.id());
        seconds[((milli - from) / 1_000) as usize] += u32::from(node == 0);
        match latency(node) {
            Some(latency) => out.push((now.plus(latency), loan)),
            None => stuck.push(loan),
        }
    }
    (seconds, stuck)
}

fn slow_n0(node: usize) -> Option<Nanos> {
    Some(Nanos::from_millis(if node == 0 { 20_000 } else { 1 }))
}

#[test]
fn a_slow_node_is_tried_about_once_a_second_and_no_more() {
    let balancer = balancer_of(&StrategySpec::named("power_of_two"), nodes(4), plain());
    let seconds_n0 = |node| Some(Nanos::from_millis(if node == 0 { 300 } else { 1 }));
    let (seconds, _) = run(&balancer, seconds_n0, 1, 40_001);
    // Tried 1 s after the last pick, found within the patrol's round of 4 picks.
    assert!(seconds[1..].iter().all(|&count| count <= 1), "{seconds:?}");
    assert!(seconds[1..].iter().sum::<u32>() >= 38, "{seconds:?}");
}

#[test]
fn a_node_is_not_tried_while_somebody_waits_there() {
    let balancer = balancer_of(&StrategySpec::named("power_of_two"), nodes(4), plain());
    let (seconds, _) = run(&balancer, slow_n0, 1, 19_001);
    // Until the silence exceeds the others' latency it looks like any new node; then nobody joins the one who waits.
    assert!(seconds[0] <= 5, "{seconds:?}");
    assert!(seconds[1..].iter().all(|&count| count == 0), "{seconds:?}");
}

#[test]
fn a_hanging_nodes_load_grows_with_its_silence() {
    let balancer = balancer_of(&StrategySpec::named("power_of_two"), nodes(2), plain());
    let (seconds, stuck) =
        run(&balancer, |node| (node != 0).then_some(Nanos::from_millis(1)), 1, 60_001);
    assert!(seconds[0] <= 5, "{seconds:?}");
    assert!(seconds[1..].iter().all(|&count| count == 0), "{seconds:?}");
    drop(stuck);
}
