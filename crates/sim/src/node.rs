//! A node: servers, a line in front of them, and what befalls it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::events::NEVER;
use crate::scenario::{Discipline, NodeSpec};
use crate::service::Law;

/// Whether a node works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It does.
    Up,
    /// It takes requests and does nothing.
    Hung,
    /// It refuses connections.
    Dead,
}

/// A node that answers failures.
#[derive(Clone, Copy, Debug)]
pub struct Failing {
    /// The share of requests that fail.
    pub share: f64,
    /// Nanoseconds until it says so.
    pub after: u64,
}

/// Both disciplines are one: work is measured on the node's own clock, which runs at the speed at which each request in
/// service is served, and the first to leave is the one whose work ends first by that clock. First come, first served
/// has at most `servers` in service; processor sharing has all of them, and a slower clock.
#[derive(Debug)]
pub struct Node {
    /// Work done per time, when it is well.
    pub speed: f64,
    /// By how much it is slowed down.
    pub slow: f64,
    pub life: Life,
    pub failing: Option<Failing>,
    /// The law of its own, if it has one.
    pub law: Option<Law>,
    servers: usize,
    /// Most requests that are here at a time.
    room: usize,
    sharing: bool,
    /// The node's own clock, set back whenever the node is empty so that it keeps its precision.
    clock: f64,
    at: u64,
    serving: BinaryHeap<Reverse<(u64, u32)>>,
    waiting: VecDeque<(u32, f64)>,
    /// Requests here.
    pub count: usize,
    /// Most requests here at a time, so far.
    pub peak: usize,
    /// Requests here × nanoseconds, until the last change.
    pub area: u128,
    /// Busy servers × nanoseconds, until the last change.
    pub busy: u128,
}

impl Node {
    pub fn new(spec: &NodeSpec, start: u64) -> Self {
        let servers = spec.concurrency.map_or(usize::MAX, |servers| servers as usize);
        let room = spec.queue_limit.map_or(usize::MAX, |limit| servers.saturating_add(limit));
        Self {
            speed: spec.speed,
            slow: 1.0,
            life: Life::Up,
            failing: None,
            law: spec.service.clone(),
            servers,
            room,
            sharing: spec.discipline == Discipline::Ps,
            clock: 0.0,
            at: start,
            serving: BinaryHeap::new(),
            waiting: VecDeque::new(),
            count: 0,
            peak: 0,
            area: 0,
            busy: 0,
        }
    }

    /// How fast the node's own clock runs now.
    #[inline]
    fn rate(&self) -> f64 {
        if self.life == Life::Hung {
            return 0.0;
        }
        let speed = self.speed / self.slow;
        if self.sharing && self.count > self.servers {
            speed * self.servers as f64 / self.count as f64
        } else {
            speed
        }
    }

    /// Lets time pass; to be called before anything changes.
    #[inline]
    pub fn advance(&mut self, now: u64) {
        let span = now - self.at;
        if span > 0 && self.count > 0 {
            self.area += u128::from(span) * self.count as u128;
            self.busy += u128::from(span) * self.count.min(self.servers) as u128;
            self.clock += span as f64 * self.rate();
        }
        self.at = now;
    }

    /// When the next request leaves, if nothing changes before.
    #[inline]
    pub fn next(&self) -> u64 {
        let Some(&Reverse((ends, _))) = self.serving.peek() else { return NEVER };
        let rate = self.rate();
        if rate <= 0.0 {
            return NEVER;
        }
        let left = (f64::from_bits(ends) - self.clock).max(0.0);
        // Rounded up by hand: the call to `ceil` costs more than all the rest.
        let span = left / rate;
        let whole = span as u64;
        self.at.saturating_add(whole + u64::from((whole as f64) < span))
    }

    /// A request comes; says whether there is room for it.
    #[inline]
    pub fn enter(&mut self, slot: u32, work: f64, now: u64) -> bool {
        if self.count >= self.room {
            return false;
        }
        self.advance(now);
        if self.count == 0 {
            self.clock = 0.0;
        }
        self.count += 1;
        self.peak = self.peak.max(self.count);
        if self.sharing || self.serving.len() < self.servers {
            self.serve(slot, work);
        } else {
            self.waiting.push_back((slot, work));
        }
        true
    }

    #[inline]
    fn serve(&mut self, slot: u32, work: f64) {
        // The bits of numbers from 0 are in the order of the numbers.
        self.serving.push(Reverse(((self.clock + work).to_bits(), slot)));
    }

    #[inline]
    fn serve_next(&mut self) {
        if let Some((slot, work)) = self.waiting.pop_front() {
            self.serve(slot, work);
        }
    }

    /// The first request leaves; whoever waits longest takes its place.
    #[inline]
    pub fn finish(&mut self, now: u64) -> Option<u32> {
        self.advance(now);
        let Reverse((ends, slot)) = self.serving.pop()?;
        self.clock = self.clock.max(f64::from_bits(ends));
        self.count -= 1;
        self.serve_next();
        Some(slot)
    }

    /// A request whose client has given up leaves at once.
    pub fn abandon(&mut self, slot: u32, now: u64) {
        self.advance(now);
        if let Some(place) = self.waiting.iter().position(|waiter| waiter.0 == slot) {
            self.waiting.remove(place);
            self.count -= 1;
            return;
        }
        let before = self.serving.len();
        self.serving.retain(|Reverse((_, served))| *served != slot);
        if self.serving.len() < before {
            self.count -= 1;
            self.serve_next();
        }
    }

    /// Everybody leaves at once, in the order in which they would have been done.
    pub fn clear(&mut self, now: u64) -> Vec<u32> {
        self.advance(now);
        let mut gone: Vec<_> = self.serving.drain().map(|Reverse(entry)| entry).collect();
        gone.sort_unstable();
        let mut slots: Vec<_> = gone.into_iter().map(|(_, slot)| slot).collect();
        slots.extend(self.waiting.drain(..).map(|(slot, _)| slot));
        self.count = 0;
        slots
    }

    /// How many servers there are; nothing when every request has its own.
    pub fn servers(&self) -> Option<usize> {
        (self.servers < usize::MAX).then_some(self.servers)
    }
}
