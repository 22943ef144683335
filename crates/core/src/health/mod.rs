//! Health is three facts and one answer: what the active check says, what passive watching says, what the
//! administrator says; whether the node serves, and why not, is derived.

mod breaker;
mod check;

pub use breaker::{
    Event as BreakerEvent, MOVES as BREAKER_MOVES, State as BreakerState, wilson_bounds,
};
pub use check::CheckStatus;

pub(crate) use breaker::{Breaker, CERTAIN};
pub(crate) use check::Check;

use crate::{Nanos, Reason, Settings};

/// What the administrator wants of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admin {
    /// Serve.
    #[default]
    Serve,
    /// Finish what is in flight and take nothing new.
    Drain,
    /// Take nothing.
    Down,
}

impl Admin {
    /// The word for it, in configurations and to people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Drain => "drain",
            Self::Down => "down",
        }
    }
}

/// The answer: how a node stands. Ordered from the best to the worst; panic takes them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Standing {
    /// Takes requests.
    Serving = 0,
    /// Was ejected; takes a single request to show that it is well.
    HalfOpen = 1,
    /// Ejected by passive watching.
    Ejected = 2,
    /// Must pass its first check.
    Unchecked = 3,
    /// Fails its active check.
    Failing = 4,
    /// Drained by the administrator: never lent.
    Draining = 5,
    /// Taken down by the administrator: never lent.
    Down = 6,
}

impl Standing {
    const ALL: [Self; 7] = [
        Self::Serving,
        Self::HalfOpen,
        Self::Ejected,
        Self::Unchecked,
        Self::Failing,
        Self::Draining,
        Self::Down,
    ];

    pub(crate) fn from_word(word: u8) -> Self {
        Self::ALL[usize::from(word)]
    }

    /// The reason that goes with this standing.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Serving => Reason::Serving,
            Self::HalfOpen => Reason::BreakerHalfOpen,
            Self::Ejected => Reason::BreakerOpen,
            Self::Unchecked => Reason::NotChecked,
            Self::Failing => Reason::CheckFailed,
            Self::Draining => Reason::Draining,
            Self::Down => Reason::Down,
        }
    }

    /// Whether panic may lend such a node: the administrator's word always holds.
    pub const fn panics(self) -> bool {
        !matches!(self, Self::Draining | Self::Down)
    }
}

/// The three facts.
#[derive(Debug)]
pub struct Facts {
    pub(crate) check: Check,
    pub(crate) breaker: Breaker,
    pub(crate) admin: Admin,
    pub(crate) must_be_checked: bool,
}

impl Facts {
    pub(crate) fn new(settings: &Settings, now: Nanos) -> Self {
        Self {
            check: Check::new(now),
            breaker: Breaker::default(),
            admin: Admin::Serve,
            must_be_checked: settings.check.as_ref().is_some_and(|check| check.required),
        }
    }

    /// Derives the answer.
    pub(crate) fn standing(&self) -> Standing {
        match (self.admin, self.check.status, self.breaker.state) {
            (Admin::Down, ..) => Standing::Down,
            (Admin::Drain, ..) => Standing::Draining,
            (_, CheckStatus::Unhealthy, _) => Standing::Failing,
            (_, CheckStatus::Unknown, _) if self.must_be_checked => Standing::Unchecked,
            (.., BreakerState::Open) => Standing::Ejected,
            (.., BreakerState::HalfOpen) => Standing::HalfOpen,
            (.., BreakerState::Closed) => Standing::Serving,
        }
    }
}
