//! What a strategy sees when it chooses.

use std::cell::Cell;
use std::sync::Arc;

use crate::health::Standing;
use crate::load::{Load, Scale};
use crate::state::State;
use crate::sync::Relaxed;
use crate::{Member, Nanos};

/// What a request is hashed by. Text is its UTF-8, a whole number its decimal digits.
#[derive(Clone, Copy, Debug, Default)]
pub enum Key<'a> {
    /// Nothing: a strategy that wants a key falls back to chance.
    #[default]
    None,
    /// These bytes.
    Bytes(&'a [u8]),
}

/// The nodes already tried for one request.
#[derive(Clone, Debug, Default)]
pub struct Tried(Vec<Arc<State>>);

impl Tried {
    /// Adds a node.
    pub fn push(&mut self, node: Arc<State>) {
        self.0.push(node);
    }

    /// How many nodes were tried.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, node: &Arc<State>) -> bool {
        self.0.iter().any(|tried| Arc::ptr_eq(tried, node))
    }
}

/// How often a strategy is asked before one scan decides, and so how many refusals of one pick are kept in mind.
pub const ASKS: usize = super::DRAWS as usize;

/// The members as they stand for one pick.
#[derive(Debug)]
pub struct View<'a> {
    members: &'a [Member],
    scale: Scale,
    tried: &'a Tried,
    refused: [Cell<usize>; ASKS],
}

impl<'a> View<'a> {
    pub(crate) fn new(members: &'a [Member], scale: Scale, tried: &'a Tried) -> Self {
        Self { members, scale, tried, refused: [const { Cell::new(usize::MAX) }; ASKS] }
    }

    /// The members.
    pub fn members(&self) -> &'a [Member] {
        self.members
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The moment of the pick; up to 10 ms old for a strategy that does not [read the clock](super::Strategy::reads_clock).
    pub fn now(&self) -> Nanos {
        self.scale.now
    }

    /// Whether the member looks as if it could be lent.
    #[inline]
    pub fn fit(&self, index: usize) -> bool {
        let member = &self.members[index];
        let stands = match member.state.standing() {
            Standing::Serving => true,
            Standing::HalfOpen => !member.state.probing.load(Relaxed),
            _ => false,
        };
        stands && self.open(index)
    }

    /// The same, whatever its health.
    #[inline]
    pub(crate) fn open(&self, index: usize) -> bool {
        let member = &self.members[index];
        let room = member.capacity == 0 || member.state.in_flight() < member.capacity;
        room && (self.tried.is_empty() || !self.tried.has(&member.state))
            && !self.was_refused(index)
    }

    /// Whether the member was already tried for this request.
    pub fn tried(&self, index: usize) -> bool {
        self.tried.has(&self.members[index].state)
    }

    /// Whether the member fails: twice running is no longer the rare mishap of a node that is well.
    #[inline]
    pub fn ails(&self, index: usize) -> bool {
        self.members[index].state.streak.load(Relaxed) > 1
    }

    /// How loaded the member is, by `load`.
    #[inline]
    pub fn load(&self, index: usize, load: &dyn Load) -> f64 {
        load.of(&self.members[index], &self.scale)
    }

    /// `score` of each member, as [`Strategy::scores`](super::Strategy::scores) wants it.
    pub(crate) fn each(&self, score: impl Fn(usize) -> f64) -> Vec<Option<f64>> {
        (0..self.len()).map(|index| Some(score(index))).collect()
    }

    /// Lending this member has failed: it is not proposed again for this pick.
    pub(crate) fn refuse(&self, index: usize) {
        if let Some(free) = self.refused.iter().find(|cell| cell.get() == usize::MAX) {
            free.set(index);
        }
    }

    #[inline]
    fn was_refused(&self, index: usize) -> bool {
        self.refused[0].get() != usize::MAX && self.refused.iter().any(|cell| cell.get() == index)
    }
}
