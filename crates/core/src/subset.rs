//! Deterministic subsetting: each of many callers keeps a few of many nodes, and all nodes are kept about equally often.
//!
//! The nodes are shuffled lap after lap, each lap in an order of its own, and dealt to the callers like cards: caller i
//! gets the i-th hand. (Beyer et al., Site Reliability Engineering, chapter 20; unlike there, what is left of a lap
//! begins the next hand, so no node is ever left over.) In every lap each node is dealt once, so of all callers together
//! any two nodes are kept equally often, or one of them once more. Who keeps what depends on names, seed and numbers
//! alone, and different laps pair different nodes: no group of callers hangs on one group of nodes.

use crate::Fault;
use crate::hash::hash64;

/// Which hand of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubsetSettings {
    /// How many nodes a caller keeps; all when there are no more.
    pub size: usize,
    /// Which caller this is, from 0.
    pub instance: usize,
    /// How many callers there are.
    pub instances: usize,
}

impl SubsetSettings {
    /// Refuses what cannot be.
    pub fn check(self) -> Result<(), Fault> {
        if self.size == 0 {
            return Err(Fault::new("subset.size 0 keeps no node: write a whole number from 1"));
        }
        if self.instance >= self.instances {
            return Err(Fault::new(format!(
                "subset.instance {} is not one of {} instances: they count from 0, so write at most {}",
                self.instance,
                self.instances,
                self.instances.saturating_sub(1)
            )));
        }
        Ok(())
    }

    /// Which of these nodes are kept, in the order of the list.
    pub fn kept(self, ids: &[&str], seed: u64) -> Vec<usize> {
        let count = ids.len();
        if self.size >= count {
            return (0..count).collect();
        }
        // After so many callers a hand begins with a lap again, and what came before does not matter.
        let period = count / gcd(self.size, count);
        let first = self.instance - self.instance % period;
        let mut lap = (first * self.size / count) as u64;
        let mut deck = shuffled(ids, seed, lap);
        let mut hand = Vec::new();
        for _ in first..=self.instance {
            hand = deck.split_off(deck.len().saturating_sub(self.size));
            if hand.len() < self.size {
                lap += 1;
                deck = shuffled(ids, seed, lap);
                // The rest of the hand from the next lap; what the caller holds already is left to who comes after.
                while hand.len() < self.size {
                    let Some(at) = deck.iter().rposition(|node| !hand.contains(node)) else {
                        break;
                    };
                    hand.push(deck.remove(at));
                }
            }
        }
        hand.sort_unstable();
        hand
    }
}

/// The nodes in the order of a lap, the first at the end.
fn shuffled(ids: &[&str], seed: u64, lap: u64) -> Vec<usize> {
    let own = hash64(seed, &lap.to_le_bytes());
    let mut deck: Vec<_> = (0..ids.len()).collect();
    deck.sort_by_cached_key(|&index| (hash64(own, ids[index].as_bytes()), ids[index]));
    deck
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
