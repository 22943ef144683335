//! A tournament among all members that is replayed only along the path of the one that changed.

use std::mem;

use parking_lot::Mutex;

use crate::health::Standing;
use crate::{Member, Rng};

/// A tree of few and wide floors: the lowest holds the members, an entry above the least score of its [`WIDTH`]
/// children and how many lots have that score. The lots lead one drawn at the root to one of the least, as in a scan.
/// A change is passed up as a difference, so only an entry that has lost its last lot looks at its children again.
#[derive(Debug)]
pub struct Tournament {
    entry: fn(&Member) -> Entry,
    tree: Mutex<Tree>,
}

#[derive(Debug)]
struct Tree {
    /// From the members to the root; each but the root is filled up to a multiple of the width.
    floors: Vec<Vec<Entry>>,
}

/// Four cache lines of entries: 10,000 members make five floors, of a binary tree fifteen. Eight is no quicker.
const WIDTH: usize = 16;

/// How a member stands: the less the score the better; among equals the more lots the more likely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    score: f64,
    lots: u64,
}

impl Entry {
    /// Who cannot be lent loses against everybody.
    pub const OUT: Self = Self { score: f64::INFINITY, lots: 0 };

    /// A finite score, and at least one lot.
    pub fn new(score: f64, lots: u64) -> Self {
        Self { score, lots }
    }

    /// The less the better.
    pub fn score(self) -> f64 {
        self.score
    }

    /// The least score among these, with all its lots.
    fn least(children: &[Self]) -> Self {
        let score = children.iter().map(|child| child.score).fold(f64::INFINITY, f64::min);
        let lots = |child: &Self| if child.score <= score { child.lots } else { 0 };
        Self { score, lots: children.iter().map(lots).sum() }
    }

    /// The same after a child has changed; nothing when the other children must be asked.
    fn follow(self, before: Self, now: Self) -> Option<Self> {
        if now.score < self.score {
            return Some(now);
        }
        let lost = if before.score <= self.score { before.lots } else { 0 };
        let won = if now.score <= self.score { now.lots } else { 0 };
        let lots = self.lots - lost + won;
        (lots > 0).then_some(Self { lots, ..self })
    }
}

impl Tournament {
    /// The tree of these members, each with the score that `entry` gives it while it can be lent.
    pub fn new(members: &[Member], entry: fn(&Member) -> Entry) -> Self {
        let enter = |member| if fit(member) { entry(member) } else { Entry::OUT };
        let mut floors = vec![members.iter().map(enter).collect::<Vec<_>>()];
        while let Some(floor) = floors.last_mut()
            && floor.len() != 1
        {
            floor.resize(floor.len().next_multiple_of(WIDTH).max(WIDTH), Entry::OUT);
            let above = floor.chunks_exact(WIDTH).map(Entry::least).collect();
            floors.push(above);
        }
        Self { entry, tree: Mutex::new(Tree { floors }) }
    }

    /// One of the members with the least score, unless nobody can be lent.
    pub fn winner(&self, rng: &mut Rng) -> Option<usize> {
        let tree = self.tree.lock();
        let (root, below) = tree.floors.split_last()?;
        let Entry { score, lots } = root[0];
        let mut lot = rng.below(lots as usize) as u64;
        if lots == 0 {
            return None;
        }
        let mut place = 0;
        for floor in below.iter().rev() {
            let children = &floor[place * WIDTH..][..WIDTH];
            // Counted without a branch: which child it is cannot be foretold.
            let (mut passed, mut lots) = (0, 0);
            let mut before = 0;
            for child in children {
                lots += if child.score <= score { child.lots } else { 0 };
                let further = lots <= lot;
                passed += usize::from(further);
                before = if further { lots } else { before };
            }
            lot -= before;
            place = place * WIDTH + passed;
        }
        Some(place)
    }

    /// Passes on the score of one member as it is now.
    pub fn update(&self, members: &[Member], index: usize) {
        let mut tree = self.tree.lock();
        // Read under the lock: whoever comes last has seen the latest.
        let member = &members[index];
        let mut now = if fit(member) { (self.entry)(member) } else { Entry::OUT };
        let mut place = index;
        for floor in 0..tree.floors.len() {
            let before = mem::replace(&mut tree.floors[floor][place], now);
            // Above an entry that stays as it was nothing changes.
            if before == now {
                return;
            }
            place /= WIDTH;
            let Some(above) = tree.floors.get(floor + 1).map(|floor| floor[place]) else { return };
            now = above
                .follow(before, now)
                .unwrap_or_else(|| Entry::least(&tree.floors[floor][place * WIDTH..][..WIDTH]));
        }
    }
}

fn fit(member: &Member) -> bool {
    let full = member.capacity != 0 && member.state.in_flight() >= member.capacity;
    !full && matches!(member.state.standing(), Standing::Serving | Standing::HalfOpen)
}
