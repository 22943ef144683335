//! One replication: a world of its own, played event by event.

use std::collections::VecDeque;

use evenly_core::{Admin, Fault, Nanos};
use rand_core::RngCore;

use crate::arrivals::Source;
use crate::chance::Stream;
use crate::dispatcher::{Custom, Dispatcher, Woken};
use crate::events::{Agenda, Calendar, Event, NEVER};
use crate::flow::Ending;
use crate::keys::Dealer;
use crate::node::Node;
use crate::request::Requests;
use crate::scenario::Scenario;
use crate::series::Series;
use crate::stats::{Books, Stats};
use crate::world::from_start;

/// The clock has been running for a while, as on any machine.
pub const START: u64 = 1_000_000_000_000;

/// How many events lie between two looks at whether the run shall go on.
const LOOK: u64 = 4096;

/// On its way until a time: the request in that turn, and how its try ended.
type Hop<T> = VecDeque<(u64, u32, u32, T)>;

/// What is counted of the whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub requests: u64,
    pub ok: u64,
    pub failed: u64,
    pub refused: u64,
    pub retries: u64,
    pub tries: u64,
    pub events: u64,
}

/// The world at one moment.
pub struct Run<'a> {
    pub scenario: &'a Scenario,
    pub custom: Option<&'a dyn Custom>,
    pub now: u64,
    pub nodes: Vec<Node>,
    pub calendar: Calendar,
    pub agenda: Agenda,
    pub requests: Requests,
    pub dispatchers: Vec<Dispatcher>,
    /// Which nodes are members now.
    pub joined: Vec<bool>,
    /// The weight of each node as it stands.
    pub weights: Vec<u32>,
    pub source: Source,
    pub next_arrival: u64,
    pub sizes: Stream,
    pub dealer: Dealer,
    pub network: Stream,
    /// One way through the network, in nanoseconds.
    pub delay: u64,
    /// How long a try may take.
    pub timeout: u64,
    pub sent: Hop<()>,
    pub back: Hop<Ending>,
    pub patience: Hop<()>,
    /// Requests that wait in a balancer's queue.
    pub queued: usize,
    pub woken: Woken,
    /// No more requests come.
    pub ended: bool,
    pub counts: Counts,
    pub books: Vec<Books>,
    pub stats: Stats,
    pub series: Option<Series>,
    pub picks: Option<Vec<i64>>,
    /// At which request the next bound of the statistics lies.
    pub bound: u64,
}

impl Run<'_> {
    /// Plays until the end, or until `go_on` says no when it is told how many requests have come.
    pub fn play(&mut self, go_on: &mut dyn FnMut(u64) -> bool) -> Result<bool, Fault> {
        loop {
            if self.counts.events.is_multiple_of(LOOK) && !go_on(self.counts.requests) {
                return Ok(false);
            }
            if self.ended && self.requests.count() == 0 {
                return Ok(true);
            }
            let (departs, node) = self.calendar.first();
            let rare = self.agenda.first();
            let mut first = departs.min(rare).min(self.next_arrival);
            let hops = [hop(&self.sent), hop(&self.back), hop(&self.patience)];
            first = first.min(hops[0]).min(hops[1]).min(hops[2]);
            if first == rare && (first == NEVER || self.is_stuck(departs, hops)) {
                self.give_up();
                return Ok(true);
            }
            self.now = first;
            self.counts.events += 1;
            // Of several at once: who leaves before who comes.
            if first == departs {
                self.depart(node);
            } else if first == hops[1] {
                self.come_back();
            } else if first == hops[0] {
                self.reach_next();
            } else if first == rare {
                self.happen()?;
            } else if first == hops[2] {
                self.lose_patience();
            } else {
                self.next_arrival = self.source.next().map_or(NEVER, from_start);
                self.arrive();
                if self.next_arrival == NEVER {
                    self.end();
                }
            }
            while self.queued > 0 && self.wake() {}
            if self.custom.is_some_and(Custom::failed) {
                return Ok(false);
            }
        }
    }

    /// Whether nothing that is still to come brings a request or ends one.
    fn is_stuck(&self, departs: u64, hops: [u64; 3]) -> bool {
        departs == NEVER
            && self.next_arrival == NEVER
            && hops == [NEVER; 3]
            && self.queued == 0
            && self.agenda.progress() == 0
    }

    /// Something rare happens.
    fn happen(&mut self) -> Result<(), Fault> {
        match self.agenda.take() {
            Some(Event::Moment(moment)) => self.befall(moment)?,
            Some(Event::Tick(dispatcher)) => self.tick(dispatcher),
            Some(Event::Expire(slot, turn)) => self.expire(slot, turn),
            Some(Event::Probed(dispatcher, state, well)) => self.probed(dispatcher, &state, well),
            Some(Event::Reports) => self.tell_loads()?,
            Some(Event::Slice) => {
                if let Some(series) = &mut self.series {
                    series.cut(self.now, &mut self.nodes, &self.books);
                    self.agenda.at(series.ends(), Event::Slice);
                }
            }
            Some(Event::Bound) => {
                self.cross();
                if let Some(bound) = self.stats.bound() {
                    self.agenda.at(from_start(bound), Event::Bound);
                }
            }
            Some(Event::End) => self.end(),
            Some(Event::Again(slot, turn)) if self.requests[slot].turn == turn => self.route(slot),
            Some(Event::Fails(slot, turn)) if self.requests[slot].turn == turn => {
                self.reply(slot, Ending::Status);
            }
            Some(Event::Client) if !self.ended => self.arrive(),
            // Meant for a try that has ended, or for a client who comes too late.
            None | Some(Event::Again(..) | Event::Fails(..) | Event::Client) => {}
        }
        Ok(())
    }

    /// A request comes.
    fn arrive(&mut self) {
        if self.counts.requests == self.bound {
            self.cross();
            self.bound = self.stats.bound().unwrap_or(NEVER);
        }
        let dispatcher = match self.dispatchers.len() {
            1 => 0,
            several => self.network.below(several),
        };
        let slot = self.requests.open();
        let request = &mut self.requests[slot];
        request.arrived = self.now;
        request.lot = self.sizes.next_u64();
        request.key = self.dealer.deal();
        request.number = self.counts.requests;
        request.dispatcher = dispatcher;
        request.made = 0;
        request.warm = self.stats.warm;
        self.counts.requests += 1;
        self.stats.enter(self.now);
        if let Some(picks) = &mut self.picks {
            picks.push(-1);
        }
        if Some(self.counts.requests) == self.scenario.requests {
            self.ended = true;
        }
        self.route(slot);
        if self.ended {
            self.end();
        }
    }

    /// The statistics cross every bound that has been reached.
    fn cross(&mut self) {
        let reached = |bound: u64, run: &Self| {
            if run.stats.plan.timed {
                from_start(bound) <= run.now
            } else {
                bound <= run.counts.requests
            }
        };
        while self.stats.bound().is_some_and(|bound| reached(bound, self)) {
            self.stats.cross(self.now, &mut self.nodes, &self.books);
        }
    }

    /// From here on no request comes, and what happens is not counted any more.
    fn end(&mut self) {
        self.ended = true;
        self.next_arrival = NEVER;
        self.cross();
        self.stats.end(self.now, &mut self.nodes);
    }

    /// The administrator's word on a node, to every dispatcher that has it.
    pub fn administer(&mut self, node: usize, admin: Admin) -> Result<(), Fault> {
        let id = &self.scenario.nodes[node].id;
        for dispatcher in &self.dispatchers {
            if dispatcher.members.contains(&node) {
                dispatcher.balancer.administer(id, admin, Nanos(self.now))?;
            }
        }
        Ok(())
    }
}

fn hop<T>(hops: &Hop<T>) -> u64 {
    hops.front().map_or(NEVER, |hop| hop.0)
}
