//! Waiting for a place: first come first served, bounded, each told exactly once.

use std::sync::Arc;

use evenly_core::{
    Balancer, Key, Loan, Nanos, Outcome, QueueSettings, Reason, Rng, Settings, Spec, StrategySpec,
    Ticket, Tried,
};
use parking_lot::Mutex;

use crate::common::{balancer_of, pick, plain};

/// What the waiters were told, in the order of telling.
type Told = Arc<Mutex<Vec<(usize, Result<Loan, Reason>)>>>;

fn cluster(capacity: u32, length: usize) -> Arc<Balancer> {
    let settings =
        Settings { queue: QueueSettings { length, ..QueueSettings::default() }, ..plain() };
    balancer_of(
        &StrategySpec::named("least_connections"),
        vec![Spec::new("n0").capacity(capacity)],
        settings,
    )
}

fn wait(
    balancer: &Arc<Balancer>,
    told: &Told,
    who: usize,
    deadline: Nanos,
) -> Result<Ticket, Reason> {
    wait_after(balancer, &Tried::default(), told, who, deadline)
}

fn wait_after(
    balancer: &Arc<Balancer>,
    tried: &Tried,
    told: &Told,
    who: usize,
    deadline: Nanos,
) -> Result<Ticket, Reason> {
    let told = told.clone();
    let wake = Box::new(move |result: Result<Loan, evenly_core::Refusal>| {
        told.lock().push((who, result.map_err(|refusal| refusal.reason)));
    });
    balancer
        .enqueue(Key::None, tried, deadline, Nanos::ZERO, wake)
        .map_err(|refusal| refusal.reason)
}

fn names(told: &Told) -> Vec<usize> {
    told.lock().iter().map(|(who, _)| *who).collect()
}

const LATER: Nanos = Nanos::from_secs(1);

#[test]
fn who_came_first_is_served_first() {
    let (balancer, told) = (cluster(2, 1_024), Told::default());
    let mut rng = Rng::seeded(121);
    let mut out: Vec<Loan> = (0..2).map(|_| pick(&balancer, Nanos::ZERO, &mut rng)).collect();
    for who in 0..50 {
        wait(&balancer, &told, who, LATER).unwrap();
    }
    assert_eq!((names(&told).len(), balancer.waiting()), (0, 50));
    for served in 0..50 {
        out.pop().unwrap().leave(Outcome::Success, Nanos::ZERO);
        let (who, result) = told.lock().pop().unwrap();
        assert_eq!(who, served);
        out.push(result.unwrap());
        assert_eq!(balancer.cluster().members[0].state.in_flight(), 2);
    }
}

#[test]
fn a_free_place_is_given_at_once() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    wait(&balancer, &told, 0, LATER).unwrap();
    assert_eq!(names(&told), [0]);
}

#[test]
fn a_newcomer_does_not_overtake() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    let mut rng = Rng::seeded(122);
    let first = pick(&balancer, Nanos::ZERO, &mut rng);
    wait(&balancer, &told, 0, LATER).unwrap();
    balancer.update("n0", None, Some(Some(1)), Nanos::ZERO).unwrap();
    let newcomer = balancer.pick(Key::None, &Tried::default(), Nanos::ZERO, &mut rng);
    assert_eq!(newcomer.unwrap_err().reason, Reason::AtCapacity);
    first.leave(Outcome::Success, Nanos::ZERO);
    assert_eq!(names(&told), [0]);
}

/// One node hangs at its capacity, the other fails now and then: who tried the other waits for the first, and the
/// others must not wait with him.
#[test]
fn who_waits_for_what_is_left_after_a_failed_try_keeps_nobody_else_waiting() {
    let nodes = vec![Spec::new("failing").capacity(1), Spec::new("hanging").capacity(1)];
    let balancer = balancer_of(&StrategySpec::named("least_connections"), nodes, plain());
    let (told, mut rng) = (Told::default(), Rng::seeded(130));
    let out: Vec<Loan> = (0..2).map(|_| pick(&balancer, Nanos::ZERO, &mut rng)).collect();
    let (failing, hanging): (Vec<_>, Vec<_>) =
        out.into_iter().partition(|loan| &**loan.id() == "failing");
    let mut tried = Tried::default();
    tried.push(failing[0].state().clone());
    wait_after(&balancer, &tried, &told, 0, LATER).unwrap();
    wait(&balancer, &told, 1, LATER).unwrap();
    drop(failing);
    assert_eq!(names(&told), [1], "passed over while there is nothing for him");
    told.lock().clear();
    let newcomer = pick(&balancer, Nanos::ZERO, &mut rng);
    assert_eq!(&**newcomer.id(), "failing");
    drop(hanging);
    assert_eq!(names(&told), [0], "served as soon as there is");
}

#[test]
fn waiting_for_nodes_that_all_were_tried_is_refused_whoever_else_waits() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    let first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(131));
    wait(&balancer, &told, 0, LATER).unwrap();
    let mut tried = Tried::default();
    tried.push(first.state().clone());
    assert_eq!(wait_after(&balancer, &tried, &told, 1, LATER).unwrap_err(), Reason::NoNode);
}

/// A wake is under no lock: it may change the cluster, also when it is a change that woke it.
#[test]
fn who_is_woken_by_a_change_may_make_another() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    let first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(132));
    let (inner, note) = (balancer.clone(), told.clone());
    let wake = Box::new(move |result: Result<Loan, evenly_core::Refusal>| {
        inner.add(Spec::new("n2"), Nanos::ZERO).unwrap();
        note.lock().push((0, result.map_err(|refusal| refusal.reason)));
    });
    balancer.enqueue(Key::None, &Tried::default(), LATER, Nanos::ZERO, wake).unwrap();
    balancer.add(Spec::new("n1"), Nanos::ZERO).unwrap();
    assert_eq!((names(&told), balancer.cluster().members.len()), (vec![0], 3));
    drop(first);
}

#[test]
fn a_full_queue_refuses_and_says_so() {
    let (balancer, told) = (cluster(1, 3), Told::default());
    let _first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(123));
    for who in 0..3 {
        wait(&balancer, &told, who, LATER).unwrap();
    }
    assert_eq!(wait(&balancer, &told, 3, LATER).unwrap_err(), Reason::QueueFull);
    assert_eq!(balancer.waiting(), 3);
}

#[test]
fn whose_time_is_over_is_told_by_the_next_tick_and_the_tick_is_due_then() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    let _first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(124));
    wait(&balancer, &told, 0, Nanos::from_millis(300)).unwrap();
    wait(&balancer, &told, 1, Nanos::from_millis(200)).unwrap();
    assert_eq!(balancer.next_tick(Nanos::ZERO), Nanos::from_millis(200));
    balancer.tick(Nanos::from_millis(199));
    assert_eq!(names(&told), []);
    balancer.tick(Nanos::from_millis(200));
    assert_eq!(names(&told), [1]);
    balancer.tick(Nanos::from_millis(300));
    assert_eq!(names(&told), [1, 0]);
    assert!(
        told.lock().iter().all(|(_, result)| *result.as_ref().unwrap_err() == Reason::QueueTimeout)
    );
    assert_eq!(balancer.waiting(), 0);
}

#[test]
fn who_cancels_is_never_served_and_who_was_served_cannot_cancel() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    let first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(125));
    let tickets: Vec<Ticket> =
        (0..3).map(|who| wait(&balancer, &told, who, LATER).unwrap()).collect();
    assert!(balancer.cancel(tickets[0]));
    assert!(!balancer.cancel(tickets[0]), "once is enough");
    first.leave(Outcome::Success, Nanos::ZERO);
    assert_eq!(names(&told), [1]);
    assert!(!balancer.cancel(tickets[1]));
    assert!(balancer.cancel(tickets[2]));
}

/// A thousand waiters that all have gone away: each drops its loan inside its wake, and the place goes on. Each
/// inside the one before would overflow a thread's stack.
#[test]
fn a_dropped_grant_goes_to_the_next() {
    let balancer = cluster(1, 1_024);
    let first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(126));
    let count = Arc::new(Mutex::new(0));
    for _ in 0..1_024 {
        let count = count.clone();
        let wake = Box::new(move |result: Result<Loan, _>| {
            *count.lock() += 1;
            drop(result);
        });
        balancer.enqueue(Key::None, &Tried::default(), LATER, Nanos::ZERO, wake).unwrap();
    }
    first.leave(Outcome::Success, Nanos::ZERO);
    assert_eq!((*count.lock(), balancer.waiting()), (1_024, 0));
    assert_eq!(balancer.cluster().members[0].state.in_flight(), 0);
}

#[test]
fn a_place_that_comes_free_by_a_change_of_the_cluster_is_given_too() {
    let changes: [fn(&Arc<Balancer>); 3] = [
        |balancer| balancer.add(Spec::new("n1"), Nanos::ZERO).unwrap(),
        |balancer| balancer.update("n0", None, Some(Some(2)), Nanos::ZERO).unwrap(),
        |balancer| balancer.update("n0", None, Some(None), Nanos::ZERO).unwrap(),
    ];
    for change in changes {
        let (balancer, told) = (cluster(1, 1_024), Told::default());
        let _first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(127));
        wait(&balancer, &told, 0, LATER).unwrap();
        change(&balancer);
        assert_eq!(names(&told), [0]);
    }
}

#[test]
fn waiting_is_refused_at_once_where_it_cannot_help() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    balancer.administer("n0", evenly_core::Admin::Down, Nanos::ZERO).unwrap();
    assert_eq!(wait(&balancer, &told, 0, LATER).unwrap_err(), Reason::NoNode);
    balancer.remove("n0", Nanos::ZERO).unwrap();
    assert_eq!(wait(&balancer, &told, 0, LATER).unwrap_err(), Reason::NoNode);
}

/// Dropping a loan tells no time; the next one's latency must not begin with the dropped one's.
#[test]
fn a_grant_after_a_drop_is_not_dated_before_its_waiter_came() {
    let balancer = cluster(1, 1_024);
    let first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(128));
    let held = Arc::new(Mutex::new(None));
    let slot = held.clone();
    let now = Nanos::from_secs(50);
    let wake = Box::new(move |result: Result<Loan, _>| *slot.lock() = result.ok());
    balancer.enqueue(Key::None, &Tried::default(), now.plus(LATER), now, wake).unwrap();
    drop(first);
    let loan = held.lock().take().unwrap().into_held();
    assert_eq!(loan.since(), now);
    balancer.leave(loan, Outcome::Cancelled, now);
}

#[test]
fn a_wake_that_panics_does_not_keep_the_others_waiting() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    let first = pick(&balancer, Nanos::ZERO, &mut Rng::seeded(129));
    let bad =
        Box::new(|_: Result<Loan, _>| std::panic::resume_unwind(Box::new("a waiter's own bug")));
    balancer.enqueue(Key::None, &Tried::default(), LATER, Nanos::ZERO, bad).unwrap();
    wait(&balancer, &told, 1, LATER).unwrap();
    let leave = std::panic::AssertUnwindSafe(|| first.leave(Outcome::Success, Nanos::ZERO));
    assert!(std::panic::catch_unwind(leave).is_err());
    balancer.tick(Nanos::from_millis(1));
    assert_eq!(names(&told), [1]);
}

/// Twice as many come as one node can serve, each with a second of patience: who is not served is refused as he comes,
/// nobody waits in vain, and the node is never idle. The queue settles at three quarters of what is served in a second.
#[test]
fn who_would_wait_in_vain_is_refused_at_once() {
    let (balancer, told) = (cluster(1, 1_024), Told::default());
    let (work, gap) = (Nanos::from_millis(10), Nanos::from_millis(5));
    let mut loan = Some(pick(&balancer, Nanos::ZERO, &mut Rng::seeded(129)));
    let (mut refused, mut served) = (0, 0);
    for who in 1..=2_000 {
        let now = gap.times(who as f64);
        if who % 2 == 0 {
            loan.take().expect("never idle").leave(Outcome::Success, now);
        }
        let (log, patience) = (told.clone(), Nanos::from_secs(1));
        let wake = Box::new(move |result: Result<Loan, evenly_core::Refusal>| {
            log.lock().push((who, result.map_err(|refusal| refusal.reason)));
        });
        let deadline = now.plus(patience);
        match balancer.enqueue(Key::None, &Tried::default(), deadline, now, wake) {
            Ok(_) => {}
            Err(refusal) => {
                assert_eq!(refusal.reason, Reason::QueueFull);
                refused += 1;
            }
        }
        balancer.tick(now);
        for (_, result) in told.lock().drain(..) {
            loan = Some(result.expect("nobody's patience ends"));
            served += 1;
        }
    }
    let places = (Nanos::from_secs(1).as_secs_f64() / work.as_secs_f64() * 0.75) as usize;
    assert!(balancer.waiting().abs_diff(places) <= 1, "{} wait", balancer.waiting());
    assert_eq!((served, served + refused + balancer.waiting()), (1_000, 2_000));
}
