//! A tournament among all members that is replayed only along the path of the one that changed.

use parking_lot::Mutex;

use crate::health::Standing;
use crate::{Member, Rng};

/// A binary tree in an array: leaves at `size..`, each inner entry the winner of its two below. Every leaf draws lots
/// anew when it changes, and equal loads are decided by the lots: ties fall to chance, as in a scan.
#[derive(Debug)]
pub struct Tournament(Mutex<Tree>);

#[derive(Debug)]
struct Tree {
    size: usize,
    winners: Vec<u32>,
    scores: Vec<(f32, u32)>,
    rng: Rng,
}

/// Who cannot be lent loses against everybody.
const OUT: f32 = f32::INFINITY;

fn score(member: &Member) -> f32 {
    let in_flight = member.state.in_flight();
    let full = member.capacity != 0 && in_flight >= member.capacity;
    if full || !matches!(member.state.standing(), Standing::Serving | Standing::HalfOpen) {
        return OUT;
    }
    (f64::from(in_flight + 1) / f64::from(member.weight)) as f32
}

impl Tournament {
    pub(super) fn new(members: &[Member], seed: u64) -> Self {
        let size = members.len().next_power_of_two();
        let mut rng = Rng::seeded(seed);
        let mut scores: Vec<_> =
            members.iter().map(|member| (score(member), rng.next_u64() as u32)).collect();
        scores.resize(size, (OUT, u32::MAX));
        let mut tree = Tree { size, winners: vec![0; 2 * size], scores, rng };
        for leaf in 0..size {
            tree.winners[size + leaf] = leaf as u32;
        }
        for node in (1..size).rev() {
            tree.winners[node] = tree.play(node);
        }
        Self(Mutex::new(tree))
    }

    /// The member with the least score, unless nobody can be lent.
    pub(super) fn winner(&self) -> Option<usize> {
        let tree = self.0.lock();
        let winner = tree.winners[1] as usize;
        (tree.scores[winner].0 < OUT).then_some(winner)
    }

    /// Replays the path of one member with its score as it is now.
    pub(super) fn update(&self, members: &[Member], index: usize) {
        let mut tree = self.0.lock();
        let lot = tree.rng.next_u64() as u32;
        // Read under the lock: whoever comes last has seen the latest.
        tree.scores[index] = (score(&members[index]), lot);
        let mut node = (tree.size + index) >> 1;
        while node > 0 {
            let (before, after) = (tree.winners[node], tree.play(node));
            tree.winners[node] = after;
            // Above here nothing changes when the changed member neither held this place nor takes it.
            if before == after && after as usize != index {
                break;
            }
            node /= 2;
        }
    }
}

impl Tree {
    fn play(&self, node: usize) -> u32 {
        let (left, right) = (self.winners[2 * node], self.winners[2 * node + 1]);
        if self.scores[right as usize] < self.scores[left as usize] { right } else { left }
    }
}
