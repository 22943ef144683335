//! Least connections.
//!
//! Does     lends the node with the least (in flight + 1) / weight; ties go to chance.
//! Suits    one balancer that sees all the traffic, and requests of very different length.
//! Fails    when a node answers errors at once: it is always the emptiest. (Ejection, on by default, stops that.)
//! Costs    O(n) comparisons up to 32 nodes; above, O(log n) in a short critical section at each pick and return.
//! Promise  from an empty start the running peak of in flight / weight is the least that any policy, even one that
//!          knows the future, can reach (theory 2.2.1, laws/least_connections)

use std::cmp::Ordering;

use super::options::{OptionEntry, Options};
use super::tournament::Tournament;
use super::{Ground, Key, Strategy, View};
use crate::{Fault, Member, Rng};

/// Up to here looking at everybody is cheaper than keeping a tree.
pub const SCAN_LIMIT: usize = 32;

/// See the file's head.
#[derive(Debug)]
pub struct LeastConnections {
    tree: Option<Tournament>,
}

impl LeastConnections {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[];
    pub(super) const USES_KEY: bool = false;

    pub(super) fn from_options(_options: &Options<'_>) -> Result<Self, Fault> {
        Ok(Self { tree: None })
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

impl Strategy for LeastConnections {
    fn name(&self) -> &'static str {
        "least_connections"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let large = ground.members.len() > SCAN_LIMIT;
        Ok(Box::new(Self { tree: large.then(|| Tournament::new(ground.members)) }))
    }

    fn pick(&self, view: &View<'_>, _key: Key<'_>, rng: &mut Rng) -> Option<usize> {
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
}
