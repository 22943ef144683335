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

/// How certain a failure ratio must be before it ejects: three standard deviations, one false alarm in 741 looks.
pub(crate) const CERTAIN: f64 = 3.0;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_of_state_and_event_moves_as_the_table_says_or_not_at_all() {
        let (settings, mut rng) = (EjectionSettings::default(), Rng::seeded(1));
        for state in [Closed, Open, HalfOpen] {
            for event in [Tripped, WaitEnded, ProbePassed, ProbeFailed] {
                let mut breaker = Breaker { state, ..Breaker::default() };
                let moved = breaker.take(event, &settings, Nanos::from_secs(1), &mut rng);
                let listed = MOVES.iter().find(|(from, on, _)| (*from, *on) == (state, event));
                assert_eq!(moved, listed.is_some());
                assert_eq!(breaker.state, listed.map_or(state, |&(.., to)| to));
            }
        }
    }

    /// A node that behaved for as long as the longest ejection is ejected for the shortest time again.
    #[test]
    fn good_behaviour_is_rewarded_and_a_short_one_is_not() {
        let (settings, mut rng) = (EjectionSettings::default(), Rng::seeded(2));
        for (quiet, want) in [(299, 20.0), (301, 5.0)] {
            let mut breaker = Breaker::default();
            let mut now = Nanos::from_secs(1_000);
            for event in [Tripped, WaitEnded, ProbeFailed, WaitEnded, ProbePassed] {
                assert!(breaker.take(event, &settings, now, &mut rng));
            }
            now = now.plus(Nanos::from_secs(quiet));
            breaker.take(Tripped, &settings, now, &mut rng);
            let length = breaker.until.since(now).as_secs_f64();
            assert!((length / want - 1.0).abs() <= JITTER + 1e-9, "{length} s after {quiet} s");
        }
    }

    /// Values as in the published tables of the score interval.
    #[test]
    fn wilson_bounds_are_the_published_ones() {
        for (failed, total, low, high) in [
            (0, 10, 0.0, 0.2775),
            (5, 10, 0.2366, 0.7634),
            (10, 10, 0.7225, 1.0),
            (1, 100, 0.0018, 0.0545),
        ] {
            let (least, most) = wilson_bounds(failed, total, 1.959_964);
            assert!(
                (least - low).abs() < 1e-4 && (most - high).abs() < 1e-4,
                "{failed}/{total}: {least} {most}"
            );
        }
        assert_eq!(wilson_bounds(0, 0, 3.0), (0.0, 1.0));
    }
}
