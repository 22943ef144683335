//! Every atomic of the core, so that one set of loom tests covers them all (`tests/loom.rs`).

#[cfg(loom)]
use loom::sync::atomic;
#[cfg(not(loom))]
use std::sync::atomic;

pub use atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
pub use atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, fence};

use crate::Nanos;

const WAITING: u64 = 1 << 32;

/// The places taken on a node: how many loans are out, and how many of those still wait for their response head.
/// Both change together in one word, so no reader sees more waiting than out.
#[derive(Debug)]
pub struct Places(AtomicU64);

impl Default for Places {
    fn default() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Places {
    /// Takes a place unless `capacity` (0: unlimited) are taken. Returns whether nobody was waiting before.
    pub fn try_take(&self, capacity: u32) -> Option<bool> {
        if capacity == 0 {
            let before = self.0.fetch_add(WAITING + 1, AcqRel);
            return Some(before < WAITING);
        }
        let mut seen = self.0.load(Relaxed);
        loop {
            if seen as u32 >= capacity {
                return None;
            }
            match self.0.compare_exchange_weak(seen, seen + WAITING + 1, AcqRel, Relaxed) {
                Ok(_) => return Some(seen < WAITING),
                Err(now) => seen = now,
            }
        }
    }

    /// One loan has its response head.
    pub fn answered(&self) {
        self.0.fetch_sub(WAITING, AcqRel);
    }

    /// One loan is back; `answered` says whether its head had come. In one order with the length of the queue: either
    /// the giver sees who has begun to wait, or that one sees the place.
    pub fn give_back(&self, answered: bool) {
        self.0.fetch_sub(1 + if answered { 0 } else { WAITING }, SeqCst);
    }

    /// Loans that are out.
    pub fn in_flight(&self) -> u32 {
        self.0.load(Acquire) as u32
    }

    /// Loans that are out, and those of them that wait for their head.
    pub fn both(&self) -> (u32, u32) {
        let word = self.0.load(Acquire);
        (word as u32, (word >> 32) as u32)
    }

    /// Forgets every loan: in a forked child none of the parent's is ours.
    pub fn clear(&self) {
        self.0.store(0, Release);
    }
}

/// An exponentially decaying estimate and the time of its last sample, together in one word: 32 bits of the value
/// (6 of exponent and 26 of fraction, from 1 up) and 32 bits of time in steps of 16 µs. That is a clock face of
/// 19 hours: an estimate left alone for longer looks younger than it is, until it has faded once more.
#[derive(Debug)]
pub struct Estimate(AtomicU64);

/// 2^14 ns = 16.4 µs.
const STEP: u32 = 14;
/// A sample that lies up to a second (2^16 steps) ahead of `now` was noted by a thread with a later clock reading.
const AHEAD: u32 = 1 << 16;
/// The bits of 1.0, where the exponent begins.
const ONE: u64 = 1.0_f64.to_bits();
/// The bits of a double's fraction that the word has no room for.
const CUT: u32 = 26;
/// The largest value: 31 years in nanoseconds.
const MOST: f64 = 1e18;

impl Default for Estimate {
    fn default() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Estimate {
    /// Rounds up with the probability of what is cut off, so that ever so many tiny steps add up to the right sum.
    /// The lots come from the word before and the time: the same trace gives the same estimates.
    fn pack(value: f64, now: Nanos, before: u64) -> u64 {
        let lot = (before ^ now.0).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - CUT);
        let short = (value.clamp(1.0, MOST).to_bits() - ONE + lot) >> CUT;
        (short.max(1) << 32) | u64::from((now.0 >> STEP) as u32)
    }

    fn value(word: u64) -> f64 {
        f64::from_bits(((word >> 32) << CUT) + ONE)
    }

    fn age(word: u64, now: Nanos) -> Nanos {
        let steps = ((now.0 >> STEP) as u32).wrapping_sub(word as u32);
        if steps > u32::MAX - AHEAD { Nanos::ZERO } else { Nanos(u64::from(steps) << STEP) }
    }

    /// The value at its last sample; `None` before the first.
    pub fn read(&self) -> Option<f64> {
        let word = self.0.load(Relaxed);
        (word != 0).then(|| Self::value(word))
    }

    /// The estimate as it stands at `now`, fading to nothing with time constant `decay`. Reading never changes it.
    pub fn at(&self, now: Nanos, decay: Nanos) -> Option<f64> {
        let word = self.0.load(Relaxed);
        (word != 0).then(|| Self::value(word) * fade(Self::age(word, now), decay))
    }

    /// Forgets all samples.
    pub fn clear(&self) {
        self.0.store(0, Relaxed);
    }

    /// Moves the average towards `sample`. Of several samples within one step of time the first counts.
    pub fn blend(&self, sample: f64, now: Nanos, decay: Nanos) {
        self.update(sample, now, decay, false);
    }

    /// Jumps up to a higher `sample` at once and moves down to a lower one slowly.
    pub fn peak(&self, sample: f64, now: Nanos, decay: Nanos) {
        self.update(sample, now, decay, true);
    }

    fn update(&self, sample: f64, now: Nanos, decay: Nanos, peak: bool) {
        let mut word = self.0.load(Relaxed);
        loop {
            let next = if word == 0 {
                sample
            } else {
                let (value, keep) = (Self::value(word), fade(Self::age(word, now), decay));
                if peak && sample >= value * keep {
                    sample
                } else if keep >= 1.0 {
                    return;
                } else {
                    value * keep + sample * (1.0 - keep)
                }
            };
            let packed = Self::pack(next, now, word);
            match self.0.compare_exchange_weak(word, packed, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(seen) => word = seen,
            }
        }
    }
}

/// exp(-span / decay), without the exponential where its first terms are exact to 10^-9.
fn fade(span: Nanos, decay: Nanos) -> f64 {
    let x = span.0 as f64 / decay.0.max(1) as f64;
    if x < 1e-3 { 1.0 - x + x * x / 2.0 } else { (-x).exp() }
}

/// How many buckets a [`Window`] has.
pub const BUCKETS: usize = 10;
const COUNT: u64 = 1 << 24;
/// Where a bucket stops counting: a later result would not change the ratio, and the last 65,536 counts are room for
/// threads that looked at the same moment.
const FULL: u64 = ((1 << 24) - (1 << 16)) << 24;
/// How many slices a bucket may be ahead of a result to be told from a bucket that was left alone for long.
const LATE: usize = 10 * BUCKETS;

/// Exact counts of results over the last while, in a ring of time buckets. A bucket is one word: the number of its
/// slice of time (16 bits), results (24 bits) and failures among them (24 bits).
#[derive(Debug, Default)]
pub struct Window([Bucket; BUCKETS]);

#[derive(Debug)]
struct Bucket(AtomicU64);

impl Default for Bucket {
    fn default() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Window {
    /// Counts one result. `span` is the length of the whole window; a result that comes a whole window late is left out.
    pub fn note(&self, failed: bool, now: Nanos, span: Nanos) {
        let slice = slice(now, span);
        let bucket = &self.0[(slice % BUCKETS as u64) as usize].0;
        let one = COUNT + u64::from(failed);
        let tag = slice << 48;
        let mut seen = bucket.load(Relaxed);
        loop {
            if seen & !(u64::MAX >> 16) == tag {
                if seen & ((COUNT - 1) << 24) < FULL {
                    bucket.fetch_add(one, Relaxed);
                }
                return;
            }
            let late = ((seen >> 48) as u16).wrapping_sub(slice as u16);
            if seen != 0 && usize::from(late) <= LATE {
                return;
            }
            match bucket.compare_exchange_weak(seen, tag | one, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Results and failures among them within the window that ends at `now`.
    pub fn sum(&self, now: Nanos, span: Nanos) -> (u64, u64) {
        let last = slice(now, span);
        let mut sum = (0, 0);
        for bucket in &self.0 {
            let word = bucket.0.load(Relaxed);
            let age = (last as u16).wrapping_sub((word >> 48) as u16);
            if (age as usize) < BUCKETS {
                sum.0 += (word >> 24) & (COUNT - 1);
                sum.1 += word & (COUNT - 1);
            }
        }
        sum
    }

    /// Forgets all results.
    pub fn clear(&self) {
        for bucket in &self.0 {
            bucket.0.store(0, Relaxed);
        }
    }
}

fn slice(now: Nanos, span: Nanos) -> u64 {
    now.0 / (span.0 / BUCKETS as u64).max(1)
}

/// Roughly how often a node was picked in this second and the last: advice for breaking ties, so a lost update on
/// a race between two workers is fine and the common case needs no locked instruction.
#[derive(Debug)]
pub struct Recent {
    word: AtomicU64,
    last: AtomicU64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { word: AtomicU64::new(0), last: AtomicU64::new(0) }
    }
}

impl Recent {
    /// Notes a pick at `now`.
    pub fn note(&self, now: Nanos) {
        let second = (now.0 / 1_000_000_000) & 0xff_ffff;
        let word = self.word.load(Relaxed);
        let next = match second.wrapping_sub(word >> 40) {
            0 => word + u64::from(word & 0xf_ffff != 0xf_ffff),
            1 => (second << 40) | ((word & 0xf_ffff) << 20) | 1,
            _ => (second << 40) | 1,
        };
        self.word.store(next, Relaxed);
        self.last.store(now.0, Relaxed);
    }

    /// Picks in the second of `now` and the one before.
    pub fn rate(&self, now: Nanos) -> u64 {
        let second = (now.0 / 1_000_000_000) & 0xff_ffff;
        let word = self.word.load(Relaxed);
        match second.wrapping_sub(word >> 40) {
            0 => (word & 0xf_ffff) + ((word >> 20) & 0xf_ffff),
            1 => word & 0xf_ffff,
            _ => 0,
        }
    }

    /// The moment of the last pick.
    pub fn last(&self) -> Nanos {
        Nanos(self.last.load(Relaxed))
    }

    /// Claims the right to be the one who tries this node after a silence: true for exactly one of those who saw
    /// the same last pick.
    pub fn claim(&self, seen: Nanos, now: Nanos) -> bool {
        self.last.compare_exchange(seen.0, now.0, Relaxed, Relaxed).is_ok()
    }
}
