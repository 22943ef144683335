//! Another configuration of a running balancer, in one step: nodes, strategy and settings.

use std::sync::Arc;

use super::membership::Draft;
use super::{Act, Balancer, Event};
use crate::health::{Breaker, BreakerState, Check, Facts, Standing};
use crate::pick::{self, StrategySpec};
use crate::sync::{AtomicU64, Relaxed};
use crate::{Fault, Nanos, Settings, Spec};

/// What every request reads of the settings, one word each: a pick pays for a setting that may change no more than
/// for one that may not.
#[derive(Debug)]
pub(super) struct Knobs {
    decay: AtomicU64,
    slow_start: AtomicU64,
    /// 0: ejection is off.
    window: AtomicU64,
}

impl Knobs {
    pub fn new(settings: &Settings) -> Self {
        let knobs = Self {
            decay: AtomicU64::new(0),
            slow_start: AtomicU64::new(0),
            window: AtomicU64::new(0),
        };
        knobs.turn(settings);
        knobs
    }

    fn turn(&self, settings: &Settings) {
        let window = settings.ejection.as_ref().map_or(0, |ejection| ejection.window.0.max(1));
        self.decay.store(settings.decay.0, Relaxed);
        self.slow_start.store(settings.slow_start.0, Relaxed);
        self.window.store(window, Relaxed);
    }

    /// Time constant of the latency estimates.
    #[inline]
    pub fn decay(&self) -> Nanos {
        Nanos(self.decay.load(Relaxed))
    }

    #[inline]
    pub fn slow_start(&self) -> Nanos {
        Nanos(self.slow_start.load(Relaxed))
    }

    /// Over which span failures are counted; `None` when nobody counts them.
    #[inline]
    pub fn window(&self) -> Option<Nanos> {
        let window = self.window.load(Relaxed);
        (window != 0).then_some(Nanos(window))
    }
}

/// What other settings mean for what is known of a node. Says whether it was ejected and is no more.
fn adapt(facts: &mut Facts, before: &Settings, after: &Settings, now: Nanos) -> bool {
    if before.check.is_some() != after.check.is_some() {
        facts.check = Check::new(now);
    }
    if let Some(check) = &after.check {
        facts.check.within(now.plus(check.every));
    }
    // Who has served unchecked until now goes on: only who comes in from here on must pass a check first.
    facts.must_be_checked &= after.check.as_ref().is_some_and(|check| check.required);
    let ejected = facts.breaker.state != BreakerState::Closed && after.ejection.is_none();
    if after.ejection.is_none() {
        facts.breaker = Breaker::default();
    }
    ejected
}

impl Balancer {
    /// Puts another configuration in force in one step: all of it or, when part of it is faulty, none.
    ///
    /// Nodes with the same id and address keep their state, and loans that are out are given back as they would have
    /// been. The strategy keeps what it remembers, unless it is another one or hashes with another seed. The retry
    /// budget and whoever waits stay. Where checks are switched off, nobody fails one any more; where ejection is, nobody
    /// stays ejected; where checks become required, nodes that serve go on serving.
    pub fn reconfigure(
        self: &Arc<Self>,
        nodes: Vec<Spec>,
        strategy: &StrategySpec,
        settings: Settings,
        now: Nanos,
    ) -> Result<(), Fault> {
        if let Some(subset) = settings.subset {
            subset.check()?;
        }
        let editing = self.editing.lock();
        let (before, old) = (self.cluster.load_full(), self.settings.load_full());
        let same =
            before.described.as_ref() == Some(strategy) && old.hash_seed == settings.hash_seed;
        let built = if same { None } else { Some(pick::build(strategy)?) };
        let strategy = (built.as_deref().unwrap_or(&*before.strategy), Some(strategy.clone()));
        let draft = self.draft(&before, nodes, strategy, &settings, true, now)?;
        self.turn(&old, settings, draft, now);
        // Whoever is woken may change the configuration in turn.
        drop(editing);
        self.serve(now);
        Ok(())
    }

    /// From here on nothing can fail.
    fn turn(&self, old: &Settings, settings: Settings, draft: Draft, now: Nanos) {
        let window = |settings: &Settings| settings.ejection.as_ref().map(|one| one.window);
        // Counts over another span cannot be compared with those before.
        let recount = window(old) != window(&settings);
        let unchecked = settings.check.is_none();
        let settings = Arc::new(settings);
        let mut desk = self.desk.lock();
        self.knobs.turn(&settings);
        self.settings.store(settings.clone());
        if recount {
            self.usual_failures.store(1.0_f64.to_bits(), Relaxed);
        }
        for (member, admin) in draft.cluster.members.iter().zip(draft.admin) {
            let state = &*member.state;
            let (ejected, from, to) = state.amend(|facts| {
                facts.admin = admin.unwrap_or(facts.admin);
                adapt(facts, old, &settings, now)
            });
            if ejected {
                state.forgive();
            }
            if recount {
                state.window.clear();
            }
            if from != to {
                if unchecked && from == Standing::Failing {
                    state.start_ramp(now, settings.slow_start);
                }
                desk.acts.push(Act::Note(Event { node: state.id().clone(), from, to }));
            }
        }
        desk.acts.extend(draft.gone);
        drop(desk);
        self.publish(draft.cluster);
    }
}
