//! Rendezvous hashing.
//!
//! Does     gives each pair of key and node a score, u from 64 hashed bits, and lends the node with the greatest
//!          −weight / ln u. One that cannot be lent is passed over for the next score, so its keys come back to it.
//! Suits    caches and sessions on up to some 64 nodes: no table, exact shares by weight, minimal moves.
//! Fails    on thousands of nodes (see Costs), and with one hot key unless `bounded_load` is set.
//! Costs    O(n) at each pick: one hash a node; 16 bytes a node. A node that joins or leaves costs O(n), too.
//! Promise  a joining or heavier node takes keys only to itself, a leaving or lighter one gives up only its own; each key
//!          is a node's with probability exactly weight / sum of weights (theory E.7, laws/rendezvous)

use super::bounded::{Bound, Gate};
use super::options::{KEY, OptionEntry, Options};
use super::probes::places;
use super::{Ground, Key, Strategy, View};
use crate::hash::{hash64, murmur3};
use crate::{Fault, Member, Rng};

/// See the file's head.
#[derive(Debug)]
pub struct Rendezvous {
    pymemcache: bool,
    bound: Bound,
    hash_seed: u64,
    /// The hash of each node's id.
    own: Vec<u64>,
    /// What pymemcache hashes before the key, when it is asked to agree.
    prefixes: Vec<Vec<u8>>,
    even: bool,
}

impl Rendezvous {
    pub(super) const OPTIONS: &'static [OptionEntry] = &[
        OptionEntry {
            name: "compatible",
            kind: "text",
            default: "none",
            choices: COMPATIBLE,
            doc: "whose placement of keys to take over, exactly: that of pymemcache's RendezvousHash (and so of its \
                  HashClient), which knows no weights; node ids must be the names used there",
        },
        Bound::OPTION,
        KEY,
    ];
    pub(super) const USES_KEY: bool = true;

    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, Fault> {
        options.text("key", "client_ip")?;
        let pymemcache = options.choice("compatible", COMPATIBLE, "none")? == "pymemcache";
        let bound = Bound::from_options(options)?;
        let (own, prefixes) = (Vec::new(), Vec::new());
        Ok(Self { pymemcache, bound, hash_seed: 0, own, prefixes, even: true })
    }

    /// The score of a node for the key at `place`: 64 bits, the more the better.
    #[inline]
    fn score(&self, index: usize, place: u64) -> u64 {
        hash64(self.own[index], &place.to_le_bytes())
    }

    /// The place of each in the order in which [`best`](Self::best) would take them.
    fn order(&self, members: &[Member], score: impl Fn(usize) -> u64) -> Vec<Option<f64>> {
        let rank = |index: usize| {
            let (bits, weight) = (score(index), f64::from(members[index].weight));
            (if self.even { 0.0 } else { weight / -unit(bits).ln() }, bits)
        };
        let mut order: Vec<_> = (0..members.len()).map(|index| (rank(index), index)).collect();
        order.sort_by(|&((a, even_a), one), &((b, even_b), other)| {
            let even = if self.even { even_b.cmp(&even_a) } else { b.total_cmp(&a) };
            even.then_with(|| members[other].state.id().cmp(members[one].state.id()))
        });
        places(members.len(), order.into_iter().map(|(_, index)| index))
    }

    /// The best by weight among those that the gate lets through.
    fn best(
        &self,
        gate: &Gate<'_>,
        members: &[Member],
        score: impl Fn(usize) -> u64,
    ) -> Option<usize> {
        let later = |a: usize, b: usize| members[a].state.id() > members[b].state.id();
        let mut best = None;
        if self.even {
            let mut most = 0;
            for index in (0..members.len()).filter(|&index| gate.lets(index)) {
                let own = score(index);
                if best.is_none_or(|best| own > most || own == most && later(index, best)) {
                    (best, most) = (Some(index), own);
                }
            }
            return best;
        }
        let mut most = 0.0;
        for (index, member) in members.iter().enumerate().filter(|&(index, _)| gate.lets(index)) {
            let weight = f64::from(member.weight);
            let u = unit(score(index));
            // −ln u ≥ 1 − u: whoever loses even so needs no logarithm.
            if weight <= most * (1.0 - u) {
                continue;
            }
            let own = weight / -u.ln();
            if best.is_none_or(|best| own > most || own >= most && later(index, best)) {
                (best, most) = (Some(index), own);
            }
        }
        best
    }
}

const COMPATIBLE: &[&str] = &["none", "pymemcache"];

/// A number strictly between 0 and 1 from the upper 53 bits.
#[inline]
fn unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Text as pymemcache's hash reads it: one byte from each character, the low one of its number.
fn low_bytes(bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().map(|letter| letter as u32 as u8).collect(),
        Err(_) => bytes.to_vec(),
    }
}

impl Strategy for Rendezvous {
    fn name(&self) -> &'static str {
        "rendezvous"
    }

    fn prepare(&self, ground: &Ground<'_>) -> Result<Box<dyn Strategy>, Fault> {
        let ids = || ground.members.iter().map(|member| member.state.id().as_bytes());
        let even = ground.members.windows(2).all(|pair| pair[0].weight == pair[1].weight);
        let prefix = |id: &[u8]| [&low_bytes(id)[..], b"-"].concat();
        Ok(Box::new(Self {
            pymemcache: self.pymemcache,
            bound: self.bound.prepare(ground.members),
            hash_seed: ground.hash_seed,
            own: ids().map(|id| hash64(ground.hash_seed, id)).collect(),
            prefixes: if self.pymemcache { ids().map(prefix).collect() } else { Vec::new() },
            even,
        }))
    }

    fn scores(&self, view: &View<'_>, key: Key<'_>) -> Vec<Option<f64>> {
        let Key::Bytes(bytes) = key else { return Vec::new() };
        let members = view.members();
        if self.pymemcache {
            let key = low_bytes(bytes);
            let score = |index: usize| u64::from(murmur3(&self.prefixes[index], &key)) << 32;
            return self.order(members, score);
        }
        let place = hash64(self.hash_seed, bytes);
        self.order(members, |index| self.score(index, place))
    }

    fn pick(&self, view: &View<'_>, key: Key<'_>, rng: &mut Rng) -> Option<usize> {
        let members = view.members();
        let place = match key {
            Key::Bytes(bytes) if self.pymemcache => {
                let key = low_bytes(bytes);
                let score = |index: usize| u64::from(murmur3(&self.prefixes[index], &key)) << 32;
                return self.bound.choose(view, |gate| self.best(gate, members, score));
            }
            Key::Bytes(bytes) => hash64(self.hash_seed, bytes),
            Key::None => rng.next_u64(),
        };
        self.bound.choose(view, |gate| self.best(gate, members, |index| self.score(index, place)))
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
