//! A key's own order of nodes where a table gives only the first of them.

use crate::hash::hash64;

/// How many places a key has before the rest of its order is the list itself. With half the nodes out, a key finds none of
/// the others in 16 places once in 65,536.
const PLACES: u64 = 16;

/// The place of each of `len` members in the order in which they come up in a walk; nothing for one that never does.
pub(super) fn places(len: usize, walk: impl Iterator<Item = usize>) -> Vec<Option<f64>> {
    let (mut places, mut found) = (vec![None; len], 0_u32);
    for index in walk {
        if places[index].is_none() {
            places[index] = Some(f64::from(found));
            found += 1;
        }
        if found as usize == len {
            break;
        }
    }
    places
}

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
