//! What is refused, and that the refusal says what to write instead.

use evenly_core::{Nanos, Reason, Settings, Spec, StrategySpec, Value, load, pick, strategies};

use crate::common::{all_strategies, balancer, balancer_of, nodes, plain};

fn fault(nodes: Vec<Spec>, strategy: &StrategySpec) -> String {
    let made = evenly_core::Balancer::new("test", nodes, strategy, plain(), Nanos::ZERO, 1);
    made.unwrap_err().to_string()
}

fn says(text: &str, words: &[&str]) {
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[test]
fn nodes_that_make_no_sense_are_refused_with_what_to_write() {
    let spec = StrategySpec::named("random");
    says(&fault(vec![Spec::new("a"), Spec::new("a")], &spec), &["\"a\"", "twice", "weight"]);
    says(&fault(vec![Spec::new("a").weight(0)], &spec), &["\"a\"", "weight 0", "1 to 65535"]);
    says(&fault(vec![Spec::new("a").weight(65_536)], &spec), &["65536"]);
    says(&fault(vec![Spec::new("a").capacity(0)], &spec), &["capacity 0", "leave it out"]);
}

#[test]
fn strategies_and_options_that_do_not_exist_are_refused_with_those_that_do() {
    says(&fault(nodes(2), &StrategySpec::named("pwer")), &["pwer", "power_of_two", "round_robin"]);
    let with = |name: &str, key: &str, value| StrategySpec::named(name).with(key, value);
    says(&fault(nodes(2), &with("power_of_two", "laod", Value::Int(1))), &["laod", "load"]);
    says(&fault(nodes(2), &with("random", "x", Value::Bool(true))), &["\"x\"", "none"]);
    says(&fault(nodes(2), &with("power_of_two", "load", Value::Int(1))), &["load", "1", "text"]);
    says(
        &fault(nodes(2), &with("power_of_two", "load", Value::Text("cpu".into()))),
        &["cpu", "peak_ewma"],
    );
    for bad in [1, 17] {
        says(
            &fault(nodes(2), &with("power_of_two", "choices", Value::Int(bad))),
            &["choices", "from 2 to 16"],
        );
    }
    says(
        &fault(nodes(2), &with("power_of_two", "sampling", Value::Text("all".into()))),
        &["sampling", "\"all\"", "\"weight\"", "\"uniform\""],
    );
    for bad in [0, -1, 65_537] {
        says(
            &fault(nodes(2), &with("consistent_hash", "virtual_nodes", Value::Int(bad))),
            &["virtual_nodes", "from 1 to 65536"],
        );
    }
}

#[test]
fn a_ring_too_large_for_memory_is_refused() {
    let heavy = (0..4).map(|n| Spec::new(&format!("n{n}")).weight(60_000)).collect();
    says(&fault(heavy, &StrategySpec::named("consistent_hash")), &["points", "common factor"]);
}

#[test]
fn a_refused_change_leaves_everything_as_it_was() {
    let balancer = balancer("round_robin", nodes(2));
    assert!(balancer.add(Spec::new("n1"), Nanos::ZERO).is_err());
    assert!(balancer.update("n0", Some(0), None, Nanos::ZERO).is_err());
    assert!(balancer.replace(vec![Spec::new("x"), Spec::new("x")], Nanos::ZERO).is_err());
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(balancer.report("n0", bad).is_err());
    }
    let left: Vec<_> = balancer
        .nodes(Nanos::ZERO)
        .into_iter()
        .map(|node| (node.id.to_string(), node.weight, node.reported))
        .collect();
    assert_eq!(left, [("n0".to_owned(), 1, None), ("n1".to_owned(), 1, None)]);
    let unknown = balancer.remove("n9", Nanos::ZERO).unwrap_err().to_string();
    says(&unknown, &["n9", "n0", "n1"]);
}

#[test]
fn every_strategy_has_the_five_headings_and_its_promise_names_a_law() {
    for entry in strategies() {
        let text: Vec<_> = entry.headings().collect();
        for heading in ["Does", "Suits", "Fails", "Costs", "Promise"] {
            assert_eq!(
                text.iter().filter(|line| line.starts_with(heading)).count(),
                1,
                "{}",
                entry.name
            );
        }
        assert!(
            text.iter().any(|line| line.contains(&format!("laws/{}", entry.name))),
            "{}",
            entry.name
        );
        assert!(entry.summary().ends_with('.'));
        let built = pick::build(&StrategySpec::named(entry.name)).unwrap();
        assert_eq!((built.name(), built.uses_key()), (entry.name, entry.uses_key));
    }
}

#[test]
fn documented_defaults_are_the_defaults() {
    for entry in strategies() {
        for option in entry.options.iter().filter(|option| option.name != "key") {
            let value = match option.kind {
                "int" => Value::Int(option.default.parse().unwrap()),
                "float" => Value::Float(option.default.parse().unwrap()),
                _ => Value::Text(option.default.to_owned()),
            };
            let named = StrategySpec::named(entry.name);
            let described = |spec: &StrategySpec| format!("{:?}", pick::build(spec).unwrap());
            assert_eq!(described(&named), described(&named.clone().with(option.name, value)));
        }
    }
}

/// Who reads no clock may be given a coarse one.
#[test]
fn only_loads_that_look_at_time_want_the_clock() {
    for spec in all_strategies() {
        let load = spec.options.get("load");
        let learns =
            matches!(load, Some(Value::Text(load)) if load == "peak_ewma" || load == "latency");
        let wanted = learns || ["least_latency", "prequal"].contains(&&*spec.name);
        assert_eq!(
            balancer_of(&spec, nodes(3), Settings::default()).reads_clock(),
            wanted,
            "{spec:?}"
        );
    }
    assert_eq!(load::NAMES.len(), 4);
}

#[test]
fn every_reason_has_a_name_of_its_own_in_small_letters() {
    let names: Vec<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    let unique: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    assert!(
        names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')),
        "{names:?}"
    );
}
