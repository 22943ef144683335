//! Nothing is lost: requests, tries, time in the system, work.

use serde_json::{Value, json};

use crate::common::{named, nodes, play, two_choices, with, with_nodes, world};

/// Worlds in which everything that can happen to a request happens.
fn worlds() -> Vec<Value> {
    let calm = world(&two_choices(), 30_000);
    let killed = json!([
        {"at": 200.0, "do": "kill", "node": "n1"}, {"at": 900.0, "do": "hang", "node": "n2"},
        {"at": 1500.0, "do": "fail", "node": "n3"}, {"at": 2000.0, "do": "recover", "node": "n1"},
    ]);
    vec![
        with_nodes(calm.clone(), &json!({"queue_limit": 2})),
        with_nodes(calm.clone(), &json!({"capacity": 2})),
        with_nodes(calm.clone(), &json!({"discipline": "ps", "concurrency": 3, "speed": 0.4})),
        with(calm.clone(), json!({"timeline": killed, "timeout": 5.0, "delay": 0.02})),
        with(calm.clone(), json!({"timeline": killed})),
        with(calm.clone(), json!({"arrivals": {"kind": "closed", "clients": 40, "think": 1.0}})),
        with(calm, json!({"requests": null, "seconds": 2000.0, "timeline": killed})),
    ]
}

#[test]
fn every_request_is_answered_failed_or_refused_and_every_try_belongs_to_a_node() {
    for world in worlds() {
        let outcome = play(&world, 5);
        assert_eq!(outcome.requests, outcome.ok + outcome.failed + outcome.refused, "{world}");
        let picks: u64 = outcome.nodes.iter().map(|node| node.picks).sum();
        assert_eq!(picks, outcome.tries);
        for node in &outcome.nodes {
            assert_eq!(node.picks, node.ok + node.failed);
        }
        assert_eq!(outcome.ok, outcome.nodes.iter().map(|node| node.ok).sum::<u64>());
        assert!(outcome.complete);
    }
}

/// Little's law on a sample path: the integral of the number in the system is the sum of the sojourns, exactly, when
/// the system starts and ends empty (audit, theorem 3.2.2).
#[test]
fn the_integral_of_the_number_in_the_system_is_the_sum_of_the_sojourns_to_the_nanosecond() {
    for world in worlds() {
        let little = play(&world, 6).little;
        assert!(little.integral_nanoseconds > 0);
        assert_eq!(little.integral_nanoseconds, little.sojourns_nanoseconds, "{world}");
    }
}

/// First come, first served, one server of speed 1, all work in whole nanoseconds: from the arrivals and the sizes the
/// sojourns follow by Lindley's recursion. One node, so every strategy gives the same.
#[test]
fn one_server_works_whenever_there_is_work() {
    let trace: Vec<f64> = (0..2_000).map(|n| f64::from(n * n % 977) / 100.0).collect();
    let mut times = trace;
    times.sort_by(f64::total_cmp);
    let world = with(
        world(&named("random"), 2_000),
        json!({
            "nodes": nodes(1), "arrivals": {"kind": "trace", "times": times},
            "service": {"kind": "deterministic", "mean": 0.007},
        }),
    );
    let (mut free, mut sojourns) = (0_u128, 0_u128);
    for time in times {
        let came = u128::from((time * 1e9) as u64);
        free = free.max(came) + 7_000_000;
        sojourns += free - came;
    }
    assert_eq!(play(&world, 1).little.sojourns_nanoseconds, sojourns);
}

/// The work done does not depend on the order of service: with the same arrivals and sizes a server is busy for the same
/// time under both disciplines, however long the single requests take.
#[test]
fn both_disciplines_do_the_same_work() {
    let one = with(
        world(&named("random"), 100_000),
        json!({"nodes": nodes(1), "arrivals": {"kind": "poisson", "rate": 0.8}, "warmup": 0.0}),
    );
    let fcfs = play(&one, 3);
    let ps = play(&with_nodes(one, &json!({"discipline": "ps"})), 3);
    let busy = |outcome: &evenly_sim::Outcome| outcome.nodes[0].utilisation.unwrap();
    // To the end of the arrivals, where what is left to do is the same, too.
    assert!((busy(&fcfs) - busy(&ps)).abs() < 1e-9, "{} {}", busy(&fcfs), busy(&ps));
    assert_ne!(fcfs.response.mean, ps.response.mean);
}

/// What is still out when a run is stopped never came: the books are closed without it.
#[test]
fn a_run_that_is_stopped_keeps_what_is_done() {
    let long = with(world(&two_choices(), 10_000_000), json!({"warmup": 0.0}));
    let scenario = evenly_sim::Scenario::parse(&long.to_string()).unwrap();
    let plan = evenly_sim::Replications { scenario: &scenario, seed: 2, count: 3, threads: 2 };
    let outcome = plan.play(&mut |done| done < 10_000).unwrap();
    assert!(!outcome.complete);
    assert!(outcome.requests >= 10_000 && outcome.requests < 30_000_000);
    assert_eq!(outcome.requests, outcome.ok);
    assert_eq!(outcome.tries, outcome.ok);
    assert!(outcome.response.mean.value.unwrap() > 1.0);
    assert_eq!(outcome.little.integral_nanoseconds, outcome.little.sojourns_nanoseconds);
}

/// Cut by the clock before the last request: figures are those of the time until then.
#[test]
fn both_bounds_may_be_given_and_the_first_one_counts() {
    let early = with(world(&two_choices(), 1_000_000), json!({"seconds": 1_000.0}));
    let outcome = play(&early, 3);
    assert!(outcome.complete);
    assert!(outcome.requests.abs_diff(9_000) < 450, "{}", outcome.requests);
    let late = with(world(&two_choices(), 1_000), json!({"seconds": 1e9}));
    assert_eq!(play(&late, 3).requests, 1_000);
    // A time that never comes, at both ends of what a number can be.
    let never =
        with(world(&two_choices(), 10), json!({"arrivals": {"kind": "poisson", "rate": 1e-30}}));
    assert_eq!(play(&never, 3).requests, 0);
    let slow = with(
        world(&two_choices(), 10),
        json!({"service": {"kind": "deterministic", "mean": 1e30}}),
    );
    assert_eq!(play(&slow, 3).requests, 10);
}
