//! A tournament among all members that is replayed only along the path of the one that changed.

use parking_lot::Mutex;

use crate::health::Standing;
use crate::{Member, Rng};

/// A binary tree in an array: leaves at `size..`, each inner entry the least score below it and how many have that
/// score. The counts lead a lot drawn at the root to one of the least with equal chance, as in a scan.
#[derive(Debug)]
pub struct Tournament(Mutex<Tree>);

#[derive(Debug)]
struct Tree {
    size: usize,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    score: f64,
    equals: u32,
}

/// Who cannot be lent loses against everybody.
const OUT: Entry = Entry { score: f64::INFINITY, equals: 0 };

fn entry(member: &Member) -> Entry {
    let in_flight = member.state.in_flight();
    let full = member.capacity != 0 && in_flight >= member.capacity;
    if full || !matches!(member.state.standing(), Standing::Serving | Standing::HalfOpen) {
        return OUT;
    }
    Entry { score: f64::from(in_flight + 1) / f64::from(member.weight), equals: 1 }
}

impl Tournament {
    pub(super) fn new(members: &[Member]) -> Self {
        let size = members.len().next_power_of_two();
        let mut tree = Tree { size, entries: vec![OUT; 2 * size] };
        for (index, member) in members.iter().enumerate() {
            tree.entries[size + index] = entry(member);
        }
        for place in (1..size).rev() {
            tree.entries[place] = tree.play(place);
        }
        Self(Mutex::new(tree))
    }

    /// One of the members with the least score, unless nobody can be lent.
    pub(super) fn winner(&self, rng: &mut Rng) -> Option<usize> {
        let tree = self.0.lock();
        let mut lot = rng.below(tree.entries[1].equals as usize) as u32;
        if tree.entries[1].equals == 0 {
            return None;
        }
        let mut place = 1;
        while place < tree.size {
            let (left, right) = (tree.entries[2 * place], tree.entries[2 * place + 1]);
            place *= 2;
            if right.score < left.score {
                place += 1;
            } else if right.score <= left.score && lot >= left.equals {
                lot -= left.equals;
                place += 1;
            }
        }
        Some(place - tree.size)
    }

    /// Replays the path of one member with its score as it is now.
    pub(super) fn update(&self, members: &[Member], index: usize) {
        let mut tree = self.0.lock();
        let mut place = tree.size + index;
        // Read under the lock: whoever comes last has seen the latest.
        let mut now = entry(&members[index]);
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

impl Tree {
    fn play(&self, place: usize) -> Entry {
        let (left, right) = (self.entries[2 * place], self.entries[2 * place + 1]);
        if left.score < right.score {
            left
        } else if right.score < left.score {
            right
        } else {
            Entry { score: left.score, equals: left.equals + right.equals }
        }
    }
}
