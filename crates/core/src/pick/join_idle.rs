//! Join the idle queue.
//!
//! Does     lends an idle node, drawn by weight; when none is idle, the less loaded of two as power_of_two does.
//! Suits    one balancer that sees all the traffic, many nodes, requests of very different length.
//! Fails    when a node answers errors at once: it is always idle. (Ejection, on by default, stops that.) Near full load
//!          nobody is idle, and it is power_of_two.
//! Costs    O(n) up to 32 nodes; above, O(log n) in a short critical section at each pick and return.
//! Promise  no request meets another while some fit node has none: idle and waiting never meet (Lu et al. 2011,
//!          theory E.9, laws/join_idle)

use std::sync::Arc;

use super::least_connections::SCAN_LIMIT;
use super::options::{OptionEntry, Options};
use super::power_of_two::PowerOfTwo;
use super::tournament::{Entry, Tournament};
use super::{Ground, Key, Strategy, View};
use crate::{Fault, Member, Rng};

/// See the file's head.
#[derive(Debug)]
pub struct JoinIdle {
    /// Who is idle, in large clusters.
    idle: Option<Arc<Tournament>>,
    /// For when nobody is. The paper draws one node then; with ten nodes and exponential service that makes the mean
    /// response 2.41, 4.21 and 18.8 service times at a load of 0.9, 0.95 and 0.99, and the better of two 2.05, 3.19 and
    /// 12.0 (where the least loaded of all has 1.91, 2.93 and 10.5).
    busy: Box<dyn Strategy>,
}

impl JoinIdle {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { idle: None, busy: Box::new(PowerOfTwo::by_count()?) })
    }
}

/// An idle fit member by weight, found by looking at each.
fn scan(view: &View<'_>, rng: &mut Rng) -> Option<usize> {
    let mut found = None;
    let mut lots = 0;
    for (index, member) in view.members().iter().enumerate() {
        if member.state.in_flight() == 0 && view.fit(index) {
            let own = member.weight as usize;
            lots += own;
            if own == lots || rng.below(lots) < own {
                found = Some(index);
            }
        }
    }
    found
}

fn idleness(member: &Member) -> Entry {
    let idle = member.state.in_flight() == 0;
    if idle { Entry::new(0.0, u64::from(member.weight)) } else { Entry::OUT }
}

impl Strategy for JoinIdle {
    fn name(&self) -> &'static str {
        "join_idle"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let large = ground.members.len() > SCAN_LIMIT;
        let idle = large.then(|| Arc::new(Tournament::new(ground.members, idleness)));
        Ok(Box::new(Self { idle, busy: self.busy.prepare(ground)? }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(Self { idle: self.idle.clone(), busy: self.busy.twin()? }))
    }

    /// 0 for whoever is idle, and for the others what they are compared by when nobody is.
    fn scores(&self, view: &View<'_>, key: Key<'_>) -> Vec<Option<f64>> {
        let mut scores = self.busy.scores(view, key);
        for (score, member) in scores.iter_mut().zip(view.members()) {
            if member.state.in_flight() == 0 {
                *score = Some(0.0);
            }
        }
        scores
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let idle = match self.idle.as_ref().map(|idle| idle.winner(rng)) {
            Some(None) => None,
            Some(Some(winner)) if view.fit(winner) => Some(winner),
            // The winner was tried before, or is being changed by another thread right now; or there is no tree.
            _ => scan(view, rng),
        };
        idle.or_else(|| self.busy.pick(view, key, rng))
    }

    fn changed(&self, members: &[Member], index: usize) {
        if let Some(idle) = &self.idle {
            idle.update(members, index);
        }
    }

    fn tracks(&self) -> bool {
        self.idle.is_some()
    }
}
