//! Consistent hashing on a ring.
//!
//! Does     gives each node 160 points per weight on a circle; a key goes to the next point clockwise, past the end to
//!          the first. A node that cannot be lent is skipped in the key's own order, so its keys come back to it.
//! Suits    caches and sessions: the same key finds the same node from every caller.
//! Fails    with one hot key (it stays on one node), and where shares must be exact: with 160 points they scatter by
//!          about 8 %.
//! Costs    O(1) on average through an index by leading bits, 20 bytes a point; without a key one random number instead of a hash.
//! Promise  a joining node takes keys only to itself, a leaving one gives up only its own, 1/(n+1) of all on average
//!          (theory 2.3.1, laws/consistent_hash)

use super::options::{OptionEntry, Options};
use super::{Ground, Key, Strategy, View};
use crate::{Fault, Rng, hash64};

/// Points per unit of weight, as ketama has them: the largest of 10 shares is about 20 % above the mean.
pub const VIRTUAL_NODES: i64 = 160;

/// Where a ring stops growing: 4 million points are 64 MB.
const MOST_POINTS: u64 = 1 << 22;

/// The points in the order of the circle, each with its member.
#[derive(Debug)]
pub struct ConsistentHash {
    virtual_nodes: u64,
    hash_seed: u64,
    ring: Vec<(u64, u32)>,
    /// Where the points with given leading bits begin: about one point an entry, so a search is a step or two.
    starts: Vec<u32>,
    shift: u32,
}

impl ConsistentHash {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[
        OptionEntry {
            name: "virtual_nodes",
            kind: "int",
            default: "160",
            choices: &[],
            doc: "points on the ring per unit of weight, from 1 to 65,536: more even shares for more memory",
        },
        OptionEntry {
            name: "key",
            kind: "text",
            default: "client_ip",
            choices: &[],
            doc: "what the proxy hashes a request by: \"header:NAME\", \"cookie:NAME\", \"query:NAME\", \"path\" or \
                  \"client_ip\"; in Python the key is an argument of pick",
        },
    ];
    pub(super) const USES_KEY: bool = true;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        options.text("key", "client_ip")?;
        let virtual_nodes = options.int("virtual_nodes", VIRTUAL_NODES, 1..=65_536)?.unsigned_abs();
        Ok(Self { virtual_nodes, hash_seed: 0, ring: Vec::new(), starts: vec![0], shift: 63 })
    }
}

impl Strategy for ConsistentHash {
    fn name(&self) -> &'static str {
        "consistent_hash"
    }

    /// A node's points depend on its id, its weight and the seed alone. Two points at one place are ordered by id.
    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let points: u64 =
            ground.members.iter().map(|member| u64::from(member.weight) * self.virtual_nodes).sum();
        if points > MOST_POINTS {
            return Err(Fault::new(format!(
                "consistent_hash: {points} points on the ring are too many: divide all weights by a common factor or \
                 lower virtual_nodes until sum of weights × virtual_nodes is at most {MOST_POINTS}"
            )));
        }
        let mut ring = Vec::with_capacity(points as usize);
        for (index, member) in ground.members.iter().enumerate() {
            let own = hash64(ground.hash_seed, member.state.id().as_bytes());
            let points = u64::from(member.weight) * self.virtual_nodes;
            ring.extend((0..points).map(|point| (hash64(own, &point.to_le_bytes()), index as u32)));
        }
        let id = |index: u32| ground.members[index as usize].state.id();
        ring.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| id(a.1).cmp(id(b.1))));
        let shift = 64 - ring.len().next_power_of_two().trailing_zeros().max(1);
        let mut starts = Vec::with_capacity(1 << (64 - shift));
        for (at, &(point, _)) in ring.iter().enumerate() {
            starts.resize(starts.len().max((point >> shift) as usize + 1), at as u32);
        }
        starts.resize(1 << (64 - shift), ring.len() as u32);
        let (virtual_nodes, hash_seed) = (self.virtual_nodes, ground.hash_seed);
        Ok(Box::new(Self { virtual_nodes, hash_seed, ring, starts, shift }))
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let place = match key {
            Key::Bytes(bytes) => hash64(self.hash_seed, bytes),
            Key::None => rng.next_u64(),
        };
        let first = self.starts[(place >> self.shift) as usize] as usize;
        let start =
            first + self.ring[first..].iter().take_while(|&&(point, _)| point < place).count();
        let clockwise = self.ring[start..].iter().chain(&self.ring[..start]);
        let mut last = u32::MAX;
        for &(_, index) in clockwise {
            if index != last && view.fit(index as usize) {
                return Some(index as usize);
            }
            // The key's own node is out. When all are, the circle with its millions of points is not worth a walk.
            if last == u32::MAX && !(0..view.len()).any(|index| view.fit(index)) {
                return None;
            }
            last = index;
        }
        None
    }

    fn uses_key(&self) -> bool {
        true
    }
}
