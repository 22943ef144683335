//! The second fact: what passive watching says. One breaker per node, moved by the failures of real requests.

use crate::settings::EjectionSettings;
use crate::{Nanos, Rng};

/// How a node stands with its breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Requests flow.
    #[default]
    Closed,
    /// Ejected until its wait has ended.
    Open,
    /// A single request may try.
    HalfOpen,
}

/// What moves a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Too many failures.
    Tripped,
    /// The ejection has lasted its time.
    WaitEnded,
    /// The single request succeeded.
    ProbePassed,
    /// The single request failed.
    ProbeFailed,
}

use Event::{ProbeFailed, ProbePassed, Tripped, WaitEnded};
use State::{Closed, HalfOpen, Open};

/// Every way a breaker moves. A pair that is not listed leaves it where it was.
pub const MOVES: [(State, Event, State); 4] = [
    (Closed, Tripped, Open),
    (Open, WaitEnded, HalfOpen),
    (HalfOpen, ProbePassed, Closed),
    (HalfOpen, ProbeFailed, Open),
];

/// The share by which each ejection is moved at random, so that nodes ejected together do not return together.
const JITTER: f64 = 0.1;

/// One node's breaker.
#[derive(Debug, Default)]
pub struct Breaker {
    pub(crate) state: State,
    pub(crate) until: Nanos,
    closed_at: Nanos,
    times: u32,
}

impl Breaker {
    /// Carries out one move; says whether there was one. Opening sets how long it lasts.
    pub(crate) fn take(
        &mut self,
        event: Event,
        settings: &EjectionSettings,
        now: Nanos,
        rng: &mut Rng,
    ) -> bool {
        let Some(&(.., next)) =
            MOVES.iter().find(|(from, on, _)| (*from, *on) == (self.state, event))
        else {
            return false;
        };
        self.state = next;
        match next {
            Open => {
                // A node that behaved for as long as the longest ejection starts from the shortest again.
                if event == Tripped && now.since(self.closed_at) > settings.max {
                    self.times = 0;
                }
                let doubled = settings.base.times(f64::from(1u32 << self.times.min(20)));
                self.times += 1;
                let jitter = 1.0 + JITTER * (2.0 * rng.unit() - 1.0);
                self.until = now.plus(doubled.min(settings.max).times(jitter));
            }
            Closed => self.closed_at = now,
            HalfOpen => {}
        }
        true
    }
}

/// The Wilson score interval of `failed` in `total`, `z` standard deviations to each side (Wilson 1927): what the
/// failure ratio is at least and at most. Of nothing nothing is known: from 0 to 1.
pub fn wilson_bounds(failed: u64, total: u64, z: f64) -> (f64, f64) {
    if total == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (total as f64, failed as f64 / total as f64);
    let centre = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
}
