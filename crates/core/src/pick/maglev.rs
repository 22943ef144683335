//! Maglev hashing.
//!
//! Does     lets the nodes fill a table by turns, each at the next free entry of an order of its own; a key goes to the
//!          node at its entry. One that cannot be lent is passed over in the key's own order, so its keys come back.
//! Suits    many nodes and many callers: exact shares and one look into a table, the same one everywhere.
//! Fails    where no other key may move: a node that leaves a table of 65,537 moves about 0.2 % of the others' entries with
//!          10 nodes and 0.6 % with 100. One hot key stays on one node unless `bounded_load` is set.
//! Costs    O(1) at each pick; 4 bytes an entry. A change fills the table anew: O(M log M) on average for M entries.
//! Promise  every node has its weight's share of the entries, rounded up or down: the greatest share is at most
//!          ceil(M/n)·n/M times the mean (Eisenbud et al., NSDI 2016; theory 2.3.1, laws/maglev). Not monotone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use std::iter::once;

use super::bounded::Bound;
use super::options::{KEY, OptionEntry, Options};
use super::probes::{places, probes};
use super::{Ground, Key, Strategy, View};
use crate::hash::hash64;
use crate::{Fault, Member, Rng};

/// The paper's small table.
pub const TABLE_SIZE: i64 = 65_537;

/// As in Envoy: 20 MB.
const LARGEST: i64 = 5_000_011;

/// See the file's head.
#[derive(Debug)]
pub struct Maglev {
    size: u32,
    bound: Bound,
    hash_seed: u64,
    table: Vec<u32>,
}

impl Maglev {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[
        OptionEntry {
            name: "table_size",
            kind: "int",
            default: "65537",
            choices: &[],
            doc: "entries of the table, a prime number up to 5,000,011, at best 100 for each node: more even shares and fewer \
                  moves for more memory",
        },
        Bound::OPTION,
        KEY,
    ];
    pub(super) const USES_KEY: bool = true;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        options.text("key", "client_ip")?;
        let size = options.int("table_size", TABLE_SIZE, 2..=LARGEST)? as u32;
        if !is_prime(size) {
            return Err(Fault::new(format!(
                "maglev: table_size = {size} is no prime number: write {} or another prime, else a node's order would miss \
                 entries",
                (size..=u32::MAX).find(|&size| is_prime(size)).unwrap_or(size)
            )));
        }
        let bound = Bound::from_options(options)?;
        Ok(Self { size, bound, hash_seed: 0, table: Vec::new() })
    }

    /// How many entries each node gets: its quota rounded down, and what is left over to the largest remainders.
    fn quotas(&self, members: &[Member], order: &[usize]) -> Result<Vec<u32>, Fault> {
        let size = u64::from(self.size);
        let weight = |&index: &usize| u64::from(members[index].weight);
        let sum: u64 = order.iter().map(weight).sum();
        let mut quotas: Vec<u32> =
            order.iter().map(|index| (size * weight(index) / sum) as u32).collect();
        let mut left = self.size - quotas.iter().sum::<u32>();
        let mut ranks: Vec<usize> = (0..order.len()).collect();
        // Nobody goes without while somebody has two of his remainders.
        let remainder = |&rank: &usize| Reverse(size * weight(&order[rank]) % sum);
        ranks.sort_by_key(|rank| (quotas[*rank] > 0, remainder(rank)));
        for rank in ranks {
            if left > 0 {
                quotas[rank] += 1;
                left -= 1;
            } else if quotas[rank] == 0 {
                return Err(Fault::new(format!(
                    "maglev: node {:?} would get none of {size} entries: write a larger table_size, for example 655373",
                    members[order[rank]].state.id()
                )));
            }
        }
        Ok(quotas)
    }
}

fn is_prime(number: u32) -> bool {
    let divides = |divisor: &u32| number.is_multiple_of(*divisor);
    number > 1
        && !(2..=number).take_while(|divisor| divisor * divisor <= number).any(|d| divides(&d))
}

/// The turns: everybody has one in each round, a lighter node in as many fewer as its weight says, until its quota is full.
fn turns(weights: &[u32], quotas: &[u32]) -> Vec<u32> {
    let heaviest = u64::from(weights.iter().copied().max().unwrap_or(1));
    let mut left = quotas.to_vec();
    let mut due: BinaryHeap<_> = (0..weights.len()).map(|rank| Reverse((1, rank))).collect();
    let mut turns = Vec::with_capacity(quotas.iter().map(|&quota| quota as usize).sum());
    while let Some(Reverse((_, rank))) = due.pop() {
        if left[rank] > 0 {
            turns.push(rank as u32);
            left[rank] -= 1;
            let had = u64::from(quotas[rank] - left[rank]);
            due.push(Reverse((had * heaviest / u64::from(weights[rank]) + 1, rank)));
        }
    }
    turns
}

/// The paper's table: in each turn a node takes the next entry of its order (`offset`, then steps of `skip`) that nobody
/// has. With a prime number of entries an order meets all of them, so every turn finds one.
pub fn fill(size: u32, orders: &[(u32, u32)], turns: impl IntoIterator<Item = u32>) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    let mut table = vec![FREE; size as usize];
    let mut next: Vec<u32> = orders.iter().map(|&(offset, _)| offset).collect();
    for node in turns {
        let (entry, skip) = (&mut next[node as usize], orders[node as usize].1);
        while table[*entry as usize] != FREE {
            *entry += skip;
            if *entry >= size {
                *entry -= size;
            }
        }
        table[*entry as usize] = node;
    }
    table
}

impl Maglev {
    /// The member of the entry at `place`.
    #[inline]
    fn at(&self, place: u64) -> usize {
        let entry = (u128::from(place) * u128::from(self.size)) >> 64;
        self.table[entry as usize] as usize
    }
}

impl Strategy for Maglev {
    fn name(&self) -> &'static str {
        "maglev"
    }

    /// The table depends on ids, weights and seed alone; turns go by the order of the ids.
    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let members = ground.members;
        let id = |index: usize| members[index].state.id();
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_unstable_by(|&a, &b| id(a).cmp(id(b)));
        let (size, mut table) = (self.size, Vec::new());
        if !order.is_empty() {
            let quotas = self.quotas(members, &order)?;
            let orders: Vec<_> = order
                .iter()
                .map(|&index| {
                    let own = hash64(ground.hash_seed, id(index).as_bytes());
                    let skip = hash64(own, &[]) % u64::from(size - 1) + 1;
                    ((own % u64::from(size)) as u32, skip as u32)
                })
                .collect();
            let weights: Vec<_> = order.iter().map(|&index| members[index].weight).collect();
            let even = weights.windows(2).all(|pair| pair[0] == pair[1]);
            table = if even {
                let round = 0..order.len() as u32;
                fill(size, &orders, round.cycle().take(size as usize))
            } else {
                fill(size, &orders, turns(&weights, &quotas))
            };
            for rank in &mut table {
                *rank = order[*rank as usize] as u32;
            }
        }
        let (bound, hash_seed) = (self.bound.prepare(members), ground.hash_seed);
        Ok(Box::new(Self { size, bound, hash_seed, table }))
    }

    fn scores(&self, view: &View<'_>, key: Key<'_>) -> Vec<Option<f64>> {
        let Key::Bytes(bytes) = key else { return Vec::new() };
        if self.table.is_empty() {
            return Vec::new();
        }
        let place = hash64(self.hash_seed, bytes);
        let at = |place: u64| self.at(place);
        places(view.len(), once(at(place)).chain(probes(place, view.len(), at)))
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        if self.table.is_empty() {
            return None;
        }
        let place = match key {
            Key::Bytes(bytes) => hash64(self.hash_seed, bytes),
            Key::None => rng.next_u64(),
        };
        let at = |place: u64| self.at(place);
        self.bound.choose(view, |gate| gate.first(at(place), || probes(place, view.len(), at)))
    }

    fn changed(&self, members: &[Member], index: usize) {
        self.bound.changed(members, index);
    }

    fn tracks(&self) -> bool {
        self.bound.is_on()
    }

    fn uses_key(&self) -> bool {
        true
    }
}
