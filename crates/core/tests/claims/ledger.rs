//! Random traces of everything that can be done to a balancer, against a ledger kept beside it.

use std::collections::HashMap;
use std::sync::Arc;

use evenly_core::{
    Act, Admin, Balancer, CheckSettings, EjectionSettings, Explanation, Key, Loan, Nanos,
    NodeReport, Outcome, Reason, Rng, Settings, Spec, State, StrategySpec, Tried, pick,
};
use proptest::prelude::*;

use crate::common::{FAILED, all_strategies, balancer_of};

#[allow(clippy::option_option, reason = "the outer says whether to change it, the inner to what")]
#[derive(Clone, Debug)]
enum Step {
    Pick { key: Option<u8>, retry: bool },
    Answered(usize),
    Leave(usize, u8),
    Add { id: u8, weight: u32, capacity: Option<u32> },
    Remove(u8),
    Update { id: u8, weight: Option<u32>, capacity: Option<Option<u32>> },
    Administer(u8, u8),
    Replace(Vec<u8>),
    SetStrategy(usize),
    Tick,
    Checked { id: u8, passes: bool },
    Report(u8, f64),
    Fork,
    Reconfigure(Another),
}

/// Another configuration.
#[derive(Clone, Debug)]
struct Another {
    nodes: Vec<(u8, u32, Option<u32>, Option<u8>)>,
    strategy: usize,
    ejects: bool,
    checks: Option<bool>,
    hash_seed: u64,
    faulty: bool,
}

const ADMIN: [Admin; 3] = [Admin::Serve, Admin::Drain, Admin::Down];

const IDS: u8 = 8;

fn step() -> impl Strategy<Value = (Step, u64)> {
    let id = 0..IDS;
    let capacity = || prop_oneof![Just(None), (1_u32..4).prop_map(Some)];
    let weight = || prop_oneof![1_u32..6, Just(97)];
    let step = prop_oneof![
        14 => (prop::option::of(any::<u8>()), any::<bool>()).prop_map(|(key, retry)| Step::Pick { key, retry }),
        3 => any::<usize>().prop_map(Step::Answered),
        10 => (any::<usize>(), 0_u8..4).prop_map(|(which, how)| Step::Leave(which, how)),
        1 => (id.clone(), weight(), capacity()).prop_map(|(id, weight, capacity)| Step::Add { id, weight, capacity }),
        1 => id.clone().prop_map(Step::Remove),
        1 => (id.clone(), prop::option::of(weight()), prop::option::of(capacity()))
            .prop_map(|(id, weight, capacity)| Step::Update { id, weight, capacity }),
        2 => (id.clone(), 0_u8..3).prop_map(|(id, how)| Step::Administer(id, how)),
        1 => prop::collection::btree_set(id.clone(), 0..6).prop_map(|ids| Step::Replace(ids.into_iter().collect())),
        1 => any::<usize>().prop_map(Step::SetStrategy),
        2 => Just(Step::Tick),
        2 => (id.clone(), any::<bool>()).prop_map(|(id, passes)| Step::Checked { id, passes }),
        1 => (id, 0.0..9.0).prop_map(|(id, load)| Step::Report(id, load)),
        1 => Just(Step::Fork),
        2 => another().prop_map(Step::Reconfigure),
    ];
    (step, prop_oneof![Just(0), 0_u64..2_000, Just(10_000)])
}

fn another() -> impl Strategy<Value = Another> {
    let capacity = prop_oneof![Just(None), (1_u32..4).prop_map(Some)];
    let node = (1_u32..6, capacity, prop::option::of(0_u8..3));
    let nodes = prop::collection::btree_map(0..IDS, node, 0..6);
    let knobs = (any::<bool>(), prop::option::of(any::<bool>()), 0_u64..2);
    (nodes, any::<usize>(), knobs, prop::bool::weighted(0.2)).prop_map(
        |(nodes, strategy, (ejects, checks, hash_seed), faulty)| Another {
            nodes: nodes.into_iter().map(|(id, (w, c, admin))| (id, w, c, admin)).collect(),
            strategy,
            ejects,
            checks,
            hash_seed,
            faulty,
        },
    )
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Account {
    in_flight: u32,
    completed: u64,
    cancelled: u64,
    failed: u64,
}

/// The balancer, and what it should have in its books.
struct World {
    balancer: Arc<Balancer>,
    rng: Rng,
    now: Nanos,
    /// Loans, each with whether it is from before the last fork.
    loans: Vec<(Loan, bool)>,
    tried: Tried,
    /// The same, for looking into.
    tried_states: Vec<*const State>,
    accounts: HashMap<*const State, (Arc<State>, Account)>,
    picks: Vec<String>,
    /// Whether each pick is explained before it is made.
    explains: bool,
}

impl World {
    fn new(spec: &StrategySpec, required: bool, explains: bool) -> Self {
        let check = CheckSettings { required, ..CheckSettings::default() };
        let settings = Settings { check: Some(check), ..Settings::default() };
        let specs = (0..4).map(|id| Spec::new(&format!("n{id}"))).collect();
        Self {
            balancer: balancer_of(spec, specs, settings),
            rng: Rng::seeded(131),
            now: Nanos::ZERO,
            loans: Vec::new(),
            tried: Tried::default(),
            tried_states: Vec::new(),
            accounts: HashMap::new(),
            picks: Vec::new(),
            explains,
        }
    }

    fn account(&mut self, state: &Arc<State>) -> &mut Account {
        &mut self
            .accounts
            .entry(Arc::as_ptr(state))
            .or_insert((state.clone(), Account::default()))
            .1
    }

    fn take(&mut self, which: usize) -> Option<(Loan, bool)> {
        (!self.loans.is_empty()).then(|| self.loans.swap_remove(which % self.loans.len()))
    }

    fn pick(&mut self, key: Option<u8>, retry: bool) {
        if !retry {
            self.tried = Tried::default();
            self.tried_states.clear();
        }
        let before = self.balancer.nodes(self.now);
        let cluster = self.balancer.cluster();
        let was_tried = |node: &NodeReport| {
            let member =
                cluster.members.iter().find(|member| *member.state.id() == node.id).unwrap();
            self.tried_states.contains(&Arc::as_ptr(&member.state))
        };
        let room = |node: &NodeReport| node.capacity.is_none_or(|most| node.in_flight < most);
        let key = key.map(|key| [key]);
        let key = key.as_ref().map_or(Key::None, |key| Key::Bytes(key));
        let told = self.explains.then(|| self.explained(key));
        let (result, trace) = self.balancer.pick_traced(key, &self.tried, self.now, &mut self.rng);
        if let Some((told, chance)) = told {
            let picked = result.as_ref().map(Loan::id).map_err(|refusal| refusal.reason);
            assert_eq!(told.pick.as_ref().map_err(|refusal| refusal.reason), picked, "{told}");
            assert_eq!(told.trace, trace);
            assert_eq!(chance.clone().next_u64(), self.rng.clone().next_u64());
            for (node, candidate) in before.iter().zip(&told.candidates) {
                let well = matches!(node.reason, Reason::Serving | Reason::SlowStart);
                let open = well && room(node) && !was_tried(node);
                let probed = node.reason == Reason::BreakerHalfOpen;
                assert!(probed || open == candidate.excluded.is_none(), "{candidate:?}");
            }
        }
        let healthy =
            |node: &NodeReport| matches!(node.reason, Reason::Serving | Reason::SlowStart);
        let taken_out = |node: &NodeReport| matches!(node.reason, Reason::Draining | Reason::Down);
        match result {
            Ok(loan) => {
                let node =
                    before.iter().find(|node| node.id == *loan.id()).expect("it is in the cluster");
                assert!(!taken_out(node), "{node:?}");
                assert!(room(node), "{node:?}");
                assert!(!was_tried(node), "{node:?} was tried");
                if loan.panicked() {
                    let better =
                        before.iter().find(|node| healthy(node) && room(node) && !was_tried(node));
                    assert!(better.is_none(), "{node:?} in panic, beside {better:?}");
                } else {
                    assert!(healthy(node) || node.reason == Reason::BreakerHalfOpen, "{node:?}");
                }
                self.picks.push(loan.id().to_string());
                let state = loan.state().clone();
                self.account(&state).in_flight += 1;
                self.tried_states.push(Arc::as_ptr(&state));
                self.tried.push(state);
                self.loans.push((loan, false));
            }
            Err(refusal) => {
                let left =
                    before.iter().find(|node| !taken_out(node) && room(node) && !was_tried(node));
                assert!(left.is_none(), "{refusal} although there is {left:?}");
                self.picks.push(refusal.reason.to_string());
            }
        }
    }

    /// What a pick would do, and the chance that is left after it.
    fn explained(&self, key: Key<'_>) -> (Explanation, Rng) {
        let mut chance = self.rng.clone();
        let books = || format!("{:?}", self.balancer.nodes(self.now));
        let before = books();
        let told = self.balancer.explain(key, &self.tried, self.now, &mut chance);
        assert_eq!(before, books());
        (told, chance)
    }

    fn step(&mut self, step: Step, wait: u64) {
        self.now = self.now.plus(Nanos::from_millis(wait));
        let (balancer, now) = (self.balancer.clone(), self.now);
        let name = |id: u8| format!("n{id}");
        let known = |id: u8| balancer.find(&name(id));
        match step {
            Step::Pick { key, retry } => self.pick(key, retry),
            Step::Answered(which) => {
                let count = self.loans.len().max(1);
                if let Some((loan, _)) = self.loans.get_mut(which % count) {
                    loan.answered(now);
                }
            }
            Step::Leave(which, how) => {
                if let Some((loan, stale)) = self.take(which) {
                    let state = loan.state().clone();
                    if !stale {
                        let account = self.account(&state);
                        account.in_flight -= 1;
                        match how {
                            0 => account.failed += 1,
                            1 => account.completed += 1,
                            _ => {
                                account.completed += 1;
                                account.cancelled += 1;
                            }
                        }
                    }
                    match how {
                        0 => loan.leave(FAILED, now),
                        1 => loan.leave(Outcome::Success, now),
                        2 => loan.leave(Outcome::Cancelled, now),
                        _ => drop(loan),
                    }
                }
            }
            Step::Add { id, weight, capacity } => {
                let spec = Spec { capacity, ..Spec::new(&name(id)).weight(weight) };
                let twice = known(id).is_ok();
                assert_eq!(balancer.add(spec, now).is_err(), twice);
            }
            Step::Remove(id) => {
                assert_eq!(known(id).is_ok(), balancer.remove(&name(id), now).is_ok());
            }
            Step::Update { id, weight, capacity } => {
                assert_eq!(
                    known(id).is_ok(),
                    balancer.update(&name(id), weight, capacity, now).is_ok()
                );
            }
            Step::Administer(id, how) => {
                let admin = ADMIN[usize::from(how)];
                assert_eq!(known(id).is_ok(), balancer.administer(&name(id), admin, now).is_ok());
            }
            Step::Replace(ids) => {
                balancer
                    .replace(ids.into_iter().map(|id| Spec::new(&name(id))).collect(), now)
                    .unwrap();
            }
            Step::SetStrategy(which) => {
                let all = all_strategies();
                balancer
                    .set_strategy(&*pick::build(&all[which % all.len()]).unwrap(), now)
                    .unwrap();
            }
            Step::Tick => {
                for act in balancer.tick(now) {
                    if let Act::Probe(state) = act {
                        balancer.checked(&state, Ok(()), now);
                    }
                }
                assert!(balancer.next_tick(now) >= now);
            }
            Step::Checked { id, passes } => {
                if let Ok(state) = known(id) {
                    let result = if passes { Ok(()) } else { Err("refused".to_owned()) };
                    balancer.checked(&state, result, now);
                }
            }
            Step::Report(id, load) => {
                assert_eq!(known(id).is_ok(), balancer.report(&name(id), load).is_ok());
            }
            Step::Reconfigure(another) => self.reconfigure(another),
            Step::Fork => {
                balancer.forked();
                self.loans.iter_mut().for_each(|(_, stale)| *stale = true);
                for member in &balancer.cluster().members {
                    self.account(&member.state).in_flight = 0;
                }
                // A node that has left is nobody's any more: its loans are neither ours nor counted.
                let here: Vec<_> = balancer
                    .cluster()
                    .members
                    .iter()
                    .map(|member| Arc::as_ptr(&member.state))
                    .collect();
                self.accounts.retain(|state, _| here.contains(state));
            }
        }
    }

    fn reconfigure(&mut self, another: Another) {
        let (balancer, now) = (&self.balancer, self.now);
        let spec = |(id, weight, capacity, admin): (u8, u32, Option<u32>, Option<u8>)| Spec {
            capacity,
            admin: admin.map(|which| ADMIN[usize::from(which)]),
            ..Spec::new(&format!("n{id}")).weight(weight)
        };
        let mut nodes: Vec<_> = another.nodes.into_iter().map(spec).collect();
        if another.faulty {
            nodes.extend([Spec::new("twice"), Spec::new("twice")]);
        }
        let settings = Settings {
            ejection: another.ejects.then(EjectionSettings::default),
            check: another
                .checks
                .map(|required| CheckSettings { required, ..CheckSettings::default() }),
            hash_seed: another.hash_seed,
            ..Settings::default()
        };
        let all = all_strategies();
        let strategy = &all[another.strategy % all.len()];
        let before = (balancer.cluster(), balancer.settings(), balancer.nodes(now));
        let done = balancer.reconfigure(nodes.clone(), strategy, settings, now);
        assert_eq!(done.is_err(), another.faulty);
        if another.faulty {
            assert!(Arc::ptr_eq(&before.0, &balancer.cluster()));
            assert!(Arc::ptr_eq(&before.1, &balancer.settings()));
            assert_eq!(format!("{:?}", before.2), format!("{:?}", balancer.nodes(now)));
            return;
        }
        for (wanted, node) in nodes.iter().zip(balancer.nodes(now)) {
            assert_eq!(
                (&wanted.id, wanted.weight, wanted.capacity),
                (&node.id, node.weight, node.capacity)
            );
            assert!(wanted.admin.is_none_or(|admin| admin == node.admin));
            let breaker = matches!(node.reason, Reason::BreakerOpen | Reason::BreakerHalfOpen);
            let checks = matches!(node.reason, Reason::CheckFailed | Reason::NotChecked);
            assert!(another.ejects || !breaker, "{node:?} without ejection");
            assert!(another.checks.is_some() || !checks, "{node:?} without checks");
            assert!(another.checks == Some(true) || node.reason != Reason::NotChecked);
        }
    }

    fn audit(&mut self) {
        for node in self.balancer.nodes(self.now) {
            let state = self.balancer.find(&node.id).unwrap();
            let account = *self.account(&state);
            let have = Account {
                in_flight: node.in_flight,
                completed: node.completed,
                cancelled: node.cancelled,
                failed: node.failures,
            };
            assert_eq!(have, account, "{}", node.id);
            assert_eq!(node.picks, node.completed + node.failures + u64::from(node.in_flight));
        }
        for (state, account) in self.accounts.values() {
            assert_eq!(
                state.in_flight(),
                account.in_flight,
                "{} counts on after leaving",
                state.id()
            );
        }
        let (ratio, jain) = (self.balancer.balance_ratio(), self.balancer.jain_index());
        assert!(
            (0.0..=1.0).contains(&ratio) && (0.0..=1.0 + 1e-9).contains(&jain),
            "{ratio} {jain}"
        );
    }
}

fn run(spec: &StrategySpec, required: bool, explains: bool, trace: &[(Step, u64)]) -> Vec<String> {
    let mut world = World::new(spec, required, explains);
    for (step, wait) in trace {
        world.step(step.clone(), *wait);
        world.audit();
    }
    let fresh = world.loans.drain(..).filter(|(_, stale)| !stale).map(|(loan, _)| loan);
    fresh.for_each(|loan| loan.leave(Outcome::Success, world.now));
    assert!(world.accounts.values().all(|(state, _)| state.in_flight() == 0), "all are given back");
    world.picks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Also when each pick is explained before it is made: the explanation is right, and nothing goes another way for it.
    #[test]
    fn the_books_balance_after_every_step_and_the_same_trace_gives_the_same_picks(
        required in any::<bool>(),
        trace in prop::collection::vec(step(), 1..160),
    ) {
        for spec in all_strategies() {
            let picks = run(&spec, required, true, &trace);
            prop_assert_eq!(&picks, &run(&spec, required, false, &trace));
        }
    }
}
