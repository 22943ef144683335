//! The hashes that place keys and nodes: one of our own choice, and those of the libraries that we agree with. They are
//! equal in every process, on every machine and in every release; changing one moves all keys.

use std::io::Read;

use crc::{CRC_16_XMODEM, CRC_32_ISO_HDLC, Crc, Digest, Table};
use md5::{Digest as _, Md5};
use xxhash_rust::xxh3::xxh3_64_with_seed;

static CRC16: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);
static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// The 64-bit keyed hash of `bytes` (XXH3): equal in every process, release and language binding.
#[inline]
pub fn hash64(seed: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}

/// CRC-16/XMODEM, by which Redis Cluster finds a key's slot.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    CRC16.checksum(bytes)
}

/// CRC-32 (ISO-HDLC, as in zlib), by which nginx and memcached clients hash.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    CRC32.checksum(bytes)
}

/// The same in parts.
pub(crate) fn crc32_digest() -> Digest<'static, u32, Table<16>> {
    CRC32.digest()
}

/// MD5, which ketama and uhashring cut into points. Nothing secret hangs on it.
pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// MurmurHash3 (32 bits, seed 0) of `front` and `back` put together.
pub(crate) fn murmur3(front: &[u8], back: &[u8]) -> u32 {
    // Reading from memory cannot fail.
    murmur3::murmur3_32(&mut front.chain(back), 0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{crc16, crc32, md5, murmur3};

    #[test]
    fn each_hash_gives_its_published_check_value() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(md5(b"abc")[..4], [0x90, 0x01, 0x50, 0x98]);
        assert_eq!(murmur3(b"", b""), 0);
        assert_eq!(murmur3(b"te", b"st"), 0xba6b_d213);
        assert_eq!(murmur3(b"Hello, ", b"world!"), 0xc036_3e43);
    }
}
