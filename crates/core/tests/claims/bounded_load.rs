//! Bounded load on every hash strategy (Mirrokni, Thorup, Zadimoghaddam 2018).

use evenly_core::{
    Admin, Key, Loan, Nanos, Outcome, Rng, Spec, StrategySpec, Tried, Value, strategies,
};

use crate::common::{balancer_of, keys, nodes, number, owner, plain, weighted};

fn bounded(bound: f64) -> impl Iterator<Item = StrategySpec> {
    let hashing = strategies()
        .iter()
        .filter(|entry| entry.options.iter().any(|option| option.name == "bounded_load"));
    hashing
        .map(move |entry| StrategySpec::named(entry.name).with("bounded_load", Value::Float(bound)))
}

/// ceil(c · m · w / W) with c in hundredths, in whole numbers.
fn limit(hundredths: u64, loans: usize, weight: u32, weights: u32) -> u64 {
    (hundredths * loans as u64 * u64::from(weight)).div_ceil(100 * u64::from(weights))
}

#[test]
fn every_hash_strategy_has_the_option() {
    let named: Vec<_> = bounded(1.25).map(|spec| spec.name).collect();
    let keyed: Vec<_> =
        strategies().iter().filter(|entry| entry.uses_key).map(|entry| entry.name).collect();
    assert_eq!(named, keyed);
}

/// The promise, after each pick, with one hot key, many keys and none, loans coming and going.
#[test]
fn no_node_ever_gets_more_than_c_times_its_share_rounded_up() {
    let weights = [1, 2, 5, 1];
    for hundredths in [100, 110, 125, 200] {
        for spec in bounded(hundredths as f64 / 100.0) {
            let balancer = balancer_of(&spec, weighted(&weights), plain());
            let mut rng = Rng::seeded(hundredths);
            let mut held: Vec<Loan> = Vec::new();
            for step in 0..3_000_u64 {
                if !held.is_empty() && rng.below(100) < 45 {
                    held.swap_remove(rng.below(held.len())).leave(Outcome::Success, Nanos::ZERO);
                    continue;
                }
                let key = step.to_le_bytes();
                let key = match step % 3 {
                    0 => Key::Bytes(b"hot"),
                    1 => Key::Bytes(&key),
                    _ => Key::None,
                };
                let loan = balancer.pick(key, &Tried::default(), Nanos::ZERO, &mut rng).unwrap();
                let index = number(loan.id());
                held.push(loan);
                let own = held.iter().filter(|loan| number(loan.id()) == index).count() as u64;
                let most = limit(hundredths, held.len(), weights[index], 9);
                assert!(own <= most, "{spec:?}: {own} of {} on n{index}", held.len());
            }
        }
    }
}

/// With c = 1 every node is filled to the last place of its share: room always exists.
#[test]
fn with_a_bound_of_one_the_loads_are_as_even_as_whole_requests_can_be() {
    for spec in bounded(1.0) {
        let balancer = balancer_of(&spec, nodes(7), plain());
        let mut rng = Rng::seeded(1);
        let hot = || Key::Bytes(b"hot");
        let held: Vec<_> = (0..70)
            .map(|_| balancer.pick(hot(), &Tried::default(), Nanos::ZERO, &mut rng).unwrap())
            .collect();
        let counts = balancer.nodes(Nanos::ZERO).into_iter().map(|node| node.in_flight);
        assert!(counts.eq([10; 7]), "{spec:?}");
        drop(held);
    }
}

#[test]
fn what_is_too_much_goes_to_the_next_in_the_keys_own_order_and_comes_back() {
    for spec in bounded(1.25) {
        let balancer = balancer_of(&spec, nodes(4), plain());
        for key in keys(50) {
            let first = owner(&balancer, &key);
            balancer.administer(&first, Admin::Down, Nanos::ZERO).unwrap();
            let second = owner(&balancer, &key);
            balancer.administer(&first, Admin::Serve, Nanos::ZERO).unwrap();
            // One loan is out; of two, a node may have ceil(1.25 · 2 / 4) = 1.
            let mut rng = Rng::seeded(1);
            let hold = |rng: &mut Rng| {
                balancer.pick(Key::Bytes(&key), &Tried::default(), Nanos::ZERO, rng).unwrap()
            };
            let (one, two) = (hold(&mut rng), hold(&mut rng));
            assert_eq!((&**one.id(), &**two.id()), (&*first, &*second), "{spec:?}");
            drop((one, two));
            assert_eq!(owner(&balancer, &key), first);
        }
    }
}

/// With three of four nodes out, limits that count on all four leave no room; the one that is left takes everything.
#[test]
fn nodes_that_are_out_do_not_take_the_others_room_along() {
    for spec in bounded(1.0) {
        let balancer = balancer_of(&spec, nodes(4), plain());
        for id in ["n0", "n2", "n3"] {
            balancer.administer(id, Admin::Down, Nanos::ZERO).unwrap();
        }
        let mut rng = Rng::seeded(1);
        let held: Vec<_> = keys(20)
            .map(|key| {
                balancer.pick(Key::Bytes(&key), &Tried::default(), Nanos::ZERO, &mut rng).unwrap()
            })
            .collect();
        assert!(held.iter().all(|loan| &**loan.id() == "n1"));
    }
}

#[test]
fn a_bound_holds_across_changes_of_the_membership() {
    for spec in bounded(1.5) {
        let balancer = balancer_of(&spec, nodes(3), plain());
        let mut rng = Rng::seeded(1);
        let mut held: Vec<Loan> = Vec::new();
        for joined in 3..9 {
            for _ in 0..10 {
                let hot = Key::Bytes(b"hot");
                held.push(balancer.pick(hot, &Tried::default(), Nanos::ZERO, &mut rng).unwrap());
                let id = held.last().unwrap().id().clone();
                let own = held.iter().filter(|loan| *loan.id() == id).count() as u64;
                assert!(own <= limit(150, held.len(), 1, joined), "{spec:?}: {id}");
            }
            balancer.add(Spec::new(&format!("n{joined}")), Nanos::ZERO).unwrap();
        }
    }
}

#[test]
fn a_bound_that_makes_no_sense_is_refused_with_what_to_write() {
    for bad in [-1.0, 0.5, 0.999_999, 1000.1, f64::NAN, f64::INFINITY] {
        for spec in bounded(bad) {
            let fault = evenly_core::pick::build(&spec).unwrap_err().to_string();
            assert!(fault.contains("bounded_load") && fault.contains("from 1 to 1000"), "{fault}");
        }
    }
}
