//! Runs of allowed bytes, eight at a time. Safe code: a block is read as one word.

/// 1: may stand in a token; 2: an underscore, which may too but is noticed.
const TOKEN: [u8; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 128 {
        let c = b as u8;
        if c.is_ascii_alphanumeric()
            || matches!(
                c,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'`'
                    | b'|'
                    | b'~'
            )
        {
            table[b] = 1;
        }
        b += 1;
    }
    table[b'_' as usize] = 3;
    table
};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether a byte may stand in a token (RFC 9110 5.6.2).
pub(crate) const fn is_token_byte(b: u8) -> bool {
    TOKEN[b as usize] != 0
}

/// Whether all of it is one token.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&b| is_token_byte(b))
}

/// How many bytes of a token `bytes` starts with, and whether an underscore is among them.
#[inline]
pub(crate) fn token_run(bytes: &[u8]) -> (usize, bool) {
    let mut seen = 0;
    for (i, &b) in bytes.iter().enumerate() {
        let class = TOKEN[b as usize];
        if class == 0 {
            return (i, seen & 2 != 0);
        }
        seen |= class;
    }
    (bytes.len(), seen & 2 != 0)
}

/// How many bytes of a field value `bytes` starts with: all but control bytes, tab excepted.
#[inline]
pub(crate) fn value_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    let (blocks, _) = bytes.as_chunks::<8>();
    for block in blocks {
        let word = u64::from_le_bytes(*block);
        let odd = below(word, 0x20) | equal(word, 0x7f);
        if odd != 0 {
            at += odd.trailing_zeros() as usize / 8;
            break;
        }
        at += 8;
    }
    while let Some(&b) = bytes.get(at) {
        if (b < 0x20 && b != b'\t') || b == 0x7f {
            break;
        }
        at += 1;
    }
    at
}

/// How many bytes of a target `bytes` starts with: visible ASCII but `#`.
#[inline]
pub(crate) fn target_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    let (blocks, _) = bytes.as_chunks::<8>();
    for block in blocks {
        let word = u64::from_le_bytes(*block);
        let odd = below(word, 0x21) | equal(word, 0x7f) | equal(word, b'#') | (word & HIGHS);
        if odd != 0 {
            at += odd.trailing_zeros() as usize / 8;
            break;
        }
        at += 8;
    }
    while let Some(&b) = bytes.get(at) {
        if !(0x21..0x7f).contains(&b) || b == b'#' {
            break;
        }
        at += 1;
    }
    at
}

/// Marks bytes below `limit` (at most 0x80). The lowest mark is exact, higher ones may be false.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & HIGHS
}

/// Marks bytes equal to `b`. The lowest mark is exact, higher ones may be false.
const fn equal(word: u64, b: u8) -> u64 {
    below(word ^ (ONES * b as u64), 1)
}

/// `bytes` without spaces and tabs around it.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// A number of decimal digits only, that fits.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, &b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 { None } else { sum.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}
