//! Memory does not grow with the number of requests.

use serde_json::json;

/// What this process has had in memory at most, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Thirty times as many requests need less than a megabyte more: one byte for each would already be three.
#[test]
fn thirty_times_the_requests_take_no_more_memory() {
    let play = |requests: u64| {
        let nodes: Vec<_> = (0..10).map(|n| json!({"id": format!("n{n}")})).collect();
        let scenario = json!({
            "nodes": nodes, "strategy": {"name": "least_connections"}, "requests": requests,
            "arrivals": {"kind": "poisson", "rate": 9.0}, "service": {"kind": "exponential", "mean": 1.0},
        });
        assert_eq!(evenly_sim::simulate(&scenario.to_string(), 7).unwrap().ok, requests);
    };
    play(100_000);
    let before = most_memory();
    play(3_000_000);
    let grown = most_memory() - before;
    assert!(grown < 1024, "{grown} KiB more");
}
