//! What goes on beside the requests: time that passes, checks, reports, changes of membership.

use std::sync::Arc;

use evenly_core::{Act, Fault, Nanos, State};

use crate::events::Event;
use crate::node::Life;
use crate::run::Run;
use crate::world::spec;

/// Ticks lie at least that far apart.
const APART: u64 = 1_000_000;

impl Run<'_> {
    /// Time passes for a balancer, and what it asks for is done.
    pub(crate) fn tick(&mut self, dispatcher: usize) {
        self.let_pass(dispatcher);
        let next = self.dispatchers[dispatcher].balancer.next_tick(Nanos(self.now)).0;
        self.agenda.at(next.max(self.now + APART), Event::Tick(dispatcher));
    }

    fn let_pass(&mut self, dispatcher: usize) {
        for act in self.dispatchers[dispatcher].balancer.tick(Nanos(self.now)) {
            if let Act::Probe(state) = act {
                self.probe(dispatcher, state);
            }
        }
    }

    /// The time of a request in the queue is over, if it is still there.
    pub(crate) fn expire(&mut self, slot: u32, turn: u32) {
        if self.requests[slot].turn == turn {
            self.let_pass(self.requests[slot].dispatcher);
        }
    }

    /// A check goes to a node. One that is alive answers it at once, however much it has to do.
    fn probe(&mut self, dispatcher: usize, state: Arc<State>) {
        let found = self.scenario.nodes.iter().position(|node| *node.id == **state.id());
        let life = found.map_or(Life::Dead, |node| self.nodes[node].life);
        let longest = Nanos::from_secs_f64(self.scenario.check_timeout).0;
        let way = self.delay.saturating_mul(2);
        let (after, well) = match life {
            Life::Hung => (longest, false),
            _ if way > longest => (longest, false),
            Life::Dead => (way, false),
            Life::Up => (way, true),
        };
        self.agenda.at(self.now.saturating_add(after), Event::Probed(dispatcher, state, well));
    }

    pub(crate) fn probed(&mut self, dispatcher: usize, state: &State, well: bool) {
        let result = if well { Ok(()) } else { Err("no answer".to_owned()) };
        self.dispatchers[dispatcher].balancer.checked(state, result, Nanos(self.now));
    }

    /// Every member tells every balancer how many requests it has.
    pub(crate) fn tell_loads(&mut self) -> Result<(), Fault> {
        for dispatcher in &self.dispatchers {
            for &node in &dispatcher.members {
                let load = self.nodes[node].count as f64;
                dispatcher.balancer.report(&self.scenario.nodes[node].id, load)?;
            }
        }
        if let Some(every) = self.scenario.report_every {
            let next = self.now.saturating_add(Nanos::from_secs_f64(every).0.max(1));
            self.agenda.at(next, Event::Reports);
        }
        Ok(())
    }

    pub(crate) fn join(&mut self, node: usize) -> Result<(), Fault> {
        if !self.joined[node] {
            for dispatcher in &mut self.dispatchers {
                let spec = spec(&self.scenario.nodes[node]).weight(self.weights[node]);
                dispatcher.balancer.add(spec, Nanos(self.now))?;
                dispatcher.enrol(self.scenario);
            }
            self.joined[node] = true;
            self.books[node].member = true;
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self, node: usize) -> Result<(), Fault> {
        if self.joined[node] {
            for dispatcher in &mut self.dispatchers {
                dispatcher.balancer.remove(&self.scenario.nodes[node].id, Nanos(self.now))?;
                dispatcher.enrol(self.scenario);
            }
            self.joined[node] = false;
        }
        Ok(())
    }

    /// Changes a weight; that of a node which is no member is what it will join with.
    pub(crate) fn weigh(&mut self, node: usize, weight: u32) -> Result<(), Fault> {
        self.weights[node] = weight;
        if self.joined[node] {
            for dispatcher in &self.dispatchers {
                let id = &self.scenario.nodes[node].id;
                dispatcher.balancer.update(id, Some(weight), None, Nanos(self.now))?;
            }
        }
        if self.scenario.nodes[node].capacity.is_none() {
            self.books[node].size = f64::from(weight);
        }
        Ok(())
    }
}
