//! Waiting for a place: bounded, first come first served. Who waits is told by a call, made under no lock.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::sync::{AtomicU32, AtomicU64, Relaxed};
use crate::{Loan, Nanos, Refusal, Tried};

/// What is called, once, with the place or with the reason why there is none.
pub type Wake = Box<dyn FnOnce(Result<Loan, Refusal>) + Send>;

/// The right to leave the queue before one's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

pub struct Waiter {
    pub(crate) ticket: Ticket,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) tried: Tried,
    pub(crate) deadline: Nanos,
    pub(crate) wake: Wake,
}

/// The queue of one balancer.
#[derive(Default)]
pub struct Queue {
    waiters: Mutex<VecDeque<Waiter>>,
    /// The length, readable without the lock: a pick looks at it.
    length: AtomicU32,
    tickets: AtomicU64,
    /// Held by the one who is handing out places, so that two do not overtake each other.
    pub(crate) serving: Mutex<()>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Queue({} waiting)", self.length())
    }
}

impl Queue {
    pub(crate) fn length(&self) -> usize {
        self.length.load(Relaxed) as usize
    }

    /// Joins the end, unless `most` wait already.
    pub(crate) fn join(
        &self,
        waiter: impl FnOnce(Ticket) -> Waiter,
        most: usize,
    ) -> Option<Ticket> {
        let mut waiters = self.waiters.lock();
        if waiters.len() >= most {
            return None;
        }
        let ticket = Ticket(self.tickets.fetch_add(1, Relaxed));
        waiters.push_back(waiter(ticket));
        self.length.store(waiters.len() as u32, Relaxed);
        Some(ticket)
    }

    /// Takes the first one out.
    pub(crate) fn first(&self) -> Option<Waiter> {
        let mut waiters = self.waiters.lock();
        let first = waiters.pop_front();
        self.length.store(waiters.len() as u32, Relaxed);
        first
    }

    /// Puts back who was first and got nothing.
    pub(crate) fn still_first(&self, waiter: Waiter) {
        let mut waiters = self.waiters.lock();
        waiters.push_front(waiter);
        self.length.store(waiters.len() as u32, Relaxed);
    }

    /// Leaves before one's turn; says whether one was still waiting.
    pub(crate) fn leave(&self, ticket: Ticket) -> bool {
        // Dropped after the lock: a waiter may own anything.
        let gone = {
            let mut waiters = self.waiters.lock();
            let at = waiters.iter().position(|waiter| waiter.ticket == ticket);
            let gone = at.and_then(|at| waiters.remove(at));
            self.length.store(waiters.len() as u32, Relaxed);
            gone
        };
        gone.is_some()
    }

    /// Takes out everybody whose time is over.
    pub(crate) fn expired(&self, now: Nanos) -> Vec<Waiter> {
        if self.length() == 0 {
            return Vec::new();
        }
        let mut waiters = self.waiters.lock();
        let (late, kept) =
            waiters.drain(..).partition::<Vec<_>, _>(|waiter| waiter.deadline <= now);
        waiters.extend(kept);
        self.length.store(waiters.len() as u32, Relaxed);
        late
    }

    /// The first moment at which somebody's time is over.
    pub(crate) fn next_deadline(&self) -> Nanos {
        if self.length() == 0 {
            return Nanos::NEVER;
        }
        self.waiters.lock().iter().map(|waiter| waiter.deadline).min().unwrap_or(Nanos::NEVER)
    }

    /// Forgets everybody: in a forked child nobody of the parent waits.
    pub(crate) fn clear(&self) {
        let gone: Vec<_> = self.waiters.lock().drain(..).collect();
        self.length.store(0, Relaxed);
        drop(gone);
    }
}
