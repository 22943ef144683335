//! Join the idle queue: nobody waits while somebody is idle.

use evenly_core::{Admin, Loan, Nanos, Outcome, Rng, Spec};

use crate::common::{balancer, nodes, number, pick, shares, weighted, within_five_sigma};

/// At every pick: an idle fit node is lent if there is one, in small clusters (a scan) and large ones (a tree).
#[test]
fn an_idle_node_is_lent_whenever_there_is_one() {
    for count in [1, 2, 5, 32, 33, 70] {
        let mut rng = Rng::seeded(83 + count as u64);
        let specs =
            (0..count).map(|at| Spec::new(&format!("n{at}")).weight(1 + rng.below(9) as u32));
        let balancer = balancer("join_idle", specs.collect());
        let mut loans: Vec<Loan> = Vec::new();
        for _ in 0..1_500 {
            let id = format!("n{}", rng.below(count));
            match rng.below(20) {
                0 if count > 1
                    && balancer.nodes(Nanos::ZERO).iter().filter(|node| node.serving).count()
                        > 1 =>
                {
                    balancer.administer(&id, Admin::Drain, Nanos::ZERO).unwrap();
                }
                1 | 2 => balancer.administer(&id, Admin::Serve, Nanos::ZERO).unwrap(),
                3..11 if !loans.is_empty() => {
                    loans.swap_remove(rng.below(loans.len())).leave(Outcome::Success, Nanos::ZERO);
                }
                _ => {
                    let before = balancer.nodes(Nanos::ZERO);
                    let idle = before.iter().any(|node| node.serving && node.in_flight == 0);
                    let loan = pick(&balancer, Nanos::ZERO, &mut rng);
                    let lent = &before[number(loan.id())];
                    assert!(lent.serving && (lent.in_flight == 0 || !idle), "{before:?}");
                    loans.push(loan);
                }
            }
        }
    }
}

/// Each pick over idle nodes is a fresh draw by weight: 1 : 2 : … in a scan and in a tree.
#[test]
fn among_idle_nodes_every_pick_is_a_draw_by_weight() {
    for count in [4, 40] {
        let weights: Vec<u32> = (0..count).map(|at| 1 + at % 4).collect();
        let total: u32 = weights.iter().sum();
        let balancer = balancer("join_idle", weighted(&weights));
        let picks = 40_000;
        let shares = shares(&balancer, picks, &mut Rng::seeded(84));
        for (node, &weight) in weights.iter().enumerate() {
            let share = f64::from(weight) / f64::from(total);
            assert!(within_five_sigma(shares[&node], picks, share), "{node}: {shares:?}");
        }
    }
}

/// When nobody is idle the strictly busiest is never lent: it is the less loaded of two.
#[test]
fn when_nobody_is_idle_the_busiest_is_never_lent() {
    let balancer = balancer("join_idle", nodes(5));
    let mut rng = Rng::seeded(85);
    let mut loans: Vec<Loan> = (0..5).map(|_| pick(&balancer, Nanos::ZERO, &mut rng)).collect();
    for _ in 0..2_000 {
        let mut counts: Vec<u32> =
            balancer.nodes(Nanos::ZERO).iter().map(|node| node.in_flight).collect();
        let loan = pick(&balancer, Nanos::ZERO, &mut rng);
        let own = counts[number(loan.id())];
        counts.sort_unstable();
        assert!(counts[0] > 0 || own == 0);
        assert!(counts[3] == counts[4] || own < counts[4], "{counts:?}");
        loans.push(loan);
        if loans.len() > 30 {
            loans.swap_remove(rng.below(loans.len())).leave(Outcome::Success, Nanos::ZERO);
        }
    }
}
