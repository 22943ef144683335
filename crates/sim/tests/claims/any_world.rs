//! Worlds put together at random: whatever happens in them, nothing is lost and nothing depends on the machine.

use evenly_core::{Rng, strategies};
use serde_json::{Value, json};

use crate::common::{play, with};

/// One of several, all as likely.
fn one_of(rng: &mut Rng, choices: &[Value]) -> Value {
    choices[rng.below(choices.len())].clone()
}

fn node(rng: &mut Rng, number: usize) -> Value {
    json!({
        "id": format!("n{number}"),
        "weight": 1 + rng.below(5),
        "capacity": one_of(rng, &[json!(null), json!(1), json!(4)]),
        "speed": one_of(rng, &[json!(1.0), json!(0.3), json!(2.7)]),
        "concurrency": one_of(rng, &[json!(null), json!(1), json!(3)]),
        "queue_limit": one_of(rng, &[json!(null), json!(0), json!(5)]),
        "discipline": one_of(rng, &[json!("fcfs"), json!("ps")]),
        "joins": number == 0 || rng.below(5) > 0,
    })
}

fn event(rng: &mut Rng, nodes: usize) -> Value {
    let what = one_of(
        rng,
        &[
            json!({"do": "kill"}),
            json!({"do": "hang"}),
            json!({"do": "slow", "factor": 5.0}),
            json!({"do": "fail", "share": 0.5, "after": 0.01}),
            json!({"do": "recover"}),
            json!({"do": "join"}),
            json!({"do": "leave"}),
            json!({"do": "drain"}),
            json!({"do": "weight", "weight": 3}),
            json!({"do": "speed", "speed": 2.0}),
        ],
    );
    let node = format!("n{}", rng.below(nodes));
    with(what, json!({"at": 400.0 * rng.unit(), "node": node}))
}

fn any_world(rng: &mut Rng) -> Value {
    let count = 1 + rng.below(6);
    let names: Vec<Value> = strategies().iter().map(|one| json!({"name": one.name})).collect();
    let nodes: Vec<Value> = (0..count).map(|number| node(rng, number)).collect();
    let timeline: Vec<Value> = (0..rng.below(12)).map(|_| event(rng, count)).collect();
    let rate = count as f64;
    json!({
        "nodes": nodes, "timeline": timeline, "strategy": one_of(rng, &names), "requests": 1_500,
        "arrivals": one_of(rng, &[
            json!({"kind": "poisson", "rate": rate}),
            json!({"kind": "deterministic", "rate": rate}),
            json!({"kind": "mmpp", "rates": [0.0, 4.0 * rate], "dwell": [3.0, 1.0]}),
            json!({"kind": "diurnal", "rate": rate, "amplitude": 1.0, "period": 60.0}),
            json!({"kind": "closed", "clients": 2 * count, "think": 0.5}),
            json!({"kind": "closed", "clients": 9 * count}),
        ]),
        "service": one_of(rng, &[
            json!({"kind": "exponential", "mean": 0.8}),
            json!({"kind": "deterministic", "mean": 0.0}),
            json!({"kind": "hyperexponential", "mean": 0.8, "cv2": 9.0}),
            json!({"kind": "bounded_pareto", "shape": 1.1, "low": 0.2, "high": 50.0}),
        ]),
        "keys": one_of(rng, &[json!(null), json!({"kind": "zipf", "count": 50, "exponent": 0.9})]),
        "delay": one_of(rng, &[json!(0.0), json!(0.2)]),
        "dispatchers": 1 + rng.below(3),
        "report_every": one_of(rng, &[json!(null), json!(0.7)]),
        "timeout": one_of(rng, &[json!(null), json!(0.3), json!(6.0)]),
        "settings": one_of(rng, &[
            json!({}),
            json!({"subset": {"size": 2, "instances": 3}}),
            json!({"ejection": null, "slow_start": 0, "queue": {"length": 3, "timeout": 0.5}}),
            json!({"health": {"every": 2.0, "fast": 0.5, "required": true}, "retries": {"extra": 4, "backoff": 0.3}}),
        ]),
        "seconds": one_of(rng, &[json!(null), json!(300.0)]),
        "series_every": one_of(rng, &[json!(null), json!(20.0)]),
        "trace_picks": true,
    })
}

/// The ledger, Little's law and the series, on 300 worlds; one in ten is played twice.
#[test]
fn in_any_world_the_books_balance() {
    for seed in 0..300 {
        let world = any_world(&mut Rng::seeded(seed));
        let outcome = play(&world, seed);
        assert!(outcome.complete, "{seed}: {world}");
        assert_eq!(
            outcome.requests,
            outcome.ok + outcome.failed + outcome.refused,
            "{seed}: {world}"
        );
        assert_eq!(outcome.tries, outcome.nodes.iter().map(|node| node.picks).sum::<u64>());
        for node in &outcome.nodes {
            assert_eq!(node.picks, node.ok + node.failed, "{seed}: {world}");
            assert!(node.utilisation.is_none_or(|busy| (0.0..=1.0 + 1e-9).contains(&busy)));
        }
        let little = outcome.little;
        assert_eq!(little.integral_nanoseconds, little.sojourns_nanoseconds, "{seed}: {world}");
        let picks = outcome.picks.as_ref().unwrap();
        assert_eq!(picks.len() as u64, outcome.requests);
        let never_sent = picks.iter().filter(|&&pick| pick < 0).count() as u64;
        assert_eq!(never_sent, outcome.refused, "{seed}: {world}");
        if let Some(series) = &outcome.series {
            assert_eq!(series.iter().map(|slice| slice.ok).sum::<u64>(), outcome.ok);
            let failed: u64 = series.iter().map(|slice| slice.failed).sum();
            assert_eq!(failed, outcome.failed + outcome.refused);
        }
        if seed % 10 == 0 {
            assert_eq!(outcome.to_json(), play(&world, seed).to_json(), "{seed}: {world}");
        }
    }
}
