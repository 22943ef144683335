//! Hash slots, as Redis Cluster has them.
//!
//! Does     finds a key's slot among 16,384 by CRC-16 of the key, or of what stands between its first { and the next }, and
//!          lends the node whose range holds it: ranges follow the list of nodes, as `redis-cli --cluster create` deals them.
//! Suits    programs that must agree with a Redis Cluster on where a key lives, and keys that must stay together: those
//!          with the same {tag} do.
//! Fails    as nodes come and go: all ranges shift, and a node that joins moves about half of the keys. A running Redis
//!          Cluster keeps slots where they are and moves them one by one; that is not followed here.
//! Costs    O(1) at each pick, 64 KiB; a change writes the 16,384 entries anew.
//! Promise  each node has 16,384 · w/W slots, rounded up or down at both ends; equal weights get redis-cli's very ranges
//!          (laws/slots)

use std::iter::once;

use super::bounded::Bound;
use super::options::{KEY, OptionEntry, Options};
use super::probes::{places, probes};
use super::{Ground, Key, Strategy, View};
use crate::hash::crc16;
use crate::{Fault, Member, Rng};

/// How many slots there are, in every Redis Cluster.
pub const SLOTS: usize = 16_384;

/// See the file's head.
#[derive(Debug)]
pub struct Slots {
    bound: Bound,
    table: Vec<u32>,
}

impl Slots {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[Bound::OPTION, KEY];
    pub(super) const USES_KEY: bool = true;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        options.text("key", "client_ip")?;
        Ok(Self { bound: Bound::from_options(options)?, table: Vec::new() })
    }
}

/// The slot of a key: only what is between the first { and the next } counts, if there is anything.
pub fn slot(key: &[u8]) -> usize {
    let tag = key.iter().position(|&byte| byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|&byte| byte == b'}')?;
        (close > 0).then(|| &rest[..close])
    });
    usize::from(crc16(tag.unwrap_or(key))) % SLOTS
}

/// The first slot after each node's range.
fn ends(weights: &[u32]) -> Vec<usize> {
    let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
    let even = weights.windows(2).all(|pair| pair[0] == pair[1]);
    // redis-cli reckons the length of a range in single precision; with it we agree to the slot.
    let length = f64::from(SLOTS as f32 / weights.len() as f32);
    let (mut before, mut cursor, mut ends) = (0, 0.0, Vec::with_capacity(weights.len()));
    for (index, &weight) in weights.iter().enumerate() {
        before += u64::from(weight);
        let end = if index + 1 == weights.len() {
            SLOTS
        } else if even {
            (cursor + length - 1.0_f64).round() as usize + 1
        } else {
            ((2 * SLOTS as u64 * before + sum) / (2 * sum)) as usize
        };
        cursor += length;
        ends.push(end);
    }
    ends
}

impl Slots {
    /// The member of the slot at `place`.
    #[inline]
    fn at(&self, place: u64) -> usize {
        self.table[place as usize % SLOTS] as usize
    }
}

impl Strategy for Slots {
    fn name(&self) -> &'static str {
        "slots"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let weights: Vec<_> = ground.members.iter().map(|member| member.weight).collect();
        let mut table = Vec::with_capacity(SLOTS);
        for (index, end) in ends(&weights).into_iter().enumerate() {
            if end <= table.len() {
                return Err(Fault::new(format!(
                    "slots: node {:?} would get none of {SLOTS} slots: list fewer nodes, or weights closer to each other",
                    ground.members[index].state.id()
                )));
            }
            table.resize(end, index as u32);
        }
        Ok(Box::new(Self { bound: self.bound.prepare(ground.members), table }))
    }

    fn scores(&self, view: &View<'_>, key: Key<'_>) -> Vec<Option<f64>> {
        let Key::Bytes(bytes) = key else { return Vec::new() };
        if self.table.is_empty() {
            return Vec::new();
        }
        let place = slot(bytes) as u64;
        let at = |place: u64| self.at(place);
        places(view.len(), once(at(place)).chain(probes(place, view.len(), at)))
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        if self.table.is_empty() {
            return None;
        }
        let slot = match key {
            Key::Bytes(bytes) => slot(bytes) as u64,
            Key::None => rng.below(SLOTS) as u64,
        };
        let at = |place: u64| self.at(place);
        self.bound.choose(view, |gate| gate.first(at(slot), || probes(slot, view.len(), at)))
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
