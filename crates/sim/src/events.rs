//! What happens when: one next departure for each node, and an agenda for everything rare.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use evenly_core::State;

/// A moment that never comes.
pub const NEVER: u64 = u64::MAX;

/// The next departure of each node, and whose is the first: a tournament that is replayed along one path.
#[derive(Debug)]
pub struct Calendar {
    size: usize,
    times: Vec<u64>,
    /// Inner places: who wins below.
    winners: Vec<u32>,
}

impl Calendar {
    /// For that many nodes, none of which has anything to do.
    pub fn new(nodes: usize) -> Self {
        let size = nodes.next_power_of_two().max(2);
        let mut winners = vec![0; size];
        for place in (1..size).rev() {
            let left = 2 * place;
            winners[place] = if left >= size { (left - size) as u32 } else { winners[left] };
        }
        Self { size, times: vec![NEVER; size], winners }
    }

    /// The first departure of all: when, and from which node. Of several at once that of the first node.
    #[inline]
    pub fn first(&self) -> (u64, usize) {
        let node = self.winners[1] as usize;
        (self.times[node], node)
    }

    /// Sets when the next departure of `node` is.
    #[inline]
    pub fn set(&mut self, node: usize, time: u64) {
        if self.times[node] == time {
            return;
        }
        self.times[node] = time;
        let mut place = (self.size + node) >> 1;
        let own = (node & !1, node | 1);
        let mut winner = if self.times[own.1] < self.times[own.0] { own.1 } else { own.0 };
        loop {
            self.winners[place] = winner as u32;
            if place == 1 {
                return;
            }
            let (left, right) =
                (self.winners[place & !1] as usize, self.winners[place | 1] as usize);
            winner = if self.times[right] < self.times[left] { right } else { left };
            place /= 2;
        }
    }
}

/// Something rare.
#[derive(Debug)]
pub enum Event {
    /// An entry of the timeline.
    Moment(usize),
    /// Time passes for a dispatcher's balancer.
    Tick(usize),
    /// The time of a request in a balancer's queue is over, if it is still in that turn.
    Expire(u32, u32),
    /// A check of a dispatcher's balancer has ended.
    Probed(usize, Arc<State>, bool),
    /// Every node tells its load.
    Reports,
    /// A slice of the series ends.
    Slice,
    /// The warm-up or a batch ends.
    Bound,
    /// No more requests come.
    End,
    /// A request is tried again, if it is still in that turn.
    Again(u32, u32),
    /// A node answers a failure, if the request is still in that turn.
    Fails(u32, u32),
    /// A client sends its next request.
    Client,
}

impl Event {
    /// Whether it can bring a request that is still out to its end.
    pub fn progresses(&self) -> bool {
        matches!(
            self,
            Self::Moment(_) | Self::End | Self::Again(..) | Self::Fails(..) | Self::Client
        )
    }
}

#[derive(Debug)]
struct Entry {
    time: u64,
    number: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.time, self.number).cmp(&(other.time, other.number))
    }
}

/// Rare events by time; of several at once the one that was entered first.
#[derive(Debug, Default)]
pub struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    number: u64,
    progress: usize,
}

impl Agenda {
    /// Enters an event.
    pub fn at(&mut self, time: u64, event: Event) {
        self.number += 1;
        self.progress += usize::from(event.progresses());
        self.entries.push(Reverse(Entry { time, number: self.number, event }));
    }

    /// When the next one is.
    #[inline]
    pub fn first(&self) -> u64 {
        self.entries.peek().map_or(NEVER, |Reverse(entry)| entry.time)
    }

    /// Takes the next one.
    pub fn take(&mut self) -> Option<Event> {
        let Reverse(entry) = self.entries.pop()?;
        self.progress -= usize::from(entry.event.progresses());
        Some(entry.event)
    }

    /// How many entries can bring a request to its end.
    pub fn progress(&self) -> usize {
        self.progress
    }
}
