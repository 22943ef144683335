//! A balancer of the core with its own chance, and who waits in its queue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use evenly_core::{
    Balancer, Fault, Key, Loan, Nanos, Refusal, Rng, Spec, Strategy, Ticket, Tried, pick,
};
use rand_core::RngCore;

use crate::chance::Stream;
use crate::scenario::{Chooser, Scenario};

/// Strategies that the caller brings along, such as those written in Python.
pub trait Custom {
    /// A new strategy with a state of its own, for one dispatcher.
    fn strategy(&self) -> Result<Box<dyn Strategy>, Fault>;

    /// Tells for whom the strategy made last chooses.
    fn chooses_for(&self, balancer: &Arc<Balancer>);

    /// Whether a strategy has failed: then the run ends.
    fn failed(&self) -> bool;
}

/// Who waited, and what came of it.
type Told = (u32, Result<Loan, Refusal>);

/// Places that came to those who waited, and refusals, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Woken(Arc<Mutex<Vec<Told>>>);

impl Woken {
    fn push(&self, slot: u32, result: Result<Loan, Refusal>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((slot, result));
    }

    /// All of them.
    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One balancer.
#[derive(Debug)]
pub struct Dispatcher {
    pub balancer: Arc<Balancer>,
    /// Which node each member is.
    pub members: Vec<usize>,
    pub rng: Rng,
}

impl Dispatcher {
    pub fn new(
        scenario: &Scenario,
        number: usize,
        custom: Option<&dyn Custom>,
        now: u64,
        chance: &mut Stream,
    ) -> Result<Self, Fault> {
        let nodes =
            scenario.nodes.iter().filter(|node| node.joins).map(crate::world::spec).collect();
        let strategy = match (&scenario.strategy, custom) {
            (Chooser::Engine(spec), _) => {
                pick::build(spec).map_err(|fault| Fault::new(format!("strategy: {fault}")))?
            }
            (Chooser::Custom(_), Some(custom)) => custom.strategy()?,
            (Chooser::Custom(name), None) => {
                return Err(Fault::new(format!(
                    "strategy.python = {name:?}: the strategy itself was not given"
                )));
            }
        };
        let (mut settings, seed) = (scenario.settings.clone(), chance.next_u64());
        if let Some(subset) = &mut settings.subset {
            // Each dispatcher is one of the instances, the first that which was written.
            subset.instance = (subset.instance + number) % subset.instances.max(1);
        }
        let nodes: Vec<Spec> = nodes;
        let balancer =
            Balancer::with_strategy("simulation", nodes, &*strategy, settings, Nanos(now), seed)?;
        if let (Chooser::Custom(_), Some(custom)) = (&scenario.strategy, custom) {
            custom.chooses_for(&balancer);
        }
        let mut dispatcher =
            Self { balancer, members: Vec::new(), rng: Rng::seeded(chance.next_u64()) };
        dispatcher.enrol(scenario);
        Ok(dispatcher)
    }

    /// Notes which node each member is, after a change of membership.
    pub fn enrol(&mut self, scenario: &Scenario) {
        let numbers: HashMap<&str, usize> =
            scenario.nodes.iter().enumerate().map(|(at, node)| (&*node.id, at)).collect();
        let cluster = self.balancer.cluster();
        self.members = cluster.members.iter().map(|one| numbers[&**one.state.id()]).collect();
    }

    /// Lets a request wait for a place; how that ends is put into `woken`.
    pub fn enqueue(
        &self,
        key: Key<'_>,
        tried: &Tried,
        deadline: u64,
        now: u64,
        slot: u32,
        woken: &Woken,
    ) -> Result<Ticket, Box<Refusal>> {
        let woken = woken.clone();
        let wake = Box::new(move |result| woken.push(slot, result));
        self.balancer.enqueue(key, tried, Nanos(deadline), Nanos(now), wake)
    }
}
