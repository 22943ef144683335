//! Least latency: the least expected wait, and nobody is forgotten or feared for ever.

use evenly_core::{Loan, Nanos, Outcome, Rng, Settings, StrategySpec};

use crate::common::{balancer, nodes, number, pick, plain};
use crate::simulation::{Treat, World};

const FAST: Treat = Treat::Answer(Nanos::from_millis(5));
const SLOW: Treat = Treat::Answer(Nanos::from_millis(100));

fn world(seconds: u64, treat: fn(usize, Nanos) -> Treat) -> World {
    World {
        nodes: 4,
        clients: 32,
        length: Nanos::from_secs(seconds),
        patience: Nanos::from_secs(30),
        treat,
    }
}

/// Nodes answer after 1, 2, 4 and 8 ms. Within one moment, average × (in flight + 1) is least for whoever is lent.
#[test]
fn whoever_is_lent_has_the_least_expected_wait() {
    let balancer = balancer("least_latency", nodes(4));
    let mut rng = Rng::seeded(86);
    let start = Nanos::from_secs(1_000);
    let mut first: Vec<Loan> = Vec::new();
    while first.len() < 4 {
        // Before anything is known all are alike, so the first four go to four nodes.
        first.push(pick(&balancer, start, &mut rng));
    }
    first.sort_by_key(|loan| number(loan.id()));
    assert_eq!(first.iter().map(|loan| number(loan.id())).collect::<Vec<_>>(), [0, 1, 2, 3]);
    for loan in first {
        let took = Nanos::from_millis(1 << number(loan.id()));
        loan.leave(Outcome::Success, start.plus(took));
    }
    let now = start.plus(Nanos::from_millis(8));
    let mut loans = Vec::new();
    let mut counts = [0_u32; 4];
    for _ in 0..150 {
        let loan = pick(&balancer, now, &mut rng);
        let wait = |node: usize| f64::from(counts[node] + 1) * f64::from(1 << node);
        let least = (0..4).map(wait).fold(f64::MAX, f64::min);
        // A sample fades for at most 7 ms of a time constant of 2 s, and is kept with 26 bits.
        assert!(wait(number(loan.id())) <= least * 1.004, "{counts:?}");
        counts[number(loan.id())] += 1;
        loans.push(loan);
    }
    // 8 : 4 : 2 : 1 by their speeds.
    assert_eq!(counts, [80, 40, 20, 10]);
}

#[test]
fn a_slow_node_is_tried_about_once_a_second() {
    let measured = world(20, |node, _| if node == 3 { SLOW } else { FAST }).run("least_latency", 1);
    // 32 clients at three fast nodes wait 53 ms there; who would be alone at the slow one waits 100.
    assert!(measured.share(3, 1..20) <= 0.005, "{:?}", measured.sent[3]);
    assert!(measured.sent[3][1..20].iter().all(|&sent| sent >= 1), "{:?}", measured.sent[3]);
}

#[test]
fn a_node_that_becomes_fast_again_has_its_share_within_ten_seconds() {
    for seed in 0..3 {
        let recovering =
            |node, now| if node == 3 && now < Nanos::from_secs(10) { SLOW } else { FAST };
        let measured = world(21, recovering).run("least_latency", seed);
        assert!(measured.share(3, 20..21) >= 0.8 * 0.25, "{}", measured.share(3, 20..21));
    }
}

/// Without ejection, which would help: a node that answers 503 after 0.1 ms gets one try a second, not the traffic.
#[test]
fn a_node_that_fails_at_once_attracts_nothing() {
    let spec = StrategySpec::named("least_latency");
    let failing = world(20, |node, _| if node == 3 { Treat::Refuse(Nanos(100_000)) } else { FAST });
    for settings in [plain(), Settings::default()] {
        let measured = failing.run_with(&spec, settings, 2);
        // The first second also has those that were sent before anything was known: one for each of 32 clients at most.
        assert!(measured.sent[3][0] <= 34, "{:?}", measured.sent[3]);
        assert!(measured.sent[3][1..20].iter().all(|&sent| sent <= 2), "{:?}", measured.sent[3]);
    }
}

/// Whoever waits at a node that hangs tells the others by that; who has given up has told them too.
#[test]
fn a_hanging_node_attracts_nothing() {
    let hanging =
        |node, now| if node == 3 && now >= Nanos::from_secs(5) { Treat::Hang } else { FAST };
    for patience in [Nanos::from_secs(30), Nanos::from_millis(200)] {
        let measured = World { patience, ..world(20, hanging) }.run("least_latency", 3);
        assert!(measured.sent[3][7..20].iter().all(|&sent| sent <= 5), "{:?}", measured.sent[3]);
    }
}
