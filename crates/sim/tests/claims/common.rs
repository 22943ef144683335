//! Scenarios as tables, changed key by key.

use evenly_sim::{Outcome, simulate};
use serde_json::{Value, json};

/// Ten equal nodes of one server, Poisson arrivals at nine tenths of what they can do, exponential service of mean 1.
pub fn world(strategy: &Value, requests: u64) -> Value {
    json!({
        "nodes": nodes(10),
        "strategy": strategy,
        "arrivals": {"kind": "poisson", "rate": 9.0},
        "service": {"kind": "exponential", "mean": 1.0},
        "requests": requests,
    })
}

/// `count` nodes as they are by default.
pub fn nodes(count: usize) -> Value {
    (0..count).map(|node| json!({"id": format!("n{node}")})).collect()
}

/// The same table with other values under some keys.
pub fn with(mut table: Value, changes: Value) -> Value {
    if let (Value::Object(table), Value::Object(changes)) = (&mut table, changes) {
        table.extend(changes);
    }
    table
}

/// The same scenario with something set on every node.
pub fn with_nodes(mut world: Value, changes: &Value) -> Value {
    for node in world["nodes"].as_array_mut().unwrap() {
        *node = with(node.take(), changes.clone());
    }
    world
}

pub fn play(world: &Value, seed: u64) -> Outcome {
    simulate(&world.to_string(), seed).unwrap()
}

/// What is said of a scenario that cannot be.
pub fn fault(world: &Value) -> String {
    simulate(&world.to_string(), 1).unwrap_err().0
}

pub fn named(name: &str) -> Value {
    json!({"name": name})
}

/// The textbook's power of two choices.
pub fn two_choices() -> Value {
    json!({"name": "power_of_two", "load": "in_flight"})
}
