//! Consistent hashing on a ring.
//!
//! Does     gives each node 160 points per weight on a circle; a key goes to the next point clockwise, past the end to
//!          the first. A node that cannot be lent is skipped in the key's own order, so its keys come back to it.
//! Suits    caches and sessions: the same key finds the same node from every caller. With `compatible` it finds the one
//!          that uhashring, ketama or nginx find, so a program can change over without moving a key.
//! Fails    with one hot key (it stays on one node unless `bounded_load` is set), and where shares must be exact: with 160
//!          points they scatter by about 8 %, and the largest of 100 is 21 % above the mean.
//! Costs    O(1) on average through an index by leading bits, 20 bytes a point; without a key one random number instead of
//!          a hash. A node that joins or leaves is merged in: O(points), without sorting.
//! Promise  a joining node takes keys only to itself, a leaving one gives up only its own, 1/(n+1) of all on average
//!          (theory 2.3.1, laws/consistent_hash); the other libraries' keys exactly

use super::bounded::Bound;
use super::compatible::Compatible;
use super::options::{KEY, OptionEntry, Options};
use super::probes::places;
use super::ring::Ring;
use super::{Ground, Key, Strategy, View};
use crate::{Fault, Member, Rng};

/// Points per unit of weight, as ketama has them: the largest of 10 shares is about 12 % above the mean on average.
pub const VIRTUAL_NODES: i64 = 160;

/// Where a ring stops growing: 4 million points are 80 MB.
const MOST_POINTS: u64 = 1 << 22;

/// See the file's head.
#[derive(Debug)]
pub struct ConsistentHash {
    virtual_nodes: u64,
    compatible: Compatible,
    bound: Bound,
    hash_seed: u64,
    ring: Ring,
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
            name: "compatible",
            kind: "text",
            default: "none",
            choices: Compatible::NAMES,
            doc: "whose placement of keys to take over, exactly: that of uhashring's HashRing(nodes), of ketama as \
                  HashRing(nodes, hash_fn=\"ketama\") has it, or of nginx's \"hash … consistent\"; node ids must be the names used there",
        },
        Bound::OPTION,
        KEY,
    ];
    pub(super) const USES_KEY: bool = true;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        options.text("key", "client_ip")?;
        let virtual_nodes = options.int("virtual_nodes", VIRTUAL_NODES, 1..=65_536)?.unsigned_abs();
        let compatible =
            Compatible::named(options.choice("compatible", Compatible::NAMES, "none")?);
        compatible.check(virtual_nodes)?;
        let bound = Bound::from_options(options)?;
        Ok(Self { virtual_nodes, compatible, bound, hash_seed: 0, ring: Ring::empty() })
    }
}

impl Strategy for ConsistentHash {
    fn name(&self) -> &'static str {
        "consistent_hash"
    }

    /// A node's points depend on its id, its weight and the seed alone. Two points at one place are ordered by id.
    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let owners = self.compatible.owners(ground.members, self.virtual_nodes);
        let points: u64 = owners.iter().map(|(_, points)| points).sum();
        if points > MOST_POINTS {
            return Err(Fault::new(format!(
                "consistent_hash: {points} points on the ring are too many: divide all weights by a common factor or \
                 lower virtual_nodes until sum of weights × virtual_nodes is at most {MOST_POINTS}"
            )));
        }
        let (compatible, hash_seed) = (self.compatible, ground.hash_seed);
        let before = if hash_seed == self.hash_seed { &self.ring } else { &Ring::empty() };
        let all = owners.clone();
        let ring = before.renewed(
            owners,
            |index, say| compatible.points(hash_seed, &all[index], say),
            |index| compatible.rank(ground.members, index),
        );
        let (virtual_nodes, bound) = (self.virtual_nodes, self.bound.prepare(ground.members));
        Ok(Box::new(Self { virtual_nodes, compatible, bound, hash_seed, ring }))
    }

    fn scores(&self, view: &View<'_>, key: Key<'_>) -> Vec<Option<f64>> {
        let Key::Bytes(bytes) = key else { return Vec::new() };
        let place = self.compatible.place(self.hash_seed, bytes);
        let from = self.ring.at(place).map(|(_, from)| from);
        from.map(|from| places(view.len(), self.ring.clockwise(from))).unwrap_or_default()
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let place = match key {
            Key::Bytes(bytes) => self.compatible.place(self.hash_seed, bytes),
            Key::None => rng.next_u64(),
        };
        let (own, from) = self.ring.at(place)?;
        self.bound.choose(view, |gate| gate.first(own, || self.ring.clockwise(from)))
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
