//! Power of two choices.
//!
//! Does     draws two nodes, lends the less loaded; equal loads go to the node with fewer recent picks, then to
//!          chance. With a load that learns from answers, a node without a pick for a second is tried once.
//! Suits    almost everything: many callers, each with a stale or local view; with its default load also slow,
//!          failing and recovering nodes.
//! Fails    with load = "in_flight" when nodes differ in speed: a bare count does not see it.
//! Costs    O(1), no allocation, two random numbers, two loads.
//! Promise  load in_flight: n requests, n nodes: max ln ln n / ln 2 + O(1) w.h.p.; the strictly busiest of all is
//!          never lent while all are fit (theory 2.7, laws/power_of_two)

use std::sync::Arc;

use super::options::{OptionEntry, Options};
use super::{DRAWS, Ground, Key, Strategy, View};
use crate::load::{self, Load};
use crate::sync::{AtomicU64, Relaxed};
use crate::{Fault, Nanos, Rng};

/// How long a node may go without a pick before it is tried again: one pick per node per second, not a percentage,
/// which would cost the fast nodes 6–25 % of their throughput beside a slow one.
pub const EXPLORE_AFTER: Nanos = Nanos::from_secs(1);

/// See the file's head.
#[derive(Debug)]
pub struct PowerOfTwo {
    load: Arc<dyn Load>,
    /// Walks over the nodes, one a pick, looking for one that has been left alone.
    patrol: AtomicU64,
}

impl PowerOfTwo {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[OptionEntry {
        name: "load",
        kind: "text",
        default: "peak_ewma",
        choices: load::NAMES,
        doc: "what makes a node loaded: peak latency times requests in flight, requests in flight, average latency, \
              or what the node reports",
    }];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        let load = load::named(&options.text("load", "peak_ewma")?)?;
        Ok(Self { load: load.into(), patrol: AtomicU64::new(0) })
    }

    /// A node that nobody has picked for a while and where nobody waits.
    fn neglected(&self, view: &View<'_>) -> Option<usize> {
        // Load and store instead of an addition: two workers that look at the same node do no harm.
        let turn = self.patrol.load(Relaxed);
        self.patrol.store(turn.wrapping_add(1), Relaxed);
        let index = (turn % view.len() as u64) as usize;
        let state = &view.members()[index].state;
        let last = state.recent.last();
        (view.now().since(last) >= EXPLORE_AFTER
            && state.places.both().1 == 0
            && view.fit(index)
            && state.recent.claim(last, view.now()))
        .then_some(index)
    }

    fn better(&self, view: &View<'_>, a: usize, b: usize, rng: &mut Rng) -> usize {
        let (load_a, load_b) = (view.load(a, &*self.load), view.load(b, &*self.load));
        if load_a < load_b {
            return a;
        }
        if load_b < load_a {
            return b;
        }
        let rate = |index: usize| view.members()[index].state.recent.rate(view.now());
        match rate(a).cmp(&rate(b)) {
            std::cmp::Ordering::Less => a,
            std::cmp::Ordering::Greater => b,
            std::cmp::Ordering::Equal => [a, b][rng.below(2)],
        }
    }
}

impl Strategy for PowerOfTwo {
    fn name(&self) -> &'static str {
        "power_of_two"
    }

    fn prepare(&self, _ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        Ok(Box::new(Self { load: self.load.clone(), patrol: AtomicU64::new(0) }))
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let len = view.len();
        if len < 2 {
            return (len == 1 && view.fit(0)).then_some(0);
        }
        if self.load.reads_clock()
            && let Some(index) = self.neglected(view)
        {
            return Some(index);
        }
        // A fit one drawn beside an unfit one waits for another to be compared with: taken at once, it would be a
        // random choice for half of the picks when half of the nodes are out.
        let mut alone = None;
        // One that fails keeps no slow one in business either: it would lose against any, so whoever is drawn beside it
        // would be taken however slow.
        let mut ailing = None;
        for _ in 0..DRAWS {
            let a = rng.below(len);
            let b = rng.below(len - 1);
            let b = b + usize::from(b >= a);
            for index in [a, b] {
                if alone != Some(index) && view.fit(index) {
                    if self.load.reads_clock() && view.ails(index) {
                        ailing = Some(index);
                        continue;
                    }
                    match alone {
                        None => alone = Some(index),
                        Some(other) => return Some(self.better(view, other, index, rng)),
                    }
                }
            }
        }
        alone.or(ailing)
    }

    fn reads_clock(&self) -> bool {
        self.load.reads_clock()
    }
}
