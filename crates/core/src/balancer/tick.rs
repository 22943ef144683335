//! The third verb: time passes, and the edge is told what to do.

use std::sync::Arc;

use super::Balancer;
use crate::health::{BreakerEvent, BreakerState, CERTAIN, Standing, wilson_bounds};
use crate::sync::Relaxed;
use crate::{Nanos, Reason, State};

/// What the edge must do.
#[derive(Clone, Debug)]
pub enum Act {
    /// Check this node now and tell the result with [`Balancer::checked`].
    Probe(Arc<State>),
    /// The node has left: close idle connections to it.
    Close(Arc<State>),
    /// Something worth a line in the log.
    Note(Event),
}

/// A node's standing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The node's stable name.
    pub node: Arc<str>,
    /// How it stood.
    pub from: Standing,
    /// How it stands.
    pub to: Standing,
}

/// How often the cluster's medians and ratios are reckoned anew.
const HOUSEKEEPING: Nanos = Nanos::from_secs(1);

impl Balancer {
    /// Lets time pass until `now`.
    pub fn tick(self: &Arc<Self>, now: Nanos) -> Vec<Act> {
        let cluster = self.cluster.load_full();
        let settings = self.settings.load();
        let mut acts = Vec::new();
        for member in &cluster.members {
            let state = &member.state;
            let waited = {
                let facts = state.facts.lock();
                facts.breaker.state == BreakerState::Open && facts.breaker.until <= now
            };
            if waited {
                self.move_breaker(state, BreakerEvent::WaitEnded, now);
            }
            if settings.check.is_some() {
                let (due, ..) = state.amend(|facts| {
                    let due = facts.check.due() <= now;
                    if due {
                        facts.check.start();
                    }
                    due
                });
                if due {
                    acts.push(Act::Probe(state.clone()));
                }
            }
        }
        self.reckon(now);
        for waiter in self.queue.expired(now) {
            let refusal = self.refusal(Reason::QueueTimeout, &waiter.tried, now);
            (waiter.wake)(Err(*refusal));
        }
        self.serve(now);
        acts.append(&mut self.desk.lock().acts);
        acts
    }

    /// When the next tick is due.
    pub fn next_tick(&self, now: Nanos) -> Nanos {
        let (cluster, settings) = (self.cluster.load(), self.settings.load());
        let mut next = now.plus(HOUSEKEEPING).min(self.queue.next_deadline());
        for member in &cluster.members {
            let facts = member.state.facts.lock();
            if facts.breaker.state == BreakerState::Open {
                next = next.min(facts.breaker.until);
            }
            if settings.check.is_some() {
                next = next.min(facts.check.due());
            }
        }
        next.max(now)
    }

    /// The medians and ratios that single nodes are compared with.
    fn reckon(&self, now: Nanos) {
        let cluster = self.cluster.load();
        let mut latencies: Vec<f64> =
            cluster.members.iter().filter_map(|member| member.state.mean.read()).collect();
        if !latencies.is_empty() {
            let middle = latencies.len() / 2;
            let (_, median, _) = latencies.select_nth_unstable_by(middle, f64::total_cmp);
            self.typical_latency.store(median.to_bits(), Relaxed);
        }
        if let Some(ejection) = &self.settings.load().ejection {
            let sums =
                cluster.members.iter().map(|member| member.state.window.sum(now, ejection.window));
            let (total, failed) = sums.fold((0, 0), |sum, node| (sum.0 + node.0, sum.1 + node.1));
            let most = wilson_bounds(failed, total, CERTAIN).1;
            self.usual_failures.store(most.to_bits(), Relaxed);
        }
    }

    /// An active check of this node has ended.
    pub fn checked(self: &Arc<Self>, state: &State, result: Result<(), String>, now: Nanos) {
        let mut desk = self.desk.lock();
        // Read under the lock under which checks are switched off: no check speaks after they all were forgotten.
        let settings = self.settings.load();
        let Some(settings) = &settings.check else { return };
        let rng = &mut desk.rng;
        let ((), before, after) =
            state.amend(|facts| facts.check.finish(result, settings, now, rng));
        if before != after {
            desk.acts.push(Act::Note(Event { node: state.id().clone(), from: before, to: after }));
        }
        drop(desk);
        if before == Standing::Failing && after == Standing::Serving {
            state.start_ramp(now, self.knobs.slow_start());
        }
        if before != after {
            self.changed(state);
            self.serve(now);
        }
    }

    /// Makes every node's check due at once.
    pub fn check_now(&self, now: Nanos) {
        for member in &self.cluster.load().members {
            member.state.amend(|facts| facts.check.hurry(now));
        }
    }
}
