//! The way of a request: network, queue, room at the nodes, retries, clients that wait for their answer.

use serde_json::{Value, json};

use crate::common::{named, nodes, play, two_choices, with, with_nodes, world};

/// Every request has a server of its own: what the network adds is all that changes.
#[test]
fn the_network_adds_twice_its_delay_to_every_answer() {
    let near = with_nodes(world(&named("random"), 10_000), &json!({"concurrency": null}));
    let far = with(near.clone(), json!({"delay": 0.25}));
    let (near, far) = (play(&near, 4).little, play(&far, 4).little);
    let added = far.sojourns_nanoseconds - near.sojourns_nanoseconds;
    assert_eq!(added, 10_000 * 500_000_000);
}

/// It does not matter where one waits: in front of the only server or in the balancer's queue, which serves in the
/// same order.
#[test]
fn the_balancer_s_queue_is_first_come_first_served() {
    let base = with(
        world(&named("random"), 50_000),
        json!({
            "nodes": nodes(1), "arrivals": {"kind": "poisson", "rate": 0.8},
            "settings": {"queue": {"length": 10_000, "timeout": 10_000.0}},
        }),
    );
    let there = play(&base, 5);
    let here = play(&with_nodes(base, &json!({"capacity": 1})), 5);
    assert_eq!(here.ok, 50_000);
    assert_eq!(here.little, there.little);
    assert_eq!(here.nodes[0].peak, 1);
    assert!(there.nodes[0].peak > 10);
}

/// A queue that is short refuses at once; one that is slow refuses when the time is over, to the nanosecond.
#[test]
fn the_queue_s_bounds_hold() {
    let queue = |length: u32, timeout: f64| {
        let world = with(
            world(&named("random"), 3),
            json!({
                "nodes": [{"id": "n0", "capacity": 1}], "arrivals": {"kind": "trace", "times": [1.0, 2.0, 3.0]},
                "service": {"kind": "deterministic", "mean": 10.0}, "warmup": 0.0,
                "settings": {"queue": {"length": length, "timeout": timeout}},
            }),
        );
        let outcome = play(&world, 1);
        (outcome.ok, outcome.refused, outcome.little.sojourns_nanoseconds)
    };
    // The second waits from 2 to 11 and is served to 21; the third is refused at once.
    assert_eq!(queue(1, 100.0), (2, 1, 29_000_000_000));
    assert_eq!(queue(0, 100.0), (1, 2, 10_000_000_000));
    // Both wait for 2.5 s and no longer.
    assert_eq!(queue(5, 2.5), (1, 2, 15_000_000_000));
}

/// Room for the served alone: Erlang's loss formula, for any law. B(10, 8) = .121661 (audit, section 3). Arrivals are
/// Poisson, so the share of the lost varies by batches; six standard deviations of independent losses cover that.
#[test]
fn a_node_without_a_waiting_room_loses_what_erlang_says() {
    for (seed, law) in [
        (1, json!({"kind": "exponential", "mean": 1.0})),
        (2, json!({"kind": "deterministic", "mean": 1.0})),
        (3, json!({"kind": "hyperexponential", "mean": 1.0, "cv2": 4.0})),
    ] {
        let requests = 400_000;
        let world = with(
            world(&named("random"), requests),
            json!({
                "nodes": [{"id": "n0", "concurrency": 10, "queue_limit": 0}],
                "arrivals": {"kind": "poisson", "rate": 8.0}, "service": law,
                "settings": {"ejection": null, "retries": {"extra": 0}},
            }),
        );
        let outcome = play(&world, seed);
        let lost = outcome.failed as f64 / requests as f64;
        let spread = (0.121_661 * 0.878_339 / requests as f64).sqrt();
        assert!((lost - 0.121_661).abs() < 6.0 * spread, "{lost}");
    }
}

/// Attempts stay within the core's budget: a fifth of the requests, ten a second, and ten to begin with.
#[test]
fn retries_stay_within_the_core_s_budget() {
    let sick: Vec<Value> = (0..10)
        .map(|n| json!({"at": 0.0, "do": "fail", "node": format!("n{n}"), "share": 0.5}))
        .collect();
    let world = with(
        world(&two_choices(), 100_000),
        json!({
            "arrivals": {"kind": "poisson", "rate": 1000.0}, "timeline": sick,
            "service": {"kind": "exponential", "mean": 0.001}, "settings": {"ejection": null},
        }),
    );
    let outcome = play(&world, 8);
    assert!(outcome.failed > 10_000);
    assert!(outcome.retries > 15_000);
    let most = 0.2 * outcome.requests as f64 + 10.0 * outcome.seconds + 10.0;
    assert!(outcome.retries as f64 <= most, "{} > {most}", outcome.retries);
    assert_eq!(outcome.tries, outcome.requests + outcome.retries);
}

/// Machine repair: one server, N clients who think for Z on average: p0 = 1 / Σ N!/(N-n)! (S/Z)^n, throughput (1-p0)/S.
#[test]
fn clients_that_wait_for_their_answer_are_the_repair_model() {
    let (clients, think) = (6, 4.0_f64);
    let mut sum = 0.0;
    let mut term = 1.0;
    for n in 0..=clients {
        sum += term;
        term *= f64::from(clients - n) / think;
    }
    let want = 1.0 - 1.0 / sum;
    let world = with(
        world(&named("random"), 300_000),
        json!({"nodes": nodes(1), "arrivals": {"kind": "closed", "clients": clients, "think": think}}),
    );
    let found = play(&world, 6).throughput;
    let z = (found.value.unwrap() - want) / found.se.unwrap();
    assert!(z.abs() <= 4.5, "{found:?}, want {want}: z = {z}");
}

/// Without thinking time all clients are always out.
#[test]
fn clients_that_do_not_think_are_always_out() {
    let world = with(
        world(&named("least_connections"), 10_000),
        json!({"arrivals": {"kind": "closed", "clients": 30}, "service": {"kind": "deterministic", "mean": 1.0}}),
    );
    let outcome = play(&world, 1);
    let found = outcome.in_system.value.unwrap();
    assert!((found - 30.0).abs() < 1e-9, "{found}");
    assert!((outcome.throughput.value.unwrap() - 10.0).abs() < 0.01);
}

/// Bursts and days: the long-run rate is what it must be. The number of arrivals in a fixed time, within 4.5 of its
/// standard errors over replications.
#[test]
fn bursts_and_days_keep_their_mean_rate() {
    for (arrivals, rate) in [
        (json!({"kind": "mmpp", "rates": [2.0, 20.0, 0.0], "dwell": [4.0, 1.0, 1.0]}), 28.0 / 6.0),
        (json!({"kind": "diurnal", "rate": 5.0, "amplitude": 0.8, "period": 50.0}), 5.0),
        (json!({"kind": "poisson", "rate": 5.0}), 5.0),
        (json!({"kind": "deterministic", "rate": 5.0}), 5.0),
    ] {
        let world = with(
            with_nodes(world(&named("random"), 1), &json!({"concurrency": null})),
            json!({"requests": null, "seconds": 20_000.0, "arrivals": arrivals}),
        );
        let found = play(&world, 12).throughput;
        let z = (found.value.unwrap() - rate) / found.se.unwrap().max(1e-3);
        assert!(z.abs() <= 4.5, "{arrivals}: {found:?}, want {rate}: z = {z}");
    }
}

/// The day of the sine: by slices of a quarter of it, busiest in its first half.
#[test]
fn a_day_has_its_hours() {
    let world = with(
        with_nodes(world(&named("random"), 1), &json!({"concurrency": null})),
        json!({
            "requests": null, "seconds": 1_000.0, "series_every": 500.0,
            "arrivals": {"kind": "diurnal", "rate": 20.0, "amplitude": 1.0, "period": 1_000.0},
        }),
    );
    let series = play(&world, 2).series.unwrap();
    // 20 · 500 · (1 ± 2/π): 16,366 and 3,634; four standard deviations are 512 and 241.
    assert!(series[0].ok.abs_diff(16_366) < 520, "{}", series[0].ok);
    assert!(series[1].ok.abs_diff(3_634) < 250, "{}", series[1].ok);
}

/// One key goes to one node; many keys of one frequency go everywhere; a trace of keys is walked in its order.
#[test]
fn keys_reach_the_strategy() {
    let ring = json!({"name": "consistent_hash"});
    let keyed = |keys: Value| {
        let world = with(world(&ring, 20_000), json!({"keys": keys, "trace_picks": true}));
        play(&with_nodes(world, &json!({"concurrency": null})), 3)
    };
    let one = keyed(json!({"kind": "zipf", "count": 1, "exponent": 1.0}));
    assert_eq!(one.nodes.iter().filter(|node| node.picks > 0).count(), 1);
    let many = keyed(json!({"kind": "zipf", "count": 1_000_000, "exponent": 0.0}));
    assert!(many.nodes.iter().all(|node| node.picks > 1_000));
    let few = keyed(json!({"kind": "trace", "keys": ["ada", "bob", "eve"]}));
    let picks = few.picks.unwrap();
    assert_eq!(picks.len(), 20_000);
    for (place, pick) in picks.iter().enumerate() {
        assert_eq!(*pick, picks[place % 3]);
    }
}

/// Zipf with exponent 1 over four keys: the first comes 12/25 of the time; within 4.5 standard deviations.
#[test]
fn keys_have_zipf_s_frequencies() {
    let world = with(
        world(&json!({"name": "consistent_hash"}), 100_000),
        json!({"keys": {"kind": "zipf", "count": 4, "exponent": 1.0}, "nodes": nodes(200)}),
    );
    let outcome = play(&with_nodes(world, &json!({"concurrency": null})), 3);
    let mut picks: Vec<u64> = outcome.nodes.iter().map(|node| node.picks).collect();
    picks.sort_unstable();
    picks.reverse();
    for (place, want) in [12.0, 6.0, 4.0, 3.0].into_iter().enumerate() {
        let (share, found) = (want / 25.0, picks[place] as f64);
        let spread = (100_000.0_f64 * share * (1.0 - share)).sqrt();
        assert!((found - 100_000.0 * share).abs() < 4.5 * spread, "{picks:?}");
    }
}

/// Each dispatcher has a cursor of its own: D of them differ by at most D, together.
#[test]
fn dispatchers_are_independent_of_each_other() {
    let of = |dispatchers: u64| {
        let world = with(world(&named("round_robin"), 10_003), json!({"dispatchers": dispatchers}));
        let outcome = play(&world, 4);
        let picks: Vec<u64> = outcome.nodes.iter().map(|node| node.picks).collect();
        picks.iter().max().unwrap() - picks.iter().min().unwrap()
    };
    assert_eq!(of(1), 1);
    let several = of(30);
    assert!((2..=30).contains(&several), "{several}");
}

/// Each dispatcher keeps a hand of its own. Twelve nodes, six callers of four each: two laps, so every node is kept by
/// exactly two of them; one caller alone knows only its four.
#[test]
fn every_dispatcher_keeps_its_own_subset() {
    let of = |dispatchers: u64| {
        let subset = json!({"subset": {"size": 4, "instances": 6}});
        let changes = json!({"nodes": nodes(12), "dispatchers": dispatchers, "settings": subset, "report_every": 5.0});
        play(&with(world(&named("round_robin"), 24_000), changes), 4)
    };
    let kept =
        |outcome: &evenly_sim::Outcome| outcome.nodes.iter().filter(|node| node.picks > 0).count();
    assert_eq!(kept(&of(1)), 4);
    let all = of(6);
    // Each node gets a quarter of two callers' binomial shares: 2,000 ± 4.5 · √(24,000 · (1/3) · (2/3)) / 4.
    for node in &all.nodes {
        assert!(node.picks.abs_diff(2_000) < 90, "{}: {}", node.id, node.picks);
    }
}

/// A board that is never renewed after the start says zero for all for ever: the choice between two equals is chance.
/// One that is renewed often knows nearly as much as the truth.
#[test]
fn reports_are_as_good_as_they_are_fresh() {
    let mean = |every: Option<f64>| {
        let strategy = json!({"name": "power_of_two", "load": "reported"});
        let world = with(world(&strategy, 200_000), json!({"report_every": every}));
        play(&world, 5).response.mean.value.unwrap()
    };
    let (fresh, stale, old) = (mean(Some(0.01)), mean(Some(3.0)), mean(Some(1e6)));
    assert!(fresh < 3.3 && fresh < stale && stale < old, "{fresh} {stale} {old}");
}
