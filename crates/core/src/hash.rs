//! One stable hash for keys and nodes.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The 64-bit keyed hash of `bytes` (XXH3): equal in every process, release and language binding.
pub fn hash64(seed: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}
