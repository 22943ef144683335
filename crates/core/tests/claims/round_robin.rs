//! Round robin: in every window of picks over fixed fit nodes, shares differ by at most 1 (`rr_exact` in Lc.v).

use std::collections::HashSet;

use evenly_core::{Admin, Balancer, Nanos, Outcome, Rng, StrategySpec};

use crate::common::{balancer, nodes, number, pick, plain, shares};

fn sequence(balancer: &std::sync::Arc<Balancer>, length: usize) -> Vec<usize> {
    let mut rng = Rng::seeded(1);
    (0..length)
        .map(|_| {
            let loan = pick(balancer, Nanos::ZERO, &mut rng);
            let node = number(loan.id());
            loan.leave(Outcome::Success, Nanos::ZERO);
            node
        })
        .collect()
}

fn every_window_is_even(picks: &[usize], fit: &[usize]) {
    for from in 0..picks.len() {
        let mut counts = vec![0; 1 + fit.iter().max().unwrap()];
        for &node in &picks[from..] {
            counts[node] += 1;
            let of_fit = || fit.iter().map(|&node| counts[node]);
            assert!(
                of_fit().max().unwrap() - of_fit().min().unwrap() <= 1,
                "from {from}: {counts:?}"
            );
        }
    }
}

#[test]
fn in_every_window_shares_differ_by_at_most_one() {
    for count in 1..9 {
        every_window_is_even(
            &sequence(&balancer("round_robin", nodes(count)), 200),
            &(0..count).collect::<Vec<_>>(),
        );
    }
}

/// Scanning forward without moving the cursor along gives the successor of a dead node twice its share.
#[test]
fn a_dead_nodes_share_is_spread_evenly_and_not_given_to_its_successor() {
    let balancer = balancer("round_robin", nodes(4));
    balancer.administer("n1", Admin::Down, Nanos::ZERO).unwrap();
    every_window_is_even(&sequence(&balancer, 200), &[0, 2, 3]);
    balancer.administer("n1", Admin::Serve, Nanos::ZERO).unwrap();
    every_window_is_even(&sequence(&balancer, 200), &[0, 1, 2, 3]);
}

#[test]
fn the_round_goes_on_when_nodes_join_and_leave() {
    let balancer = balancer("round_robin", nodes(3));
    let mut rng = Rng::seeded(2);
    for step in 0..500 {
        let now = Nanos::from_millis(step);
        if step % 7 == 3 {
            balancer.add(evenly_core::Spec::new(&format!("n{}", 100 + step)), now).unwrap();
        }
        if step % 11 == 5 {
            let first = balancer.cluster().members[0].state.id().clone();
            balancer.remove(&first, now).unwrap();
        }
        let loan = pick(&balancer, now, &mut rng);
        assert!(balancer.find(loan.id()).is_ok(), "a node that has left was lent");
        loan.leave(Outcome::Success, now);
    }
    let after: Vec<usize> =
        balancer.cluster().members.iter().map(|member| number(member.state.id())).collect();
    let picks = sequence(&balancer, 3 * after.len());
    assert!(after.iter().all(|node| picks.iter().filter(|pick| *pick == node).count() == 3));
}

/// Many balancers that all began at the first node would meet there.
#[test]
fn balancers_of_different_seeds_begin_at_different_nodes() {
    let spec = StrategySpec::named("round_robin");
    let firsts: HashSet<usize> = (0..100)
        .map(|seed| {
            let balancer =
                Balancer::new("test", nodes(10), &spec, plain(), Nanos::ZERO, seed).unwrap();
            sequence(&balancer, 1)[0]
        })
        .collect();
    assert_eq!(firsts.len(), 10);
}

/// Section 4.3 of the reference document, under its own name: three nodes, six picks, two each.
#[test]
fn test_round_robin() {
    let shares = shares(&balancer("round_robin", nodes(3)), 6, &mut Rng::seeded(3));
    assert_eq!(shares.into_values().collect::<Vec<_>>(), [2, 2, 2]);
}
