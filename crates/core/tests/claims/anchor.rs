//! AnchorHash: monotone whatever node comes or goes, exact shares after any history.

use evenly_core::{Nanos, Rng, Spec, StrategySpec, Value};

use crate::common::{
    balancer, balancer_of, nodes, owners, plain, shares, weighted, within_five_sigma,
};

/// A random history of joins, leaves and changes of weight: each step moves keys only to or from the node it is about.
#[test]
fn every_step_moves_only_the_keys_of_the_node_it_is_about() {
    let mut rng = Rng::seeded(6);
    let balancer = balancer("anchor", nodes(4));
    let mut before = owners(&balancer, 1_000);
    let mut next = 4;
    for _ in 0..150 {
        let all = balancer.nodes(Nanos::ZERO);
        let some = all[rng.below(all.len())].id.to_string();
        let about = match rng.below(3) {
            0 if all.len() > 1 => {
                balancer.remove(&some, Nanos::ZERO).unwrap();
                some
            }
            1 => {
                let weight = 1 + rng.below(4) as u32;
                balancer.update(&some, Some(weight), None, Nanos::ZERO).unwrap();
                some
            }
            _ => {
                next += 1;
                balancer.add(Spec::new(&format!("n{next}")), Nanos::ZERO).unwrap();
                format!("n{next}")
            }
        };
        let after = owners(&balancer, 1_000);
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || *before == about || *after == about, "{before} {after}");
        }
        before = after;
    }
}

#[test]
fn shares_are_exactly_those_of_the_weights_after_any_history() {
    let balancer = balancer("anchor", nodes(6));
    for gone in ["n3", "n0", "n5"] {
        balancer.remove(gone, Nanos::ZERO).unwrap();
    }
    balancer.update("n2", Some(2), None, Nanos::ZERO).unwrap();
    balancer.update("n4", Some(5), None, Nanos::ZERO).unwrap();
    let lent = owners(&balancer, 40_000);
    let drawn = shares(&balancer, 40_000, &mut Rng::seeded(5));
    for (index, weight) in [(1, 1), (2, 2), (4, 5)] {
        let p = f64::from(weight) / 8.0;
        let count = lent.iter().filter(|id| **id == format!("n{index}")).count();
        assert!(within_five_sigma(count, 40_000, p), "{count}");
        assert!(within_five_sigma(drawn[&index], 40_000, p), "{drawn:?}");
    }
}

#[test]
fn callers_with_the_same_history_agree_and_the_order_of_the_list_makes_no_difference() {
    let mut specs = weighted(&[1, 2, 3, 4, 5]);
    let one = balancer("anchor", specs.clone());
    specs.reverse();
    let two = balancer("anchor", specs);
    assert_eq!(owners(&one, 2_000), owners(&two, 2_000));
    for balancer in [&one, &two] {
        balancer.remove("n1", Nanos::ZERO).unwrap();
        balancer.add(Spec::new("x"), Nanos::ZERO).unwrap();
    }
    assert_eq!(owners(&one, 2_000), owners(&two, 2_000));
}

/// Not a promise but its limit: who comes later and sees only the nodes as they are places keys elsewhere.
#[test]
fn a_caller_without_the_history_disagrees() {
    let old = balancer("anchor", nodes(5));
    for gone in ["n1", "n3"] {
        old.remove(gone, Nanos::ZERO).unwrap();
    }
    let new = balancer("anchor", vec![Spec::new("n0"), Spec::new("n2"), Spec::new("n4")]);
    assert_ne!(owners(&old, 2_000), owners(&new, 2_000));
}

#[test]
fn more_weight_than_buckets_is_refused() {
    let spec = StrategySpec::named("anchor").with("size", Value::Int(4));
    let balancer = balancer_of(&spec, nodes(4), plain());
    let fault = balancer.add(Spec::new("n4"), Nanos::ZERO).unwrap_err().to_string();
    assert!(fault.contains("5 does not fit into 4 buckets"), "{fault}");
    for gone in ["n0", "n1", "n2"] {
        balancer.remove(gone, Nanos::ZERO).unwrap();
    }
    assert!(owners(&balancer, 50).iter().all(|id| id == "n3"));
}
