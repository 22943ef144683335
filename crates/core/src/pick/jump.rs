//! Jump consistent hashing.
//!
//! Does     follows a key's jumps from bucket to bucket until they leave the list, and lends the node it ends on; a node has
//!          as many buckets as its weight. One that cannot be lent is passed over in the key's own order.
//! Suits    shards that are numbered and only ever added at the end: exact shares without any memory.
//! Fails    when any but the last node leaves or changes its weight: all keys of the nodes behind it shift by a bucket. The
//!          order of the list matters. One hot key stays on one node unless `bounded_load` is set.
//! Costs    O(log W) at each pick for a sum of weights W, no hash but the key's; 8 bytes a node.
//! Promise  a node added at the end takes keys only to itself, w/W of all on average; when it leaves it gives up only its
//!          own (Lamping and Veach 2014; theory 2.3.1, laws/jump)

use std::iter::once;

use super::bounded::Bound;
use super::options::{KEY, OptionEntry, Options};
use super::probes::{places, probes};
use super::{Ground, Key, Strategy, View};
use crate::hash::hash64;
use crate::{Fault, Member, Rng};

/// See the file's head.
#[derive(Debug)]
pub struct Jump {
    bound: Bound,
    hash_seed: u64,
    /// The first bucket after each node's.
    ends: Vec<u64>,
}

impl Jump {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[Bound::OPTION, KEY];
    pub(super) const USES_KEY: bool = true;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        options.text("key", "client_ip")?;
        Ok(Self { bound: Bound::from_options(options)?, hash_seed: 0, ends: Vec::new() })
    }
}

/// The bucket of a hashed key among `buckets`, from 1: the paper's own arithmetic, so that all languages agree.
pub fn jump(mut key: u64, buckets: u64) -> u64 {
    let (mut bucket, mut next) = (0, 0);
    while next < buckets {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as u64;
    }
    bucket
}

impl Jump {
    /// The member of the bucket at `place`.
    #[inline]
    fn at(&self, place: u64, buckets: u64) -> usize {
        let bucket = jump(place, buckets);
        self.ends.partition_point(|&end| end <= bucket)
    }
}

impl Strategy for Jump {
    fn name(&self) -> &'static str {
        "jump"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let ends = ground.members.iter().scan(0, |end, member| {
            *end += u64::from(member.weight);
            Some(*end)
        });
        Ok(Box::new(Self {
            bound: self.bound.prepare(ground.members),
            hash_seed: ground.hash_seed,
            ends: ends.collect(),
        }))
    }

    fn scores(&self, view: &View<'_>, key: Key<'_>) -> Vec<Option<f64>> {
        let Key::Bytes(bytes) = key else { return Vec::new() };
        let Some(&buckets) = self.ends.last() else { return Vec::new() };
        let place = hash64(self.hash_seed, bytes);
        let at = |place: u64| self.at(place, buckets);
        places(view.len(), once(at(place)).chain(probes(place, view.len(), at)))
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let buckets = *self.ends.last()?;
        let place = match key {
            Key::Bytes(bytes) => hash64(self.hash_seed, bytes),
            Key::None => rng.next_u64(),
        };
        let at = |place: u64| self.at(place, buckets);
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
