//! Real threads: the ledger, the capacity and the queue under contention.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

use evenly_core::{Admin, Key, Loan, Nanos, Outcome, Reason, Rng, Settings, Spec, Tried};

use crate::common::{FAILED, all_strategies, balancer_of, plain};

const THREADS: u64 = 4;

#[test]
fn no_capacity_is_ever_exceeded_and_the_ledger_is_exact_at_the_end() {
    for spec in all_strategies() {
        let specs =
            (0..5).map(|index| Spec::new(&format!("n{index}")).capacity(1 + index)).collect();
        let balancer =
            balancer_of(&spec, specs, Settings { slow_start: Nanos::ZERO, ..Settings::default() });
        let inside: [AtomicU32; 5] = Default::default();
        let ends: [AtomicU32; 3] = Default::default();
        std::thread::scope(|scope| {
            for seed in 0..THREADS {
                let (balancer, inside, ends) = (&balancer, &inside, &ends);
                scope.spawn(move || {
                    let mut rng = Rng::seeded(seed);
                    let mut out: Vec<(usize, Loan)> = Vec::new();
                    let leave = |(node, loan): (usize, Loan), way: usize| {
                        // Before the place is given back: afterwards somebody else may be inside.
                        inside[node].fetch_sub(1, SeqCst);
                        ends[way].fetch_add(1, SeqCst);
                        let now = Nanos::ZERO;
                        match way {
                            0 => loan.leave(Outcome::Success, now),
                            1 => loan.leave(FAILED, now),
                            _ => drop(loan),
                        }
                    };
                    for _ in 0..4_000 {
                        let key = rng.next_u64().to_le_bytes();
                        let pick = balancer.pick(
                            Key::Bytes(&key),
                            &Tried::default(),
                            Nanos::ZERO,
                            &mut rng,
                        );
                        if let Ok(mut loan) = pick {
                            let node = crate::common::number(loan.id());
                            assert!(
                                inside[node].fetch_add(1, SeqCst) <= node as u32,
                                "n{node} is over its capacity"
                            );
                            if rng.below(2) == 0 {
                                loan.answered(Nanos::ZERO);
                            }
                            out.push((node, loan));
                        }
                        while !out.is_empty() && rng.below(3) > 0 {
                            let at = rng.below(out.len());
                            leave(out.swap_remove(at), rng.below(3));
                        }
                    }
                    for held in out {
                        leave(held, 0);
                    }
                });
            }
        });
        let nodes = balancer.nodes(Nanos::ZERO);
        let sum = |of: fn(&evenly_core::NodeReport) -> u64| nodes.iter().map(of).sum::<u64>();
        let [good, bad, dropped] = ends.map(|count| u64::from(count.into_inner()));
        assert_eq!(sum(|node| u64::from(node.in_flight)), 0, "{spec:?}");
        assert_eq!(sum(|node| node.failures), bad);
        assert_eq!(sum(|node| node.cancelled), dropped);
        assert_eq!(sum(|node| node.completed), good + dropped);
        assert_eq!(sum(|node| node.picks), good + bad + dropped);
    }
}

#[test]
fn nodes_come_and_go_and_change_while_others_pick() {
    for spec in all_strategies() {
        let balancer = balancer_of(
            &spec,
            (0..40).map(|n| Spec::new(&format!("n{n}"))).collect(),
            Settings::default(),
        );
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for seed in 0..THREADS - 1 {
                let (balancer, done) = (&balancer, &done);
                scope.spawn(move || {
                    let mut rng = Rng::seeded(seed);
                    while !done.load(SeqCst) {
                        let key = rng.next_u64().to_le_bytes();
                        let loan = balancer.pick(
                            Key::Bytes(&key),
                            &Tried::default(),
                            Nanos::ZERO,
                            &mut rng,
                        );
                        let loan = loan.expect("n0 is never taken out");
                        loan.leave(
                            if rng.below(4) == 0 { FAILED } else { Outcome::Success },
                            Nanos::ZERO,
                        );
                    }
                });
            }
            let mut rng = Rng::seeded(99);
            for step in 0..300_u64 {
                let now = Nanos::from_millis(100 * step);
                let id = format!("n{}", 1 + rng.below(39));
                match rng.below(5) {
                    0 if balancer.find(&id).is_ok() => balancer.remove(&id, now).unwrap(),
                    0 | 1 if balancer.find(&id).is_err() => {
                        balancer.add(Spec::new(&id), now).unwrap();
                    }
                    2 if balancer.find(&id).is_ok() => {
                        balancer.update(&id, Some(1 + rng.below(9) as u32), None, now).unwrap();
                    }
                    3 if balancer.find(&id).is_ok() => {
                        balancer.administer(&id, Admin::Down, now).unwrap();
                    }
                    _ => {
                        balancer.tick(now);
                    }
                }
            }
            done.store(true, SeqCst);
        });
        assert!(balancer.nodes(Nanos::ZERO).iter().all(|node| node.in_flight == 0), "{spec:?}");
    }
}

/// Without a tick, so that only givers and comers can serve the queue: a call that is lost leaves a waiter for ever.
#[test]
fn no_waiter_sleeps_beside_a_free_place() {
    let balancer = balancer_of(&all_strategies()[2], vec![Spec::new("n0").capacity(2)], plain());
    let (rounds, most) = (5_000, AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..rounds {
                    let (tell, told) = mpsc::channel();
                    let wake = Box::new(move |result: Result<Loan, _>| drop(tell.send(result)));
                    balancer
                        .enqueue(Key::None, &Tried::default(), Nanos::NEVER, Nanos::ZERO, wake)
                        .expect("four do not fill the queue");
                    let loan =
                        told.recv_timeout(Duration::from_secs(60)).expect("the place came free");
                    let inside = balancer.cluster().members[0].state.in_flight() as usize;
                    most.fetch_max(inside, SeqCst);
                    loan.expect("nobody's time is over").leave(Outcome::Success, Nanos::ZERO);
                }
            });
        }
    });
    assert!(most.into_inner() <= 2);
    assert_eq!(
        (balancer.waiting(), balancer.nodes(Nanos::ZERO)[0].completed),
        (0, THREADS * rounds)
    );
}

/// Whoever is refused reads the reason a moment later, when the place may be free again; the proxy waits or gives up by
/// that word.
#[test]
fn want_of_room_is_called_so_whatever_comes_free_meanwhile() {
    let balancer = balancer_of(&all_strategies()[2], vec![Spec::new("n0").capacity(1)], plain());
    std::thread::scope(|scope| {
        for seed in 0..THREADS {
            let balancer = &balancer;
            scope.spawn(move || {
                let mut rng = Rng::seeded(seed);
                for _ in 0..20_000 {
                    match balancer.pick(Key::None, &Tried::default(), Nanos::ZERO, &mut rng) {
                        Ok(loan) => loan.leave(Outcome::Success, Nanos::ZERO),
                        Err(refusal) => assert_eq!(refusal.reason, Reason::AtCapacity),
                    }
                }
            });
        }
    });
}

#[test]
fn a_waiter_is_granted_or_cancelled_and_never_both() {
    let balancer = balancer_of(&all_strategies()[2], vec![Spec::new("n0").capacity(1)], plain());
    let granted = Arc::new(AtomicUsize::new(0));
    let cancelled = AtomicUsize::new(0);
    let rounds = 5_000;
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..rounds {
                    let granted = granted.clone();
                    let wake = Box::new(move |result: Result<Loan, _>| {
                        granted.fetch_add(usize::from(result.is_ok()), SeqCst);
                    });
                    let ticket = balancer
                        .enqueue(Key::None, &Tried::default(), Nanos::NEVER, Nanos::ZERO, wake)
                        .expect("four do not fill the queue");
                    cancelled.fetch_add(usize::from(balancer.cancel(ticket)), SeqCst);
                }
            });
        }
    });
    balancer.tick(Nanos::ZERO);
    assert_eq!(granted.load(SeqCst) + cancelled.into_inner(), THREADS as usize * rounds);
    assert_eq!(balancer.cluster().members[0].state.in_flight(), 0);
}
