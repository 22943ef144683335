//! How many requests are simulated in a second of real time: `cargo run --release -p evenly-sim --example speed`.

use std::time::Instant;

use evenly_sim::simulate;

fn main() {
    let requests: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(3_000_000);
    let nodes: Vec<String> = (0..10).map(|n| format!(r#"{{"id": "n{n}"}}"#)).collect();
    for strategy in [
        r#"{"name": "random"}"#,
        r#"{"name": "round_robin"}"#,
        r#"{"name": "least_connections"}"#,
        r#"{"name": "power_of_two", "load": "in_flight"}"#,
        r#"{"name": "power_of_two"}"#,
    ] {
        let scenario = format!(
            r#"{{"nodes": [{}], "strategy": {strategy}, "requests": {requests},
                "arrivals": {{"kind": "poisson", "rate": 9.0}}, "service": {{"kind": "exponential", "mean": 1.0}}}}"#,
            nodes.join(", ")
        );
        let start = Instant::now();
        let outcome = simulate(&scenario, 7).expect("the scenario is a good one");
        let rate = requests as f64 / start.elapsed().as_secs_f64() / 1e6;
        let mean = outcome.response.mean;
        println!(
            "{strategy:<48} {rate:6.2} M requests/s   mean {:.4} ± {:.4}",
            mean.value.unwrap_or(f64::NAN),
            mean.half_width.unwrap_or(f64::NAN)
        );
    }
}
