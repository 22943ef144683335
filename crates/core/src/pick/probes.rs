//! A key's own order of nodes where a table gives only the first of them.

use crate::hash::hash64;

/// How many places a key has before the rest of its order is the list itself. With half the nodes out, a key finds none of
/// the others in 16 places once in 65,536.
const PLACES: u64 = 16;

/// Who comes after the key's own member: those that `at` gives for places drawn by hash, and then everybody in turn.
pub(super) fn probes(
    place: u64,
    len: usize,
    at: impl Fn(u64) -> usize,
) -> impl Iterator<Item = usize> {
    let drawn = move |turn: u64| hash64(turn, &place.to_le_bytes());
    let more = (1..PLACES).map(move |turn| at(drawn(turn)));
    let rest = (0..len as u64).map(move |step| {
        let start = drawn(PLACES) % len as u64;
        ((start + step) % len as u64) as usize
    });
    more.chain(rest)
}
