//! Least connections.
//!
//! Does     lends the node with the least (in flight + 1) / weight, or the least of another load; ties go to chance.
//! Suits    one balancer that sees all the traffic, and requests of very different length.
//! Fails    when a node answers errors at once: it is always the emptiest. (Ejection, on by default, stops that.)
//! Costs    O(n) comparisons up to 32 nodes; above, O(log n) in a short critical section at each pick and return. With
//!          a load other than in_flight O(n) comparisons always.
//! Promise  from an empty start the running peak of in flight / weight is the least that any policy, even one that
//!          knows the future, can reach (theory 2.2.1, laws/least_connections)

use std::cmp::Ordering;
use std::sync::Arc;

use super::least::least;
use super::options::{OptionEntry, Options};
use super::patrol::Patrol;
use super::tournament::{Entry, Tournament};
use super::{Ground, Key, Strategy, View};
use crate::load::{self, Load};
use crate::{Fault, Member, Rng};

/// Up to here looking at everybody is cheaper than keeping a tree.
pub const SCAN_LIMIT: usize = 32;

/// See the file's head.
#[derive(Debug)]
pub struct LeastConnections {
    /// A load other than requests in flight, which are compared exactly and without asking.
    other: Option<Arc<dyn Load>>,
    tree: Option<Arc<Tournament>>,
    patrol: Patrol,
}

impl LeastConnections {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[load::option("in_flight")];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        let name = options.text("load", "in_flight")?;
        let load = load::named(&name)?;
        let other = (name != "in_flight").then(|| load.into());
        Ok(Self { other, tree: None, patrol: Patrol::default() })
    }
}

/// The least loaded of all fit members, found by looking at each; each of several equals is as likely. Fractions are
/// compared by multiplying crosswise: exact, and without a division for each member.
fn scan(view: &View<'_>, rng: &mut Rng) -> Option<usize> {
    let mut best = None;
    let (mut least, mut weight, mut equals) = (1, 0, 1);
    for (index, member) in view.members().iter().enumerate() {
        if !view.fit(index) {
            continue;
        }
        let (own, own_weight) = (u64::from(member.state.in_flight()) + 1, u64::from(member.weight));
        match (own * weight).cmp(&(least * own_weight)) {
            Ordering::Less => (best, least, weight, equals) = (Some(index), own, own_weight, 1),
            Ordering::Equal => {
                equals += 1;
                if rng.below(equals) == 0 {
                    best = Some(index);
                }
            }
            Ordering::Greater => {}
        }
    }
    best
}

/// (in flight + 1) / weight; all equals are alike.
fn level(member: &Member) -> Entry {
    Entry::new(f64::from(member.state.in_flight() + 1) / f64::from(member.weight), 1)
}

impl Strategy for LeastConnections {
    fn name(&self) -> &'static str {
        "least_connections"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let large = self.other.is_none() && ground.members.len() > SCAN_LIMIT;
        let tree = large.then(|| Arc::new(Tournament::new(ground.members, level)));
        Ok(Box::new(Self { other: self.other.clone(), tree, patrol: Patrol::new(ground) }))
    }

    fn twin(&self) -> Option<Box<dyn Strategy>> {
        let (other, tree) = (self.other.clone(), self.tree.clone());
        Some(Box::new(Self { other, tree, patrol: self.patrol.twin() }))
    }

    fn scores(&self, view: &View<'_>, _key: Key<'_>) -> Vec<Option<f64>> {
        match &self.other {
            Some(load) => view.each(|index| view.load(index, &**load)),
            None => view.each(|index| level(&view.members()[index]).score()),
        }
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        if let Some(load) = &self.other {
            let learns = load.reads_clock();
            let left_alone = || (learns && !view.is_empty()).then(|| self.patrol.neglected(view));
            return left_alone()
                .flatten()
                .or_else(|| least(view, learns, |index| view.load(index, &**load), rng));
        }
        match self.tree.as_ref().and_then(|tree| tree.winner(rng)) {
            Some(winner) if view.fit(winner) => Some(winner),
            // The winner was tried before, or is being changed by another thread right now.
            _ => scan(view, rng),
        }
    }

    fn changed(&self, members: &[Member], index: usize) {
        if let Some(tree) = &self.tree {
            tree.update(members, index);
        }
    }

    fn tracks(&self) -> bool {
        self.tree.is_some()
    }

    fn reads_clock(&self) -> bool {
        self.other.as_ref().is_some_and(|load| load.reads_clock())
    }
}
