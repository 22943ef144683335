//! What a scenario may say, and what is said of one that cannot be.

use serde_json::{Value, json};

use crate::common::{fault, named, with, with_nodes, world};

/// Each fault names the place, what stands there, and what may stand there.
#[test]
fn a_fault_says_where_it_is_and_what_may_stand_there() {
    let good = || world(&named("random"), 10);
    let cases: Vec<(Value, &[&str])> = vec![
        (with(good(), json!({"request": 5})), &["request:", "no such key", "requests"]),
        (with(good(), json!({"arrivals": {"kind": "poisson"}})), &["arrivals.rate is missing"]),
        (
            with(good(), json!({"arrivals": {"kind": "poisson", "rate": 1.0, "mean": 2.0}})),
            &["arrivals.mean", "no such key", "kind, rate"],
        ),
        (
            with(good(), json!({"arrivals": {"kind": "poison", "rate": 1.0}})),
            &["arrivals.kind = \"poison\"", "poisson"],
        ),
        (
            with(good(), json!({"arrivals": {"kind": "poisson", "rate": 0.0}})),
            &["arrivals.rate = 0", "above 0"],
        ),
        (
            with(good(), json!({"arrivals": {"kind": "trace", "times": [1.0, 0.5]}})),
            &["arrivals.times[1] = 0.5", "sort"],
        ),
        (
            with(good(), json!({"service": {"kind": "hyperexponential", "mean": 1.0, "cv2": 0.5}})),
            &["service.cv2 = 0.5", "from 1"],
        ),
        (with(good(), json!({"strategy": {"name": "ranodm"}})), &["strategy", "ranodm", "random"]),
        (with(good(), json!({"nodes": []})), &["nodes", "at least one"]),
        (with(good(), json!({"nodes": [{"id": "a"}, {"id": "a"}]})), &["listed twice"]),
        (with_nodes(good(), &json!({"speed": -1.0})), &["nodes[0].speed = -1", "above 0"]),
        (with_nodes(good(), &json!({"concurrency": 0})), &["nodes[0].concurrency", "null"]),
        (with_nodes(good(), &json!({"concurency": 1})), &["nodes[0].concurency", "concurrency"]),
        (with(good(), json!({"requests": null})), &["requests and seconds", "one of them"]),
        (with(good(), json!({"warmup": 1.0})), &["warmup = 1", "below 1"]),
        (
            with(good(), json!({"timeline": [{"at": 1.0, "do": "kil", "node": "n1"}]})),
            &["timeline[0].do = \"kil\"", "kill"],
        ),
        (
            with(good(), json!({"timeline": [{"at": 1.0, "do": "kill", "node": "n77"}]})),
            &["timeline[0].node = \"n77\"", "n9"],
        ),
        (
            with(good(), json!({"settings": {"ejection": {"consequtive": 3}}})),
            &["settings.ejection.consequtive", "consecutive"],
        ),
        (with(good(), json!({"delay": "1s"})), &["delay = \"1s\"", "f64"]),
        (json!([1]), &["the scenario", "no object"]),
    ];
    for (scenario, words) in cases {
        let said = fault(&scenario);
        for word in words {
            assert!(said.contains(word), "{said:?} lacks {word:?}");
        }
    }
}
