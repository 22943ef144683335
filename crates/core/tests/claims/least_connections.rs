//! Least connections: `lc_peak_optimal` (Lc.v) on the engine, the tree for many nodes, and ties.

use std::cmp::Ordering;

use evenly_core::{Admin, Loan, Nanos, Outcome, Rng, Spec, StrategySpec, Value};

use crate::common::{balancer, balancer_of, nodes, number, pick, plain, shares, weighted};

/// A load x / w as an exact fraction.
#[derive(Clone, Copy, Debug)]
struct Level(u64, u64);

impl PartialEq for Level {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Level {}
impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Level {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0 * other.1).cmp(&(other.0 * self.1))
    }
}

/// The level that some node must reach, whatever the policy, once `active` requests are in flight: the least λ with
/// Σ ⌊λ w⌋ ≥ active.
fn unavoidable(weights: &[u32], active: u64) -> Level {
    let holds = |level: Level| {
        weights.iter().map(|&w| level.0 * u64::from(w) / level.1).sum::<u64>() >= active
    };
    let candidates = |&w: &u32| (0..=active).map(move |x| Level(x, u64::from(w)));
    weights.iter().flat_map(candidates).filter(|&level| holds(level)).min().unwrap()
}

/// The same, reckoned one request after the other: filling up from empty reaches each level as late as can be.
struct Fill(Vec<u64>);

impl Fill {
    fn one_more(&mut self, weights: &[u32]) -> Level {
        let level = |node: usize| Level(self.0[node] + 1, u64::from(weights[node]));
        let next = (0..weights.len()).min_by_key(|&node| level(node)).unwrap();
        let reached = level(next);
        self.0[next] += 1;
        reached
    }
}

#[test]
fn filling_up_from_empty_reaches_exactly_the_unavoidable_level() {
    let mut rng = Rng::seeded(40);
    for _ in 0..50 {
        let weights: Vec<u32> = (0..=rng.below(6)).map(|_| 1 + rng.below(12) as u32).collect();
        let (mut fill, mut level) = (Fill(vec![0; weights.len()]), Level(0, 1));
        for active in 1..40 {
            level = level.max(fill.one_more(&weights));
            assert_eq!(level, unavoidable(&weights, active), "{active} on {weights:?}");
        }
    }
}

fn running_peak_is_optimal(weights: &[u32], arrivals: usize, seed: u64) {
    let balancer = balancer("least_connections", weighted(weights));
    let mut rng = Rng::seeded(seed);
    let mut loans: Vec<Loan> = Vec::new();
    let (mut peak, mut bound, mut most) = (Level(0, 1), Level(0, 1), 0);
    let mut fill = Fill(vec![0; weights.len()]);
    for _ in 0..arrivals {
        // Departures in bursts, so that the emptiest node is not always the one that was filled last.
        while !loans.is_empty() && rng.below(5) < 2 {
            loans.swap_remove(rng.below(loans.len())).leave(Outcome::Success, Nanos::ZERO);
        }
        loans.push(pick(&balancer, Nanos::ZERO, &mut rng));
        for member in &balancer.cluster().members {
            peak = peak.max(Level(u64::from(member.state.in_flight()), u64::from(member.weight)));
        }
        if loans.len() > most {
            most = loans.len();
            bound = bound.max(fill.one_more(weights));
        }
        assert!(peak == bound, "peak {peak:?}, unavoidable {bound:?} with {weights:?}");
    }
}

#[test]
fn the_running_peak_is_the_least_that_any_policy_can_reach() {
    let mut rng = Rng::seeded(41);
    for round in 0..60 {
        let weights: Vec<u32> = (0..=rng.below(8)).map(|_| 1 + rng.below(12) as u32).collect();
        running_peak_is_optimal(&weights, 150, round);
    }
}

#[test]
fn with_equal_weights_the_running_peak_is_the_ceiling_of_active_over_nodes() {
    for count in [1, 2, 3, 7, 32] {
        assert_eq!(unavoidable(&vec![1; count], 100), Level(100_u64.div_ceil(count as u64), 1));
        running_peak_is_optimal(&vec![1; count], 300, count as u64);
    }
}

#[test]
fn the_running_peak_is_optimal_in_large_clusters_too() {
    let mut rng = Rng::seeded(42);
    for count in [33, 64, 65, 150] {
        running_peak_is_optimal(&vec![1; count], 600, count as u64);
        let weights: Vec<u32> = (0..count).map(|_| 1 + rng.below(5) as u32).collect();
        running_peak_is_optimal(&weights, 300, 1_000 + count as u64);
    }
}

/// (in flight + 1) / weight of whoever was lent must have been the least among all that could be lent.
fn always_lends_a_least_loaded_one(count: usize, most_weight: usize, seed: u64) {
    let mut rng = Rng::seeded(seed);
    let specs = (0..count).map(|index| {
        let spec = Spec::new(&format!("n{index}")).weight(1 + rng.below(most_weight) as u32);
        if rng.below(3) == 0 { spec.capacity(1 + rng.below(4) as u32) } else { spec }
    });
    let balancer = balancer("least_connections", specs.collect());
    let mut loans: Vec<Loan> = Vec::new();
    for _ in 0..600 {
        let id = format!("n{}", rng.below(count));
        match rng.below(20) {
            0 => balancer.administer(&id, Admin::Down, Nanos::ZERO).unwrap(),
            1 | 2 => balancer.administer(&id, Admin::Serve, Nanos::ZERO).unwrap(),
            3 => {
                let capacity = (rng.below(2) == 0).then(|| 1 + rng.below(5) as u32);
                balancer.update(&id, None, Some(capacity), Nanos::ZERO).unwrap();
            }
            4..8 if !loans.is_empty() => {
                loans.swap_remove(rng.below(loans.len())).leave(Outcome::Success, Nanos::ZERO);
            }
            _ => {
                let fit = |node: &&evenly_core::NodeReport| {
                    node.serving && node.capacity.is_none_or(|capacity| node.in_flight < capacity)
                };
                let level = |node: &evenly_core::NodeReport| {
                    Level(u64::from(node.in_flight) + 1, u64::from(node.weight))
                };
                let before = balancer.nodes(Nanos::ZERO);
                let least = before.iter().filter(fit).map(level).min().unwrap();
                let loan = pick(&balancer, Nanos::ZERO, &mut rng);
                let lent = before.iter().find(|node| node.id == *loan.id()).unwrap();
                assert_eq!(level(lent), least, "of {count} nodes");
                loans.push(loan);
            }
        }
    }
}

#[test]
fn the_tree_of_a_large_cluster_lends_what_a_scan_would() {
    for (seed, count) in [33, 34, 63, 64, 65, 127, 200, 500].into_iter().enumerate() {
        always_lends_a_least_loaded_one(count, 3, seed as u64);
    }
}

/// Fractions of large weights differ by less than single precision can tell.
#[test]
fn loads_that_are_nearly_equal_are_told_apart() {
    always_lends_a_least_loaded_one(5, 65_535, 43);
    always_lends_a_least_loaded_one(40, 65_535, 44);
    let mut weights = vec![1; 40];
    weights[7] = 65_534;
    weights[30] = 65_535;
    for seed in 0..20 {
        let mut rng = Rng::seeded(seed);
        let loan = pick(&balancer("least_connections", weighted(&weights)), Nanos::ZERO, &mut rng);
        assert_eq!(&**loan.id(), "n30");
    }
}

/// One request at a time finds everybody idle: each pick is a fresh draw among all (theory 3.1.2).
#[test]
fn among_idle_nodes_every_pick_is_an_even_draw() {
    for (seed, count) in [2, 5, 32, 33, 40, 64].into_iter().enumerate() {
        let balancer = balancer("least_connections", nodes(count));
        let mut rng = Rng::seeded(45 + seed as u64);
        let picks = 1_000 * count;
        let shares = shares(&balancer, picks, &mut rng);
        // Chi-square with k - 1 degrees of freedom: mean k - 1, variance 2 (k - 1).
        let chi: f64 = (0..count)
            .map(|node| (*shares.get(&node).unwrap_or(&0) as f64 - 1_000.0).powi(2) / 1_000.0)
            .sum();
        let free = (count - 1) as f64;
        assert!(chi < free + 6.0 * (2.0 * free).sqrt() + 12.0, "{count} nodes: chi-square {chi}");
        // The same node twice in a row happens with probability 1/k.
        let mut repeats = 0;
        let mut last = None;
        for _ in 0..20_000 {
            let loan = pick(&balancer, Nanos::ZERO, &mut rng);
            repeats += usize::from(last.as_ref() == Some(loan.id()));
            last = Some(loan.id().clone());
            loan.leave(Outcome::Success, Nanos::ZERO);
        }
        assert!(
            crate::common::within_five_sigma(repeats, 20_000, 1.0 / count as f64),
            "{count}: {repeats}"
        );
    }
}

/// Section 4.3 of the reference document, under its own name: whoever has a connection is passed over.
#[test]
fn test_least_connections() {
    let balancer = balancer("least_connections", nodes(3));
    let mut rng = Rng::seeded(46);
    let loans: Vec<Loan> = (0..3).map(|_| pick(&balancer, Nanos::ZERO, &mut rng)).collect();
    let mut ids: Vec<_> = loans.iter().map(|loan| loan.id().clone()).collect();
    ids.sort();
    assert_eq!(ids.iter().map(|id| &**id).collect::<Vec<_>>(), ["n0", "n1", "n2"]);
}

/// Whatever the load, the least of all is lent; here a load that the nodes tell.
#[test]
fn the_least_of_another_load_is_lent() {
    for count in [3, 40] {
        let spec =
            StrategySpec::named("least_connections").with("load", Value::Text("reported".into()));
        let balancer = balancer_of(&spec, nodes(count), plain());
        let mut rng = Rng::seeded(47);
        for _ in 0..200 {
            let loads: Vec<f64> = (0..count).map(|_| rng.below(5) as f64).collect();
            for (node, &load) in loads.iter().enumerate() {
                balancer.report(&format!("n{node}"), load).unwrap();
            }
            let loan = pick(&balancer, Nanos::ZERO, &mut rng);
            let least = loads.iter().copied().fold(f64::MAX, f64::min);
            assert!(loads[number(loan.id())] <= least, "{loads:?}");
        }
    }
}
