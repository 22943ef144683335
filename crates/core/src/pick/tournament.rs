//! A tournament among all members that is replayed only along the path of the one that changed.

use parking_lot::Mutex;

use crate::health::Standing;
use crate::{Member, Rng};

/// A binary tree in an array: leaves at `size..`, each inner entry the least score below it and how many lots have
/// that score. The lots lead one drawn at the root to one of the least, as in a scan.
#[derive(Debug)]
pub struct Tournament {
    entry: fn(&Member) -> Entry,
    tree: Mutex<Tree>,
}

#[derive(Debug)]
struct Tree {
    size: usize,
    entries: Vec<Entry>,
}

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
}

impl Tournament {
    /// The tree of these members, each with the score that `entry` gives it while it can be lent.
    pub fn new(members: &[Member], entry: fn(&Member) -> Entry) -> Self {
        let size = members.len().next_power_of_two();
        let mut tree = Tree { size, entries: vec![Entry::OUT; 2 * size] };
        for (index, member) in members.iter().enumerate() {
            tree.entries[size + index] = if fit(member) { entry(member) } else { Entry::OUT };
        }
        for place in (1..size).rev() {
            tree.entries[place] = tree.play(place);
        }
        Self { entry, tree: Mutex::new(tree) }
    }

    /// One of the members with the least score, unless nobody can be lent.
    pub fn winner(&self, rng: &mut Rng) -> Option<usize> {
        let tree = self.tree.lock();
        let mut lot = rng.below(tree.entries[1].lots as usize) as u64;
        if tree.entries[1].lots == 0 {
            return None;
        }
        let mut place = 1;
        while place < tree.size {
            let (left, right) = (tree.entries[2 * place], tree.entries[2 * place + 1]);
            place *= 2;
            if right.score < left.score {
                place += 1;
            } else if right.score <= left.score && lot >= left.lots {
                lot -= left.lots;
                place += 1;
            }
        }
        Some(place - tree.size)
    }

    /// Replays the path of one member with its score as it is now.
    pub fn update(&self, members: &[Member], index: usize) {
        let mut tree = self.tree.lock();
        let mut place = tree.size + index;
        // Read under the lock: whoever comes last has seen the latest.
        let member = &members[index];
        let mut now = if fit(member) { (self.entry)(member) } else { Entry::OUT };
        // Above an entry that stays as it was nothing changes.
        while tree.entries[place] != now {
            tree.entries[place] = now;
            place /= 2;
            if place == 0 {
                break;
            }
            now = tree.play(place);
        }
    }
}

fn fit(member: &Member) -> bool {
    let full = member.capacity != 0 && member.state.in_flight() >= member.capacity;
    !full && matches!(member.state.standing(), Standing::Serving | Standing::HalfOpen)
}

impl Tree {
    fn play(&self, place: usize) -> Entry {
        let (left, right) = (self.entries[2 * place], self.entries[2 * place + 1]);
        if left.score < right.score {
            left
        } else if right.score < left.score {
            right
        } else {
            Entry { score: left.score, lots: left.lots + right.lots }
        }
    }
}
