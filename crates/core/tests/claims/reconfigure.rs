//! Another configuration in one step: what is known of a node stays, what is switched off is forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};

use evenly_core::{
    Act, Admin, Balancer, CheckSettings, CheckStatus, EjectionSettings, Fault, Key, Loan, Nanos,
    NodeReport, Outcome, Reason, Rng, Settings, Spec, StrategySpec, SubsetSettings, Tried, Value,
};
use parking_lot::Mutex;

use crate::common::{
    FAILED, all_strategies, balancer_of, nodes, number, owners, pick, plain, weighted,
};

const NOW: Nanos = Nanos::from_secs(1);

fn named(strategy: &str) -> StrategySpec {
    StrategySpec::named(strategy)
}

fn checking(required: bool) -> Settings {
    Settings { check: Some(CheckSettings { required, ..CheckSettings::default() }), ..plain() }
}

fn change(balancer: &Arc<Balancer>, nodes: Vec<Spec>, settings: Settings) {
    let strategy = balancer.cluster().described.clone().unwrap();
    balancer.reconfigure(nodes, &strategy, settings, NOW).unwrap();
}

fn node(balancer: &Arc<Balancer>, id: &str) -> NodeReport {
    balancer.nodes(NOW).into_iter().find(|node| &*node.id == id).unwrap()
}

fn fail(balancer: &Arc<Balancer>, id: &str, times: u32) {
    let mut rng = Rng::seeded(611);
    for _ in 0..times {
        let others = balancer.cluster();
        let mut tried = Tried::default();
        let others = others.members.iter().filter(|member| &**member.state.id() != id);
        others.for_each(|member| tried.push(member.state.clone()));
        balancer.pick(Key::None, &tried, NOW, &mut rng).unwrap().leave(FAILED, NOW);
    }
}

#[test]
fn nodes_that_stay_keep_their_latency_their_breaker_and_their_loans() {
    for strategy in all_strategies() {
        let balancer = balancer_of(&strategy, nodes(3), Settings::default());
        let mut rng = Rng::seeded(601);
        let mut out: Vec<Loan> = (0..30).map(|_| pick(&balancer, Nanos::ZERO, &mut rng)).collect();
        for loan in &mut out {
            loan.answered(Nanos::from_millis(4));
        }
        fail(&balancer, "n1", 5);
        let before = ["n0", "n1"].map(|id| format!("{:?}", node(&balancer, id)));
        assert_eq!(node(&balancer, "n1").reason, Reason::BreakerOpen);
        let settings = Settings { slow_start: Nanos::from_secs(9), ..Settings::default() };
        change(&balancer, [nodes(2), vec![Spec::new("new")]].concat(), settings);
        assert_eq!(before, ["n0", "n1"].map(|id| format!("{:?}", node(&balancer, id))));
        assert_eq!(node(&balancer, "new").reason, Reason::SlowStart, "it leans on the others");
        let states: Vec<_> = out.iter().map(|loan| loan.state().clone()).collect();
        for loan in out {
            loan.leave(Outcome::Success, NOW);
        }
        assert!(states.iter().all(|state| state.in_flight() == 0), "{strategy:?}");
        let closed = balancer.tick(NOW).into_iter().filter_map(|act| match act {
            Act::Close(state) => Some(state.id().to_string()),
            _ => None,
        });
        assert_eq!(closed.collect::<Vec<_>>(), ["n2"]);
    }
}

#[test]
fn a_round_goes_on_where_it_was_unless_the_strategy_is_another_one() {
    let balancer = balancer_of(&named("round_robin"), nodes(5), plain());
    let mut rng = Rng::seeded(602);
    let mut next = || number(pick(&balancer, NOW, &mut rng).id());
    let first = next();
    let settings = Settings { decay: Nanos::from_secs(7), ..plain() };
    change(&balancer, nodes(5), settings);
    assert_eq!(next(), (first + 1) % 5);
    balancer.reconfigure(nodes(5), &named("first"), plain(), NOW).unwrap();
    assert_eq!([next(), next()], [0, 0]);
}

#[test]
fn a_faulty_configuration_changes_nothing_at_all() {
    let balancer = balancer_of(&named("rendezvous"), nodes(3), plain());
    let before = (balancer.cluster(), balancer.settings());
    let subset = SubsetSettings { size: 0, instance: 0, instances: 1 };
    let faulty: [(Vec<Spec>, StrategySpec, Settings); 6] = [
        ([nodes(2), nodes(1)].concat(), named("first"), checking(true)),
        (weighted(&[1, 0]), named("first"), checking(true)),
        (vec![Spec::new("a").capacity(0).admin(Admin::Down)], named("first"), plain()),
        (nodes(2), named("pwer_of_two"), checking(true)),
        (nodes(2), named("first").with("load", Value::Int(3)), plain()),
        (nodes(2), named("first"), Settings { subset: Some(subset), ..plain() }),
    ];
    for (nodes, strategy, settings) in faulty {
        let fault: Fault = balancer.reconfigure(nodes, &strategy, settings, NOW).unwrap_err();
        assert!(!fault.to_string().is_empty());
        assert!(Arc::ptr_eq(&before.0, &balancer.cluster()));
        assert!(Arc::ptr_eq(&before.1, &balancer.settings()));
    }
}

#[test]
fn without_checks_nobody_fails_one_any_more_and_what_was_out_says_nothing() {
    let settings = Settings { slow_start: Nanos::from_secs(30), ..checking(true) };
    let balancer = balancer_of(&named("random"), nodes(2), settings);
    let (failing, unchecked) = (balancer.find("n0").unwrap(), balancer.find("n1").unwrap());
    (0..3).for_each(|_| balancer.checked(&failing, Err("HTTP 503".to_owned()), NOW));
    assert_eq!(node(&balancer, "n0").reason, Reason::CheckFailed);
    assert_eq!(node(&balancer, "n1").reason, Reason::NotChecked);
    balancer.tick(NOW);
    change(&balancer, nodes(2), Settings { check: None, ..(*balancer.settings()).clone() });
    assert_eq!(node(&balancer, "n0").reason, Reason::SlowStart);
    assert_eq!(node(&balancer, "n1").reason, Reason::Serving);
    (0..3).for_each(|_| balancer.checked(&unchecked, Err("late".to_owned()), NOW));
    for report in balancer.nodes(NOW) {
        assert!(report.serving && report.health == CheckStatus::Unknown, "{report:?}");
        assert_eq!((report.last_check, report.last_error), (None, None));
    }
    // Asked for again, checks begin at once, also where one was out when they ended.
    change(&balancer, nodes(2), checking(false));
    let probes = balancer.tick(NOW).into_iter().filter(|act| matches!(act, Act::Probe(_)));
    assert_eq!(probes.count(), 2);
}

#[test]
fn checks_that_become_required_throw_nobody_out_and_hold_for_who_comes_in() {
    for before in [plain(), checking(false)] {
        let balancer = balancer_of(&named("random"), nodes(2), before);
        balancer.checked(&balancer.find("n0").unwrap(), Ok(()), NOW);
        change(&balancer, nodes(3), checking(true));
        let reasons = ["n0", "n1", "n2"].map(|id| node(&balancer, id).reason);
        assert_eq!(reasons, [Reason::Serving, Reason::Serving, Reason::NotChecked]);
        change(&balancer, nodes(3), checking(false));
        assert_eq!(node(&balancer, "n2").reason, Reason::Serving);
    }
}

#[test]
fn a_shorter_pace_of_checks_holds_at_once() {
    let balancer = balancer_of(&named("random"), nodes(1), checking(false));
    balancer.tick(NOW);
    balancer.checked(&balancer.find("n0").unwrap(), Ok(()), NOW);
    let every = Nanos::from_millis(100);
    let check = CheckSettings { every, jitter: 0.0, ..CheckSettings::default() };
    change(&balancer, nodes(1), Settings { check: Some(check), ..plain() });
    assert_eq!(balancer.next_tick(NOW), NOW.plus(every));
}

#[test]
fn without_ejection_nobody_stays_ejected_and_nobody_is_ejected_any_more() {
    let ejecting = || Settings { ejection: Some(EjectionSettings::default()), ..plain() };
    let balancer = balancer_of(&named("random"), nodes(3), ejecting());
    fail(&balancer, "n1", 5);
    assert_eq!(node(&balancer, "n1").reason, Reason::BreakerOpen);
    change(&balancer, nodes(3), plain());
    assert_eq!(node(&balancer, "n1").reason, Reason::Serving);
    fail(&balancer, "n1", 50);
    assert_eq!(node(&balancer, "n1").reason, Reason::Serving);
    let notes = balancer.tick(NOW).into_iter().filter_map(|act| match act {
        Act::Note(event) => Some((event.node.to_string(), event.to.reason())),
        _ => None,
    });
    let told = [("n1".to_owned(), Reason::BreakerOpen), ("n1".to_owned(), Reason::Serving)];
    assert_eq!(notes.collect::<Vec<_>>(), told);
    // On again, it counts from the streak on: the very next failure is one too many.
    change(&balancer, nodes(3), ejecting());
    fail(&balancer, "n1", 1);
    assert_eq!(node(&balancer, "n1").reason, Reason::BreakerOpen);
}

#[test]
fn the_word_of_the_administrator_comes_in_the_same_step_and_silence_keeps_the_last_one() {
    let balancer = balancer_of(&named("first"), nodes(3), plain());
    let with = |words: [Option<Admin>; 4]| {
        let specs = nodes(4).into_iter().zip(words);
        specs.map(|(spec, admin)| Spec { admin, ..spec }).collect::<Vec<_>>()
    };
    let words = || balancer.nodes(NOW).into_iter().map(|node| node.admin).collect::<Vec<_>>();
    change(
        &balancer,
        with([Some(Admin::Drain), None, Some(Admin::Down), Some(Admin::Drain)]),
        plain(),
    );
    assert_eq!(words(), [Admin::Drain, Admin::Serve, Admin::Down, Admin::Drain]);
    assert_eq!(&**pick(&balancer, NOW, &mut Rng::seeded(603)).id(), "n1");
    change(&balancer, with([None, None, Some(Admin::Serve), None]), plain());
    assert_eq!(words(), [Admin::Drain, Admin::Serve, Admin::Serve, Admin::Drain]);
    balancer.update("n1", Some(7), None, NOW).unwrap();
    assert_eq!(words(), [Admin::Drain, Admin::Serve, Admin::Serve, Admin::Drain]);
}

#[test]
fn another_seed_moves_keys_to_where_a_new_balancer_with_it_has_them() {
    let seeded = |hash_seed| Settings { hash_seed, ..plain() };
    for strategy in ["rendezvous", "consistent_hash", "maglev", "jump", "anchor"] {
        let balancer = balancer_of(&named(strategy), nodes(5), seeded(1));
        let before = owners(&balancer, 200);
        change(&balancer, nodes(5), seeded(1));
        assert_eq!(owners(&balancer, 200), before);
        change(&balancer, nodes(5), seeded(2));
        let fresh = owners(&balancer_of(&named(strategy), nodes(5), seeded(2)), 200);
        assert_eq!(owners(&balancer, 200), fresh, "{strategy}");
        assert_ne!(fresh, before);
    }
}

#[test]
fn another_subset_keeps_what_a_new_balancer_would_keep_and_none_keeps_all() {
    let part = |instance| {
        let subset = SubsetSettings { size: 3, instance, instances: 4 };
        Settings { subset: Some(subset), ..plain() }
    };
    let ids = |balancer: &Arc<Balancer>| {
        balancer.nodes(NOW).into_iter().map(|node| node.id.to_string()).collect::<Vec<_>>()
    };
    let balancer = balancer_of(&named("random"), nodes(12), part(0));
    for instance in [1, 2] {
        change(&balancer, nodes(12), part(instance));
        assert_eq!(ids(&balancer), ids(&balancer_of(&named("random"), nodes(12), part(instance))));
    }
    change(&balancer, nodes(12), plain());
    assert_eq!(ids(&balancer).len(), 12);
}

/// Who is left out of the subset when the administrator drains it is drained when it comes in.
#[test]
fn a_word_for_a_node_outside_the_subset_waits_for_it() {
    let subset = SubsetSettings { size: 1, instance: 0, instances: 2 };
    let balancer =
        balancer_of(&named("random"), nodes(2), Settings { subset: Some(subset), ..plain() });
    let kept = balancer.nodes(NOW)[0].id.clone();
    let drained = nodes(2).into_iter().map(|spec| spec.admin(Admin::Drain)).collect();
    change(&balancer, drained, (*balancer.settings()).clone());
    balancer.administer(&kept, Admin::Serve, NOW).unwrap();
    balancer.update(&kept, Some(2), None, NOW).unwrap();
    assert_eq!(node(&balancer, &kept).admin, Admin::Serve, "the later word holds");
    balancer.remove(&kept, NOW).unwrap();
    assert_eq!(balancer.nodes(NOW)[0].admin, Admin::Drain);
}

#[test]
fn who_waits_is_served_when_there_is_room_and_stays_in_the_queue_when_not() {
    let full = || vec![Spec::new("n0").capacity(1)];
    let balancer = balancer_of(&named("least_connections"), full(), plain());
    let out = pick(&balancer, NOW, &mut Rng::seeded(604));
    let told: Arc<Mutex<Vec<Result<Loan, Reason>>>> = Arc::default();
    for _ in 0..3 {
        let told = told.clone();
        let wake = Box::new(move |result: Result<Loan, evenly_core::Refusal>| {
            told.lock().push(result.map_err(|refusal| refusal.reason));
        });
        balancer.enqueue(Key::None, &Tried::default(), Nanos::NEVER, NOW, wake).unwrap();
    }
    change(&balancer, full(), plain());
    assert_eq!((told.lock().len(), balancer.waiting()), (0, 3));
    change(&balancer, [full(), vec![Spec::new("n1").capacity(2)]].concat(), plain());
    assert_eq!((told.lock().len(), balancer.waiting()), (2, 1));
    assert!(told.lock().iter().all(|told| told.as_ref().is_ok_and(|loan| &**loan.id() == "n1")));
    drop(out);
    assert_eq!(told.lock().len(), 3);
}

/// Four threads take and give back while a fifth changes everything there is to change: no node ever has more loans
/// out than the larger of its two capacities, and at the end every loan is in the books once.
#[test]
fn loans_are_given_back_once_and_no_capacity_is_exceeded_while_everything_changes() {
    const MOST: [u32; 4] = [2, 3, 4, 5];
    let specs = |turn: usize| -> Vec<Spec> {
        let admin =
            |node: usize| if (turn + node).is_multiple_of(5) { Admin::Drain } else { Admin::Serve };
        let spec = |node: usize| {
            let capacity = MOST[node] - u32::from((turn + node).is_multiple_of(2));
            let weight = 1 + (turn * node) as u32 % 3;
            Spec::new(&format!("n{node}")).weight(weight).capacity(capacity).admin(admin(node))
        };
        (0..MOST.len()).map(spec).collect()
    };
    let all = all_strategies();
    let settings = |turn: usize| Settings {
        ejection: turn.is_multiple_of(3).then(EjectionSettings::default),
        check: turn.is_multiple_of(4).then(CheckSettings::default),
        hash_seed: turn as u64 / 8,
        ..plain()
    };
    let balancer = balancer_of(&all[0], specs(0), settings(0));
    let (stop, picks) = (AtomicBool::new(false), AtomicU64::new(0));
    let inside: [AtomicU32; 4] = Default::default();
    let ends: [AtomicU64; 3] = Default::default();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (balancer, inside, ends, stop, picks) = (&balancer, &inside, &ends, &stop, &picks);
            scope.spawn(move || {
                let mut rng = Rng::seeded(seed);
                let mut out: Vec<(usize, Loan)> = Vec::new();
                while !stop.load(SeqCst) || !out.is_empty() {
                    let key = rng.next_u64().to_le_bytes();
                    let lent = balancer.pick(Key::Bytes(&key), &Tried::default(), NOW, &mut rng);
                    if let Ok(loan) = lent {
                        let node = number(loan.id());
                        let before = inside[node].fetch_add(1, SeqCst);
                        assert!(before < MOST[node], "n{node} is over its capacity");
                        picks.fetch_add(1, SeqCst);
                        out.push((node, loan));
                    }
                    while !out.is_empty() && (stop.load(SeqCst) || rng.below(3) > 0) {
                        let (node, loan) = out.swap_remove(rng.below(out.len()));
                        let way = rng.below(3);
                        inside[node].fetch_sub(1, SeqCst);
                        ends[way].fetch_add(1, SeqCst);
                        match way {
                            0 => loan.leave(Outcome::Success, NOW),
                            1 => loan.leave(FAILED, NOW),
                            _ => drop(loan),
                        }
                    }
                }
            });
        }
        let mut turn = 0;
        while turn < 2_000 || picks.load(SeqCst) < 2_000 {
            turn += 1;
            let strategy = &all[turn / 2 % all.len()];
            balancer.reconfigure(specs(turn), strategy, settings(turn), NOW).unwrap();
        }
        stop.store(true, SeqCst);
    });
    let nodes = balancer.nodes(NOW);
    let sum = |of: fn(&NodeReport) -> u64| nodes.iter().map(of).sum::<u64>();
    let [good, bad, dropped] = ends.map(AtomicU64::into_inner);
    assert_eq!(sum(|node| u64::from(node.in_flight)), 0);
    assert_eq!(sum(|node| node.failures), bad);
    assert_eq!(sum(|node| node.cancelled), dropped);
    assert_eq!(sum(|node| node.completed), good + dropped);
    assert_eq!(sum(|node| node.picks), picks.into_inner());
    assert!(nodes.iter().all(|node| node.reason != Reason::CheckFailed));
}
