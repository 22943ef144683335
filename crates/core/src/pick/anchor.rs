//! AnchorHash.
//!
//! Does     hashes a key into a fixed number of buckets, most of them without a node, and hashes it on from each bucket
//!          that lost its node to one that was there at the time. A node that cannot be lent is passed over likewise.
//! Suits    one caller, or callers that see the same changes in the same order: exact shares, minimal moves, any node may
//!          leave.
//! Fails    when callers learn of the changes in different orders, or start at different times: they disagree, for the
//!          buckets remember how it came. Then take `rendezvous` or `consistent_hash`. One hot key stays on one node unless
//!          `bounded_load` is set.
//! Costs    O(1 + ln(size / W)²) hashes at each pick for a sum of weights W; 16 bytes a bucket. A change costs O(size).
//! Promise  a joining node takes keys only to itself, a leaving one gives up only its own, w/W of all on average
//!          (Mendelson et al. 2020; theory 2.3.1, laws/anchor)

use std::collections::BTreeMap;
use std::iter::once;
use std::sync::Arc;

use super::bounded::Bound;
use super::options::{KEY, OptionEntry, Options};
use super::probes::{places, probes};
use super::{Ground, Key, Strategy, View};
use crate::hash::hash64;
use crate::{Fault, Member, Rng};

/// Buckets: room for a few thousand nodes, and 8 hashes a pick with ten.
pub const SIZE: i64 = 4096;

/// See the file's head.
#[derive(Debug)]
pub struct Anchor {
    bound: Bound,
    hash_seed: u64,
    buckets: Buckets,
    /// The working buckets of each node.
    nodes: BTreeMap<Arc<str>, Vec<u32>>,
    /// Whose each working bucket is, by where the member stands in the list.
    members: Vec<u32>,
}

/// The paper's arrays (algorithm 3), by their names there: A, K, W, L, R and N.
#[derive(Clone, Debug, Default)]
struct Buckets {
    /// 0 for a working bucket; else how many worked right after it was removed.
    after: Vec<u32>,
    /// Who took a removed bucket's place among the working ones.
    heir: Vec<u32>,
    working: Vec<u32>,
    place: Vec<u32>,
    removed: Vec<u32>,
    count: u32,
}

impl Buckets {
    /// `size` buckets, none of them working: the lowest is the next to come back.
    fn new(size: u32) -> Self {
        let all: Vec<u32> = (0..size).collect();
        let mut buckets = Self {
            after: vec![0; size as usize],
            heir: all.clone(),
            working: all.clone(),
            place: all,
            removed: Vec::with_capacity(size as usize),
            count: size,
        };
        (0..size).rev().for_each(|bucket| buckets.remove(bucket));
        buckets
    }

    fn remove(&mut self, bucket: u32) {
        self.removed.push(bucket);
        self.count -= 1;
        let last = self.working[self.count as usize];
        self.after[bucket as usize] = self.count;
        let place = self.place[bucket as usize];
        self.working[place as usize] = last;
        self.place[last as usize] = place;
        self.heir[bucket as usize] = last;
    }

    fn add(&mut self) -> Option<u32> {
        let bucket = self.removed.pop()?;
        self.after[bucket as usize] = 0;
        let last = self.working[self.count as usize];
        self.place[last as usize] = self.count;
        self.working[self.place[bucket as usize] as usize] = bucket;
        self.heir[bucket as usize] = bucket;
        self.count += 1;
        Some(bucket)
    }

    /// The working bucket of a hashed key. There must be one: then every removed bucket has a count above 0.
    fn of(&self, key: u64) -> u32 {
        let mut bucket = (key % self.after.len() as u64) as u32;
        loop {
            let after = self.after[bucket as usize];
            if after == 0 {
                return bucket;
            }
            let drawn = hash64(u64::from(bucket) + 1, &key.to_le_bytes());
            let mut next = (drawn % u64::from(after)) as u32;
            while self.after[next as usize] >= after {
                next = self.heir[next as usize];
            }
            bucket = next;
        }
    }
}

impl Anchor {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[
        OptionEntry {
            name: "size",
            kind: "int",
            default: "4096",
            choices: &[],
            doc: "how many buckets there are, up to 1,048,576: the sum of all weights must stay below it for ever, because \
                  another size moves all keys",
        },
        Bound::OPTION,
        KEY,
    ];
    pub(super) const USES_KEY: bool = true;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        options.text("key", "client_ip")?;
        let size = options.int("size", SIZE, 1..=1 << 20)? as u32;
        let bound = Bound::from_options(options)?;
        let (buckets, nodes, members) = (Buckets::new(size), BTreeMap::new(), Vec::new());
        Ok(Self { bound, hash_seed: 0, buckets, nodes, members })
    }
}

impl Anchor {
    /// The member of the bucket at `place`.
    #[inline]
    fn at(&self, place: u64) -> usize {
        self.members[self.buckets.of(place) as usize] as usize
    }
}

impl Strategy for Anchor {
    fn name(&self) -> &'static str {
        "anchor"
    }

    /// Takes buckets from those that left or got lighter, then gives buckets to those that came or got heavier; both in
    /// the order of their ids, so that callers that see the same steps do the same.
    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let size = self.buckets.after.len();
        let sum: u64 = ground.members.iter().map(|member| u64::from(member.weight)).sum();
        if sum > size as u64 {
            return Err(Fault::new(format!(
                "anchor: a sum of weights of {sum} does not fit into {size} buckets: divide all weights by a common factor, or \
                 write a larger size"
            )));
        }
        let mut buckets = self.buckets.clone();
        let wanted: BTreeMap<&Arc<str>, u32> =
            ground.members.iter().map(|member| (member.state.id(), member.weight)).collect();
        let mut nodes = self.nodes.clone();
        for (id, own) in &mut nodes {
            let weight = wanted.get(id).map_or(0, |&weight| weight as usize);
            own.drain(weight.min(own.len())..).rev().for_each(|bucket| buckets.remove(bucket));
        }
        for (id, weight) in wanted {
            let own = nodes.entry(id.clone()).or_default();
            own.extend((own.len()..weight as usize).map_while(|_| buckets.add()));
        }
        nodes.retain(|_, own| !own.is_empty());
        let mut members = vec![0; size];
        for (index, member) in ground.members.iter().enumerate() {
            for &bucket in &nodes[member.state.id()] {
                members[bucket as usize] = index as u32;
            }
        }
        let (bound, hash_seed) = (self.bound.prepare(ground.members), ground.hash_seed);
        Ok(Box::new(Self { bound, hash_seed, buckets, nodes, members }))
    }

    fn scores(&self, view: &View<'_>, key: Key<'_>) -> Vec<Option<f64>> {
        let Key::Bytes(bytes) = key else { return Vec::new() };
        if view.is_empty() {
            return Vec::new();
        }
        let place = hash64(self.hash_seed, bytes);
        let at = |place: u64| self.at(place);
        places(view.len(), once(at(place)).chain(probes(place, view.len(), at)))
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        if view.is_empty() {
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
