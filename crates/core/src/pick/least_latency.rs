//! Least latency.
//!
//! Does     lends the node with the least expected wait: average latency × (in flight + 1) / weight, ties to chance. A
//!          failure, or a silence while somebody waits, counts as latency until the node has answered well; a node
//!          without a pick for a second is tried once.
//! Suits    one balancer that sees all the traffic, and few nodes of unknown, different or changing speed.
//! Fails    when many balancers share the nodes: all of them turn to the same one at once. (power_of_two does not.)
//! Costs    O(n) comparisons.
//! Promise  whoever is lent has the least expected wait of all, but for one try per node and second; a node that
//!          fails at once gets that one try and no more (laws/least_latency)

use super::least::least;
use super::options::{OptionEntry, Options};
use super::patrol::Patrol;
use super::{Ground, Key, Strategy, View};
use crate::load::Expected;
use crate::{Fault, Rng};

/// See the file's head.
#[derive(Debug, Default)]
pub struct LeastLatency {
    patrol: Patrol,
}

impl LeastLatency {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self::default())
    }
}

fn wait(view: &View<'_>, index: usize) -> f64 {
    let member = &view.members()[index];
    let turns = f64::from(member.state.in_flight() + 1) / f64::from(member.weight);
    view.load(index, &Expected) * turns
}

impl Strategy for LeastLatency {
    fn name(&self) -> &'static str {
        "least_latency"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        Ok(Box::new(Self { patrol: Patrol::new(ground) }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        Some(Box::new(Self { patrol: self.patrol.twin() }))
    }

    /// The expected wait in nanoseconds.
    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        view.each(|index| wait(view, index))
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        if view.is_empty() {
            return None;
        }
        self.patrol.neglected(view).or_else(|| least(view, true, |index| wait(view, index), rng))
    }

    fn reads_clock(&self) -> bool {
        true
    }
}
