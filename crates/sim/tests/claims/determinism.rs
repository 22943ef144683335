//! The outcome is a function of scenario, seed and number of replications, and of nothing else.

use evenly_sim::{Replications, Scenario};
use serde_json::json;

use crate::common::{named, nodes, play, two_choices, with, with_nodes, world};

/// Something of everything that draws a lot or has an order of its own.
fn busy() -> serde_json::Value {
    let world = with(
        world(&json!({"name": "power_of_two"}), 20_000),
        json!({
            "dispatchers": 3, "delay": 0.01, "timeout": 8.0, "report_every": 0.5, "series_every": 100.0,
            "keys": {"kind": "zipf", "count": 100, "exponent": 1.0}, "trace_picks": true,
            "settings": {"health": {"every": 5.0, "timeout": 1.0}, "slow_start": 5.0},
            "timeline": [
                {"at": 100.0, "do": "kill", "node": "n1"},
                {"at": 300.0, "do": "fail", "node": "n2", "share": 0.5},
                {"at": 500.0, "do": "recover", "node": "n1"},
                {"at": 700.0, "do": "slow", "node": "n3", "factor": 3.0},
                {"at": 900.0, "do": "leave", "node": "n4"},
                {"at": 950.0, "do": "recover", "node": "n2"},
                {"at": 1000.0, "do": "join", "node": "n4"},
            ],
        }),
    );
    with_nodes(world, &json!({"capacity": 5, "queue_limit": 3}))
}

/// Byte for byte.
#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (first, again, other) = (play(&busy(), 7), play(&busy(), 7), play(&busy(), 8));
    assert_eq!(first.to_json(), again.to_json());
    assert_ne!(first.to_json(), other.to_json());
    assert_eq!(first.requests, 20_000);
}

/// Each replication has its own streams, and their results are put together in their order.
#[test]
fn the_number_of_threads_does_not_matter() {
    let scenario = Scenario::parse(&busy().to_string()).unwrap();
    let on = |threads| {
        let plan = Replications { scenario: &scenario, seed: 3, count: 5, threads };
        plan.play(&mut |_| true).unwrap().to_json()
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(7));
}

/// The arrival, the size and the key of a request do not depend on who serves it: the first request that any strategy
/// sends alone into an empty world has the same sojourn under all of them.
#[test]
fn every_strategy_meets_the_same_requests() {
    let total = |strategy: &serde_json::Value| {
        let world = with_nodes(world(strategy, 50_000), &json!({"concurrency": null}));
        play(&world, 11).little.sojourns_nanoseconds
    };
    let all = [named("random"), named("round_robin"), named("least_connections"), two_choices()];
    let totals: Vec<_> = all.iter().map(total).collect();
    assert!(totals.iter().all(|&one| one == totals[0]), "{totals:?}");
}

/// Two replications of half the length are two different samples.
#[test]
fn replications_differ_from_each_other() {
    let world = with(world(&named("random"), 1_000), json!({"nodes": nodes(2)}));
    let scenario = Scenario::parse(&world.to_string()).unwrap();
    let plan = Replications { scenario: &scenario, seed: 1, count: 2, threads: 1 };
    let both = plan.play(&mut |_| true).unwrap();
    let one = play(&world, 1);
    assert_eq!(both.requests, 2 * one.requests);
    assert_ne!(both.little.sojourns_nanoseconds, 2 * one.little.sojourns_nanoseconds);
}
