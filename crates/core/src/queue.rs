//! Waiting for a place: bounded, first come first served. Who waits is told by a call, made under no lock.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::sync::{AcqRel, AtomicU32, AtomicU64, Relaxed, Release, SeqCst, fence};
use crate::{Loan, Nanos, Refusal, Tried};

/// What is called, once, with the place or with the reason why there is none. It must not block: the others in the
/// queue wait for it.
pub type Wake = Box<dyn FnOnce(Result<Loan, Refusal>) + Send>;

/// The right to leave the queue before one's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

pub struct Waiter {
    pub(crate) ticket: Ticket,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) tried: Tried,
    pub(crate) since: Nanos,
    pub(crate) deadline: Nanos,
    pub(crate) wake: Wake,
}

impl Waiter {
    /// Whether any node will do: none was tried before.
    fn goes_anywhere(&self) -> bool {
        self.tried.is_empty()
    }
}

/// Over how many of those served the pace is averaged: where a few places come free at the same moment, 256 know it to a
/// few percent.
const PACED: u32 = 256;
/// So many must have been served in a row before the pace says anything.
const KNOWN: u32 = 16;
/// The share of one's patience in which one must come to one's turn by that pace; the rest is for what it does not know.
const IN_TIME: f64 = 0.75;

/// How fast those who wait are served.
#[derive(Default)]
struct Pace {
    /// Mean time between two of them.
    gap: f64,
    seen: u32,
    last: Option<Nanos>,
}

impl Pace {
    fn served(&mut self, now: Nanos) {
        if let Some(last) = self.last.replace(now) {
            self.seen = (self.seen + 1).min(PACED);
            self.gap += (now.since(last).0 as f64 - self.gap) / f64::from(self.seen);
        }
    }

    /// Whether who joins behind `ahead` others comes to his turn within `patience`, as far as is known.
    fn allows(&self, ahead: usize, patience: Nanos) -> bool {
        self.seen < KNOWN || ahead as f64 * self.gap <= IN_TIME * patience.0 as f64
    }
}

/// Answers all calls when a round panics, so that the next caller serves the queue again.
struct Ended<'a>(&'a AtomicU32);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(0, Release);
    }
}

/// The queue of one balancer.
#[derive(Default)]
pub struct Queue {
    waiters: Mutex<VecDeque<Waiter>>,
    /// Of an unbroken queue: it is forgotten when nobody waits any more. Locked after `waiters`, if both are.
    pace: Mutex<Pace>,
    /// The length, readable without the lock.
    length: AtomicU32,
    /// How many of them would take any node, so that nobody may overtake them: a pick looks at it.
    anywhere: AtomicU32,
    tickets: AtomicU64,
    /// Calls for handing out places that nobody has answered yet.
    calls: AtomicU32,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Queue({} waiting)", self.length())
    }
}

impl Queue {
    pub(crate) fn length(&self) -> usize {
        self.length.load(SeqCst) as usize
    }

    /// How many wait for any node whatever. Who waits for what is left after a failed try bars nobody's way.
    pub(crate) fn anywhere(&self) -> usize {
        self.anywhere.load(Relaxed) as usize
    }

    /// Runs `round` for everybody who called for it. One caller at a time does so, that two do not overtake each
    /// other; who calls meanwhile, also from within a round, is answered by one more round, so no call is lost.
    pub(crate) fn in_turn(&self, mut round: impl FnMut()) {
        let mut calls = 1;
        if self.calls.fetch_add(1, AcqRel) > 0 {
            return;
        }
        let ended = Ended(&self.calls);
        while calls > 0 {
            round();
            calls = self.calls.fetch_sub(calls, AcqRel) - calls;
        }
        std::mem::forget(ended);
    }

    /// Joins the end, unless `most` wait already, or so many that one's turn would come too late: who cannot be served
    /// is told so at once, not after a wait in vain.
    pub(crate) fn join(
        &self,
        waiter: impl FnOnce(Ticket) -> Waiter,
        most: usize,
        patience: Nanos,
    ) -> Option<Ticket> {
        let mut waiters = self.waiters.lock();
        if waiters.len() >= most || !self.pace.lock().allows(waiters.len(), patience) {
            return None;
        }
        if waiters.is_empty() {
            *self.pace.lock() = Pace::default();
        }
        let ticket = Ticket(self.tickets.fetch_add(1, Relaxed));
        let waiter = waiter(ticket);
        self.anywhere.fetch_add(u32::from(waiter.goes_anywhere()), Relaxed);
        waiters.push_back(waiter);
        self.length.store(waiters.len() as u32, SeqCst);
        drop(waiters);
        // Whoever gives a place back from here on sees the length; whoever did before has left a place to be seen.
        fence(SeqCst);
        Some(ticket)
    }

    /// What the first one behind `after` asks for that `may` be served, and since when.
    pub(crate) fn next(
        &self,
        after: Option<Ticket>,
        may: impl Fn(&Tried) -> bool,
    ) -> Option<(Ticket, Option<Vec<u8>>, Tried, Nanos)> {
        let waiters = self.waiters.lock();
        // Tickets grow along the queue.
        let start = after.map_or(0, |after| waiters.partition_point(|one| one.ticket.0 <= after.0));
        let next = waiters.range(start..).find(|one| may(&one.tried))?;
        Some((next.ticket, next.key.clone(), next.tried.clone(), next.since))
    }

    /// Somebody was served.
    pub(crate) fn served(&self, now: Nanos) {
        self.pace.lock().served(now);
    }

    /// Leaves, to be served or before one's turn; nothing when one has left already. So a waiter is served or
    /// cancelled, never both.
    pub(crate) fn leave(&self, ticket: Ticket) -> Option<Waiter> {
        let mut waiters = self.waiters.lock();
        let at = waiters.iter().position(|waiter| waiter.ticket == ticket)?;
        let gone = waiters.remove(at)?;
        self.anywhere.fetch_sub(u32::from(gone.goes_anywhere()), Relaxed);
        self.length.store(waiters.len() as u32, Relaxed);
        Some(gone)
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
        let gone = late.iter().filter(|waiter| waiter.goes_anywhere()).count();
        self.anywhere.fetch_sub(gone as u32, Relaxed);
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
        self.anywhere.store(0, Relaxed);
        self.calls.store(0, Relaxed);
        drop(gone);
    }
}
