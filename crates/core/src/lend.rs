//! A node on loan. *Pick chooses, lend secures*: a place is taken by compare-and-swap, so a capacity holds on any
//! number of threads, and it is given back exactly once, however one leaves.

use std::sync::Arc;

use crate::state::State;
use crate::{Balancer, Nanos, Outcome};

/// A place taken on a node, to be given back to the balancer it came from with [`Balancer::leave`]. For edges that
/// hold the balancer anyway; everybody else uses [`Loan`], which gives itself back.
#[derive(Debug)]
#[must_use = "a place that is never given back stays taken"]
pub struct Held {
    pub(crate) state: Arc<State>,
    pub(crate) since: Nanos,
    pub(crate) marks: Marks,
}

/// The epoch and three flags in one word: a place is moved from hand to hand, and whole words move without a stall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks(u64);

impl Marks {
    const ANSWERED: u64 = 1;
    const PROBE: u64 = 2;
    const PANIC: u64 = 4;

    #[inline]
    pub fn new(epoch: u32, probe: bool, panic: bool) -> Self {
        let (probe, panic) = (u64::from(probe) * Self::PROBE, u64::from(panic) * Self::PANIC);
        Self(u64::from(epoch) << 32 | probe | panic)
    }

    /// The epoch the place was taken in.
    #[inline]
    pub fn epoch(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Whether the response head has come.
    #[inline]
    pub fn answered(self) -> bool {
        self.0 & Self::ANSWERED != 0
    }

    /// Whether this is the single request that tries an ejected node.
    #[inline]
    pub fn probe(self) -> bool {
        self.0 & Self::PROBE != 0
    }

    /// Whether the node was taken for want of a better one.
    #[inline]
    pub fn panic(self) -> bool {
        self.0 & Self::PANIC != 0
    }

    pub fn set_answered(&mut self) {
        self.0 |= Self::ANSWERED;
    }
}

impl Held {
    /// The node this is a place on.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// When the place was taken.
    pub fn since(&self) -> Nanos {
        self.since
    }

    /// Whether the node was taken although it is not healthy, for want of a better one.
    pub fn panicked(&self) -> bool {
        self.marks.panic()
    }
}

/// A node on loan, given back by leaving; dropping it leaves as cancelled.
#[derive(Debug)]
pub struct Loan {
    balancer: Arc<Balancer>,
    held: Option<Held>,
}

impl Loan {
    pub(crate) fn new(balancer: Arc<Balancer>, held: Held) -> Self {
        Self { balancer, held: Some(held) }
    }

    fn held(&self) -> &Held {
        self.held.as_ref().expect("a loan holds its place until it leaves, and leaving consumes it")
    }

    /// The node's stable name.
    pub fn id(&self) -> &Arc<str> {
        self.held().state.id()
    }

    /// Where the node listens.
    pub fn address(&self) -> &Arc<str> {
        self.held().state.address()
    }

    /// The node itself, for [`Tried`](crate::Tried).
    pub fn state(&self) -> &Arc<State> {
        &self.held().state
    }

    /// Whether the node was taken although it is not healthy, for want of a better one.
    pub fn panicked(&self) -> bool {
        self.held().marks.panic()
    }

    /// The response head has come: here the latency sample ends, while the loan goes on.
    pub fn answered(&mut self, now: Nanos) {
        if let Some(held) = &mut self.held {
            self.balancer.answered(held, now);
        }
    }

    /// The node is not silent, but what it said is no sample: a failure, or the start of a tunnel.
    pub fn heard(&mut self, now: Nanos) {
        if let Some(held) = &mut self.held {
            self.balancer.heard(held, now);
        }
    }

    /// Gives the node back and tells how it went.
    pub fn leave(mut self, outcome: Outcome, now: Nanos) {
        if let Some(held) = self.held.take() {
            self.balancer.leave(held, outcome, now);
        }
    }

    /// The place without the guard, for an edge that keeps the balancer elsewhere.
    pub fn into_held(mut self) -> Held {
        self.held.take().expect("a loan holds its place until it leaves, and leaving consumes it")
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            let since = held.since;
            self.balancer.leave(held, Outcome::Cancelled, since);
        }
    }
}
