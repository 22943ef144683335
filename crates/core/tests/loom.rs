//! The interleavings of the core's atomics, tried by loom: run by `scripts/loom-test`.
#![cfg(loom)]

use evenly_core::Nanos;
use evenly_core::sync::{Estimate, Places, Recent, Relaxed, Window};
use loom::sync::Arc;
use loom::sync::atomic::AtomicU32;
use loom::thread;

const SPAN: Nanos = Nanos::from_secs(10);

/// Runs `work` on two threads beside the main one, in every interleaving with up to three preemptions: more are
/// possible, but no bug of so few steps is known to need them, and without the bound this takes hours.
fn threads<S: Send + Sync + 'static>(
    start: impl Fn() -> S + Sync + Send + 'static,
    work: fn(&S, u64),
    after: fn(&S),
) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let shared = Arc::new(start());
        let others: Vec<_> = (1..3)
            .map(|number| {
                let shared = shared.clone();
                thread::spawn(move || work(&shared, number))
            })
            .collect();
        work(&shared, 0);
        others.into_iter().for_each(|other| other.join().unwrap());
        after(&shared);
    });
}

#[test]
fn three_takers_of_two_places_never_exceed_the_capacity_and_give_all_back() {
    threads(
        Places::default,
        |places, _| {
            if places.try_take(2).is_some() {
                let (out, waiting) = places.both();
                assert!((1..=2).contains(&out) && waiting <= out);
                places.give_back(false);
            }
        },
        |places| assert_eq!(places.both(), (0, 0)),
    );
}

#[test]
fn exactly_capacity_many_get_a_place_when_nobody_gives_one_back() {
    threads(
        || (Places::default(), AtomicU32::new(0)),
        |(places, taken), _| {
            if places.try_take(2).is_some() {
                taken.fetch_add(1, Relaxed);
            }
        },
        |(places, taken)| {
            assert_eq!(taken.load(Relaxed), 2);
            assert_eq!(places.in_flight(), 2);
        },
    );
}

#[test]
fn an_answered_loan_and_a_waiting_one_give_back_what_they_took() {
    threads(
        Places::default,
        |places, number| {
            places.try_take(0).expect("there is no limit");
            if number == 0 {
                places.answered();
            }
            places.give_back(number == 0);
        },
        |places| assert_eq!(places.both(), (0, 0)),
    );
}

#[test]
fn the_first_to_wait_is_one_alone() {
    threads(
        || (Places::default(), AtomicU32::new(0)),
        |(places, firsts), _| {
            if places.try_take(0) == Some(true) {
                firsts.fetch_add(1, Relaxed);
            }
        },
        |(_, firsts)| assert_eq!(firsts.load(Relaxed), 1),
    );
}

#[test]
fn no_result_is_lost_when_a_slice_of_time_changes() {
    threads(
        || {
            let window = Window::default();
            window.note(true, Nanos::ZERO, SPAN);
            window
        },
        // Ten seconds later: the same bucket, a new slice.
        |window, number| window.note(number == 0, Nanos::from_secs(10), SPAN),
        |window| assert_eq!(window.sum(Nanos::from_secs(10), SPAN), (3, 1)),
    );
}

/// Value and time of one sample belong together. The three samples are so far apart that whichever is noted last
/// stands alone, and one moment away from its own time nothing is left of it.
#[test]
fn an_estimate_is_never_torn() {
    const DECAY: Nanos = Nanos::from_secs(1);
    const SAMPLES: [(f64, Nanos); 3] = [
        (1e6, Nanos::from_secs(100)),
        (16e6, Nanos::from_secs(200)),
        (256e6, Nanos::from_secs(300)),
    ];
    threads(
        Estimate::default,
        |estimate, number| {
            let (value, at) = SAMPLES[number as usize];
            estimate.blend(value, at, DECAY);
            for (value, at) in SAMPLES {
                let seen = estimate.at(at, DECAY).expect("there was a sample");
                assert!(seen < 1.0 || (seen / value - 1.0).abs() < 1e-6, "{seen} at {at:?}");
            }
        },
        |estimate| {
            let value = estimate.read().expect("there was a sample");
            let own = SAMPLES.iter().find(|own| (value / own.0 - 1.0).abs() < 1e-6);
            let (own, at) = own.expect("one of the three was the last");
            let seen = estimate.at(*at, DECAY).expect("there was a sample");
            assert!((seen / own - 1.0).abs() < 1e-6, "{own} with another's time");
        },
    );
}

#[test]
fn a_silent_node_is_claimed_by_exactly_one() {
    threads(
        || (Recent::default(), AtomicU32::new(0)),
        |(recent, claims), number| {
            if recent.claim(Nanos::ZERO, Nanos(10 + number)) {
                claims.fetch_add(1, Relaxed);
            }
        },
        |(recent, claims)| {
            assert_eq!(claims.load(Relaxed), 1);
            assert!(recent.last().0 >= 10);
        },
    );
}
