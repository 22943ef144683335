//! First that has room: no node is woken before those in front of it are full.

use evenly_core::{Admin, Loan, Nanos, Outcome, Rng, Spec};

use crate::common::{balancer, nodes, number, pick};

fn of_capacities(capacities: &[u32]) -> Vec<Spec> {
    let specs = nodes(capacities.len()).into_iter().zip(capacities);
    specs.map(|(spec, &capacity)| spec.capacity(capacity)).collect()
}

/// The nodes in use are the least m with C_1 + … + C_m at least the most that was ever in flight.
#[test]
fn exactly_as_many_nodes_are_used_as_the_peak_needs() {
    let mut rng = Rng::seeded(81);
    for _ in 0..40 {
        let capacities: Vec<u32> = (0..=rng.below(7)).map(|_| 1 + rng.below(6) as u32).collect();
        let balancer = balancer("first", of_capacities(&capacities));
        let room = capacities.iter().sum::<u32>() as usize;
        let (mut loans, mut used, mut peak): (Vec<Loan>, usize, usize) = (Vec::new(), 0, 0);
        for _ in 0..200 {
            if loans.len() == room || (!loans.is_empty() && rng.below(5) < 2) {
                loans.swap_remove(rng.below(loans.len())).leave(Outcome::Success, Nanos::ZERO);
                continue;
            }
            let loan = pick(&balancer, Nanos::ZERO, &mut rng);
            used = used.max(number(loan.id()) + 1);
            loans.push(loan);
            peak = peak.max(loans.len());
            let mut places = 0;
            let needed = capacities.iter().take_while(|&&capacity| {
                let more = places < peak;
                places += capacity as usize;
                more
            });
            assert_eq!(used, needed.count(), "{capacities:?} at a peak of {peak}");
        }
    }
}

/// Without capacities it is a main node with stand-ins: the next takes over while it is out, and gives back.
#[test]
fn without_capacities_the_first_takes_everything_while_it_is_there() {
    let balancer = balancer("first", nodes(3));
    let mut rng = Rng::seeded(82);
    let mut lent = || number(pick(&balancer, Nanos::ZERO, &mut rng).into_held().state().id());
    assert!((0..100).all(|_| lent() == 0));
    balancer.administer("n0", Admin::Drain, Nanos::ZERO).unwrap();
    assert!((0..100).all(|_| lent() == 1));
    balancer.administer("n0", Admin::Serve, Nanos::ZERO).unwrap();
    assert!((0..100).all(|_| lent() == 0));
}
