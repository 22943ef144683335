//! Held to closed forms and exact chains, by each run's own standard error: |z| ≤ 4.5 (one false alarm in 147,000).

use evenly_sim::{Estimate, Outcome};
use serde_json::{Value, json};

use crate::common::{named, nodes, play, two_choices, with, with_nodes, world};

#[track_caller]
fn agrees(what: &str, found: &Estimate, want: f64, own_error: f64) {
    let (value, se) = (found.value.unwrap(), found.se.unwrap());
    let z = (value - want) / se.hypot(own_error);
    println!("{what}: {value:.4} ± {se:.4}, want {want}: z = {z:.2}");
    assert!(z.abs() <= 4.5, "{what}: {value} ± {se}, want {want}: z = {z}");
    // An error so large that anything would agree is no test.
    assert!(se < 0.1 * want, "{what}: {value} ± {se} says nothing");
}

fn mean_of(what: &str, world: &Value, seed: u64, want: f64, own_error: f64) -> Outcome {
    let outcome = play(world, seed);
    agrees(what, &outcome.response.mean, want, own_error);
    outcome
}

fn single(rate: f64, requests: u64) -> Value {
    with(
        world(&named("random"), requests),
        json!({"nodes": nodes(1), "arrivals": {"kind": "poisson", "rate": rate}}),
    )
}

/// E[T] = 1/(1-ρ), quantile q = -ln(1-q)/(1-ρ), E[N] = ρ/(1-ρ).
#[test]
fn one_server_is_m_m_1() {
    for (seed, rho) in [(21, 0.5), (22, 0.8), (23, 0.9)] {
        let free = 1.0 - rho;
        let outcome = mean_of("M/M/1", &single(rho, 400_000), seed, 1.0 / free, 0.0);
        agrees("number in system", &outcome.in_system, rho / free, 0.0);
        agrees("throughput", &outcome.throughput, rho, 0.0);
        for (key, quantile) in [("0.5", 0.5_f64), ("0.95", 0.95), ("0.99", 0.99)] {
            let want = -(1.0 - quantile).ln() / free;
            // The histogram itself is exact to one in a thousand.
            agrees(key, &outcome.response.quantiles[key], want, want / 1000.0);
        }
    }
}

/// Erlang C at ρ = .8: E[T] = 1.7455 with four servers, 1.2046 with ten.
#[test]
fn several_servers_of_one_node_are_m_m_c() {
    for (seed, servers, want) in [(31, 4, 1.7455), (32, 10, 1.2046)] {
        let world =
            with_nodes(single(0.8 * f64::from(servers), 400_000), &json!({"concurrency": servers}));
        mean_of("M/M/c", &world, seed, want, 5e-5);
    }
}

/// Pollaczek and Khinchine: E[T] = 1 + ρ(1+cv²)/(2(1-ρ)) with mean service 1.
#[test]
fn one_server_of_any_law_is_m_g_1() {
    let rho: f64 = 0.7;
    for (seed, law, cv2) in [
        (41, json!({"kind": "deterministic", "mean": 1.0}), 0.0),
        (42, json!({"kind": "uniform", "low": 0.5, "high": 1.5}), 1.0 / 12.0),
        (43, json!({"kind": "hyperexponential", "mean": 1.0, "cv2": 4.0}), 4.0),
        (44, json!({"kind": "log_normal", "mean": 1.0, "cv": 1.5}), 2.25),
        (45, json!({"kind": "empirical", "samples": [0.5, 0.5, 2.0]}), 0.5),
    ] {
        let want = 1.0 + rho * (1.0 + cv2) / (2.0 * (1.0 - rho));
        let world = with(single(rho, 600_000), json!({"service": law}));
        mean_of(&law.to_string(), &world, seed, want, 0.0);
    }
}

/// Processor sharing forgets all of the law but its mean: E[T] = 1/(1-ρ).
#[test]
fn processor_sharing_is_insensitive_to_the_law() {
    for (seed, law) in [
        (51, json!({"kind": "deterministic", "mean": 1.0})),
        (52, json!({"kind": "exponential", "mean": 1.0})),
        (53, json!({"kind": "hyperexponential", "mean": 1.0, "cv2": 10.0})),
        (54, json!({"kind": "bounded_pareto", "shape": 1.5, "low": 0.382_992, "high": 38.0})),
    ] {
        let world = with_nodes(
            with(single(0.8, 500_000), json!({"service": law})),
            &json!({"discipline": "ps"}),
        );
        let mean = match law["kind"].as_str() {
            Some("bounded_pareto") => pareto_mean(1.5, 0.382_992, 38.0),
            _ => 1.0,
        };
        let want = mean / (1.0 - 0.8 * mean);
        mean_of(&law.to_string(), &world, seed, want, 0.0);
    }
}

/// The mean of the bounded Pareto law (Harchol-Balter 2013, 20.5).
fn pareto_mean(shape: f64, low: f64, high: f64) -> f64 {
    let cut = 1.0 - (low / high).powf(shape);
    shape / (shape - 1.0) * low * (1.0 - (low / high).powf(shape - 1.0)) / cut
}

/// Random: each node is an M/M/1 queue of its own. Round robin: E_k/M/1. Both at ρ = .9 with ten nodes (audit, section 3).
#[test]
fn random_and_round_robin_split_as_their_queues_say() {
    mean_of("random", &world(&named("random"), 3_000_000), 61, 10.0, 0.0);
    mean_of("round robin", &world(&named("round_robin"), 2_000_000), 62, 5.6603, 5e-5);
}

/// Join the shortest of two queues, from the exact chain; of ten, from 10^9 simulated events (audit, section 3).
#[test]
fn least_connections_is_join_the_shortest_queue() {
    let of = |count: usize, rho: f64| {
        with(
            world(&named("least_connections"), 1_000_000),
            json!({"nodes": nodes(count), "arrivals": {"kind": "poisson", "rate": rho * count as f64}}),
        )
    };
    for (seed, rho, want) in [(71, 0.5, 1.42632), (72, 0.8, 2.95574), (73, 0.9, 5.47491)] {
        mean_of("JSQ(2)", &of(2, rho), seed, want, 5e-6);
    }
    mean_of("JSQ(10)", &of(10, 0.9), 74, 1.9130, 0.0011);
}

/// Power of two choices without replacement, ten nodes (audit, section 3).
#[test]
fn power_of_two_is_the_supermarket_model() {
    for (seed, rho, want, error) in [(81, 0.5, 1.2859, 2e-4), (82, 0.9, 2.9836, 0.005)] {
        let world = with(
            world(&two_choices(), 1_500_000),
            json!({"arrivals": {"kind": "poisson", "rate": rho * 10.0}}),
        );
        mean_of("two of ten", &world, seed, want, error);
    }
}
