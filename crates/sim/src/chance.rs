//! Chance, one stream for each purpose: two strategies meet the same requests at the same times with the same sizes.

use evenly_core::Rng;
use rand_core::RngCore;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// When requests come.
    Arrivals = 1,
    /// How much work they are.
    Sizes,
    /// What they are hashed by.
    Keys,
    /// What the strategy draws.
    Strategy,
    /// Which dispatcher a request comes to, and which requests a failing node fails.
    Network,
}

/// The core's generator in the dress that `rand_distr` wants.
#[derive(Clone, Debug)]
pub struct Stream(Rng);

impl Stream {
    /// The stream of `seed` alone.
    pub fn seeded(seed: u64) -> Self {
        Self(Rng::seeded(seed))
    }

    /// The stream for one purpose of one replication.
    pub fn of(seed: u64, replication: u64, purpose: Purpose) -> Self {
        Self::seeded(scatter(scatter(scatter(seed) ^ replication) ^ purpose as u64))
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        self.0.unit()
    }

    /// A whole number in `0..bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }
}

impl RngCore for Stream {
    fn next_u32(&mut self) -> u32 {
        (self.0.next_u64() >> 32) as u32
    }

    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, bytes);
    }
}

/// One step of splitmix64 (Steele, Lea and Flood 2014): neighbouring numbers become unrelated ones.
pub fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
