//! The second verb: how it went.

use std::sync::Arc;

use super::tick::Event;
use super::{Act, Balancer};
use crate::health::{BreakerEvent, BreakerState, CERTAIN, Standing, wilson_bounds};
use crate::sync::Relaxed;
use crate::{Failure, Held, Nanos, Outcome, State};

impl Balancer {
    /// The response head has come: the latency sample ends, the loan goes on. Not to be called for an answer that is a
    /// failure: those are quick, and a sample of them would make the node look fast.
    pub fn answered(&self, held: &mut Held, now: Nanos) {
        if self.heard(held, now) {
            self.sample(&held.state, now.since(held.since), now);
        }
    }

    /// The node is not silent, but what it said is no measure of its speed: a failure, or the start of a tunnel. The
    /// loan goes on without a sample. Says whether this was the first word.
    pub fn heard(&self, held: &mut Held, now: Nanos) -> bool {
        let first = !held.marks.answered() && held.marks.epoch() == self.epoch.load(Relaxed);
        if first {
            held.marks.set_answered();
            held.state.places.answered();
            held.state.quiet_since.store(now.0, Relaxed);
        }
        first
    }

    /// Gives a place back and tells how it went. What is left is the node, for whoever still wants to name it.
    pub fn leave(self: &Arc<Self>, held: Held, outcome: Outcome, now: Nanos) -> Arc<State> {
        if held.marks.epoch() != self.epoch.load(Relaxed) {
            return held.state;
        }
        let state = &*held.state;
        let now = now.max(held.since);
        match outcome {
            Outcome::Success => {
                if state.well_from.load(Relaxed) != 0 {
                    self.is_well(state, &held, now);
                }
                if !held.marks.answered() {
                    state.quiet_since.store(now.0, Relaxed);
                    self.sample(state, now.since(held.since), now);
                }
                state.completed.fetch_add(1, Relaxed);
                self.succeeded(state, &held, now);
            }
            Outcome::Failure(failure) => {
                state.failed.fetch_add(1, Relaxed);
                self.failed(state, &held, failure, now);
            }
            Outcome::Cancelled => {
                if !held.marks.answered() {
                    self.gave_up(state, &held, now);
                }
                state.cancelled.fetch_add(1, Relaxed);
                state.completed.fetch_add(1, Relaxed);
            }
        }
        state.places.give_back(held.marks.answered());
        if held.marks.probe() {
            state.probing.store(false, Relaxed);
        }
        self.changed(state);
        if self.queue.length() > 0 {
            self.serve(now);
        }
        held.state
    }

    fn sample(&self, state: &State, latency: Nanos, now: Nanos) {
        let nanos = latency.0.max(1) as f64;
        let decay = self.knobs.decay();
        state.peak.peak(nanos, now, decay);
        state.mean.blend(nanos, now, decay);
        if self.typical_latency.load(Relaxed) == 0 {
            self.typical_latency.store(nanos.to_bits(), Relaxed);
        }
    }

    /// A request that began after the node's last failure (and after the time it asked for) has succeeded: the penalty
    /// has done its work. It keeps traffic away until the node is tried again, within a second, and not for the ten
    /// that it takes to fade; else one failure in 10,000 would send everybody to those that have not failed of late.
    /// Held by scenarios E and F.
    #[cold]
    fn is_well(&self, state: &State, held: &Held, now: Nanos) {
        if held.since.0 >= state.well_from.load(Relaxed) {
            state.well_from.store(0, Relaxed);
            if let Some(mean) = state.mean.read() {
                state.peak.clear();
                state.peak.peak(mean, now, self.knobs.decay());
            }
        }
    }

    /// Who gives up is no sample, but the silence was a lower bound of the node's latency, and must not be forgotten
    /// with the last one who waited: a node that hangs would look new to the next ones.
    #[cold]
    fn gave_up(&self, state: &State, held: &Held, now: Nanos) {
        let scale = self.scale(now);
        let heard = Nanos(state.quiet_since.load(Relaxed)).max(held.since);
        let silence = now.since(heard).0 as f64;
        if silence > state.peak.at(now, scale.decay).unwrap_or(scale.typical_latency) {
            state.peak.peak(silence, now, scale.decay);
            // Like a failure's penalty it ends when the node is seen to be well.
            state.well_from.fetch_max(now.0.max(1), Relaxed);
        }
    }

    fn succeeded(&self, state: &State, held: &Held, now: Nanos) {
        if state.streak.load(Relaxed) != 0 {
            state.streak.store(0, Relaxed);
        }
        if let Some(window) = self.knobs.window() {
            state.window.note(false, now, window);
            if held.marks.probe() {
                self.move_breaker(state, BreakerEvent::ProbePassed, now);
            }
        }
    }

    #[cold]
    fn failed(&self, state: &State, held: &Held, failure: Failure, now: Nanos) {
        let asked = failure.retry_after.unwrap_or_default();
        let settings = self.settings.load();
        let penalty = now.since(held.since).max(settings.failure_penalty).max(asked);
        state.peak.peak(penalty.0 as f64, now, settings.decay);
        state.well_from.store(now.plus(asked).0.max(1), Relaxed);
        let streak = state.streak.fetch_add(1, Relaxed) + 1;
        let Some(ejection) = &settings.ejection else { return };
        state.window.note(true, now, ejection.window);
        if held.marks.probe() {
            self.move_breaker(state, BreakerEvent::ProbeFailed, now);
            return;
        }
        let (total, failed) = state.window.sum(now, ejection.window);
        let sure = || {
            total >= u64::from(ejection.min_requests) && {
                let usual = f64::from_bits(self.usual_failures.load(Relaxed));
                wilson_bounds(failed, total, CERTAIN).0 > usual
            }
        };
        if state.standing() == Standing::Serving && (streak >= ejection.consecutive || sure()) {
            self.move_breaker(state, BreakerEvent::Tripped, now);
        }
    }

    /// Moves a breaker, unless that would eject more nodes than allowed.
    pub(super) fn move_breaker(&self, state: &State, event: BreakerEvent, now: Nanos) {
        let mut desk = self.desk.lock();
        // Read under the lock under which ejections are switched off: no breaker opens after they all were closed.
        let settings = self.settings.load();
        let Some(ejection) = &settings.ejection else { return };
        if event == BreakerEvent::Tripped && !self.may_eject(state, ejection.max_share) {
            return;
        }
        let rng = &mut desk.rng;
        let (moved, before, after) =
            state.amend(|facts| facts.breaker.take(event, ejection, now, rng));
        if moved {
            if event == BreakerEvent::ProbePassed {
                state.forgive();
            }
            if before != after {
                desk.acts.push(Act::Note(Event {
                    node: state.id().clone(),
                    from: before,
                    to: after,
                }));
            }
        }
        drop(desk);
        self.changed(state);
    }

    /// Whether the share of ejected nodes holds *after* this ejection, and somebody else is left.
    fn may_eject(&self, state: &State, max_share: f64) -> bool {
        let cluster = self.cluster.load();
        let mut ejected = 1;
        let mut left = 0;
        for member in &cluster.members {
            if std::ptr::eq(&raw const *member.state, state) {
                continue;
            }
            let breaker = member.state.facts.lock().breaker.state;
            ejected += usize::from(breaker != BreakerState::Closed);
            left += usize::from(member.state.standing() == Standing::Serving);
        }
        left > 0 && ejected as f64 <= max_share * cluster.members.len() as f64
    }
}
