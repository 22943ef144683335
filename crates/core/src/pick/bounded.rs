//! Bounded load, an option of every hash strategy: however hot a key, its node gets little more than its share.
//!
//! With the bound c and m loans out, the next one may go to a node of weight w only while the node has fewer than
//! ceil(c · (m + 1) · w / W) out; else it goes to the next node in the key's own order. Such a node always exists: over
//! all nodes those limits add up to at least c · (m + 1) > m. (Mirrokni, Thorup, Zadimoghaddam, SODA 2018.)

use super::View;
use super::options::{OptionEntry, Options};
use crate::sync::{AcqRel, Acquire, AtomicU32, AtomicU64, Relaxed};
use crate::{Fault, Member};

/// The bound is kept in whole millionths, so that limits are compared exactly.
const MILLION: f64 = 1e6;

/// Above this a bound bounds nothing.
const MOST: f64 = 1000.0;

/// The bound, and how many loans are out on the members it was prepared for.
#[derive(Debug, Default)]
pub(super) struct Bound {
    millionths: u64,
    weights: u64,
    /// The loans of each member as they were last counted into `total`.
    seen: Vec<AtomicU32>,
    total: AtomicU64,
}

impl Bound {
    pub const OPTION: OptionEntry = OptionEntry {
        name: "bounded_load",
        kind: "float",
        default: "0",
        choices: &[],
        doc: "how far a node's requests in flight may exceed its weight's share, as a factor from 1: above it a key goes \
              to the next node in its own order; 1.25 is a good value, 0 sets no bound",
    };

    pub fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        let allowed = |bound| bound == 0.0 || (1.0..=MOST).contains(&bound);
        let bound = options.float("bounded_load", 0.0, "0, or a number from 1 to 1000", allowed)?;
        Ok(Self { millionths: (bound * MILLION).round() as u64, ..Self::default() })
    }

    pub fn prepare(&self, members: &[Member]) -> Self {
        if !self.is_on() {
            return Self::default();
        }
        let loans: Vec<u32> = members.iter().map(|member| member.state.in_flight()).collect();
        Self {
            millionths: self.millionths,
            weights: members.iter().map(|member| u64::from(member.weight)).sum(),
            total: AtomicU64::new(loans.iter().map(|&loans| u64::from(loans)).sum()),
            seen: loans.into_iter().map(AtomicU32::new).collect(),
        }
    }

    /// Whether there is one: only then must changes be told.
    pub fn is_on(&self) -> bool {
        self.millionths > 0
    }

    /// Counts a member's loans anew.
    pub fn changed(&self, members: &[Member], index: usize) {
        let (state, Some(seen)) = (&members[index].state, self.seen.get(index)) else { return };
        loop {
            let now = state.in_flight();
            let before = seen.swap(now, AcqRel);
            // Wraps below zero and back: only the sum of all differences counts.
            self.total.fetch_add(u64::from(now).wrapping_sub(u64::from(before)), AcqRel);
            // Whoever wrote last must have written what is so: else an older count would stay.
            if state.in_flight() == now {
                return;
            }
        }
    }

    /// Lets `walk` look for the first in the key's own order that the gate lets through.
    #[inline]
    pub fn choose(
        &self,
        view: &View<'_>,
        walk: impl Fn(&Gate<'_>) -> Option<usize>,
    ) -> Option<usize> {
        if self.is_on() { self.choose_bounded(view, walk) } else { walk(&Gate::wide(view)) }
    }

    fn choose_bounded(
        &self,
        view: &View<'_>,
        walk: impl Fn(&Gate<'_>) -> Option<usize>,
    ) -> Option<usize> {
        let gate = |loans: u64, weights: u64| Gate {
            view,
            share: self.millionths.saturating_mul(loans + 1),
            whole: MILLION as u64 * weights,
        };
        walk(&gate(self.total.load(Acquire), self.weights)).or_else(|| {
            // With nodes out, what is left may have no room under limits that count on all of them. Among those that
            // are fit the sum of the limits again exceeds their loans.
            let (mut loans, mut weights) = (0, 0);
            for (_, member) in view.members().iter().enumerate().filter(|&(at, _)| view.fit(at)) {
                loans += u64::from(member.state.in_flight());
                weights += u64::from(member.weight);
            }
            if weights == 0 { None } else { walk(&gate(loans, weights)) }
        })
    }
}

impl Clone for Bound {
    /// The bound alone: it is prepared anew for each membership.
    fn clone(&self) -> Self {
        Self {
            millionths: self.millionths,
            total: AtomicU64::new(self.total.load(Relaxed)),
            ..Self::default()
        }
    }
}

/// Who may get the request.
pub(super) struct Gate<'a> {
    view: &'a View<'a>,
    /// A member's limit is `share` · its weight / `whole`; no limits when `whole` is 0.
    share: u64,
    whole: u64,
}

impl<'a> Gate<'a> {
    fn wide(view: &'a View<'a>) -> Self {
        Self { view, share: 0, whole: 0 }
    }

    /// Whether the member is fit, and below its limit: x < ceil(a / b) is x · b < a in whole numbers.
    #[inline]
    pub fn lets(&self, index: usize) -> bool {
        self.view.fit(index) && (self.whole == 0 || self.has_room(index))
    }

    fn has_room(&self, index: usize) -> bool {
        let member = &self.view.members()[index];
        let taken = u128::from(member.state.in_flight()) * u128::from(self.whole);
        taken < u128::from(self.share) * u128::from(member.weight)
    }

    /// The key's own member, or else the first of `others` that the gate lets through: they are looked at only when
    /// there is one at all.
    #[inline]
    pub fn first<I: Iterator<Item = usize>>(
        &self,
        own: usize,
        others: impl FnOnce() -> I,
    ) -> Option<usize> {
        if self.lets(own) { Some(own) } else { self.other(others) }
    }

    #[cold]
    fn other<I: Iterator<Item = usize>>(&self, others: impl FnOnce() -> I) -> Option<usize> {
        if (0..self.view.len()).any(|index| self.lets(index)) {
            others().find(|&index| self.lets(index))
        } else {
            None
        }
    }
}
