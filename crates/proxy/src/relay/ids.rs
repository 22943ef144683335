//! Names for requests: 128 bits that no other request has, whichever worker or machine it came by.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use evenly_wire::RequestHead;

/// The field that carries a request's id, to nodes and from trusted clients.
const FIELD: &str = "X-Request-Id";
/// Most bytes of an id that is taken over; those in use (UUIDs, ULIDs, trace ids) have at most 64.
const LONGEST: usize = 128;

/// Where one worker's ids come from: 64 bits of chance drawn once, and a count in a scrambled order, so that ids
/// neither repeat nor tell how many requests there were.
#[derive(Debug)]
pub struct Ids {
    worker: u64,
    count: Cell<u64>,
}

impl Default for Ids {
    /// Begins anew, with the system's own randomness.
    fn default() -> Self {
        let random = || RandomState::new().build_hasher().finish();
        Self { worker: random(), count: Cell::new(random()) }
    }
}

impl Ids {
    /// 32 hexadecimal digits.
    fn make(&self) -> String {
        let count = self.count.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.count.set(count);
        format!("{:016x}{:016x}", self.worker, scrambled(count))
    }

    /// The id of a request: the client's own when it is trusted and what it sent is one, else a new one. The head for
    /// the node, which is complete in `out`, gets it as a field.
    #[cold]
    pub fn give(&self, head: &RequestHead<'_>, trusted: bool, out: &mut Vec<u8>) -> String {
        let given = if trusted { head.field(FIELD).and_then(text) } else { None };
        let id = given.map_or_else(|| self.make(), str::to_owned);
        // The empty line at the end of the head.
        out.truncate(out.len() - 2);
        for part in [FIELD, ": ", &id, "\r\n\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        id
    }
}

/// What may stand for an id in logs of all kinds: visible ASCII, not too long.
fn text(value: &[u8]) -> Option<&str> {
    let fits = !value.is_empty() && value.len() <= LONGEST;
    let plain = value.iter().all(u8::is_ascii_graphic);
    if fits && plain { std::str::from_utf8(value).ok() } else { None }
}

/// The finalizer of `SplitMix64`: each number has its own result.
const fn scrambled(count: u64) -> u64 {
    let mixed = (count ^ (count >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// No id comes twice, from one worker or from two.
    #[test]
    fn ids_differ() {
        let (one, two) = (Ids::default(), Ids::default());
        let ids: HashSet<_> = (0..10_000).flat_map(|_| [one.make(), two.make()]).collect();
        assert_eq!(ids.len(), 20_000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    /// What could break a line of a log, or fill it, is no id.
    #[test]
    fn an_id_is_short_visible_text() {
        assert_eq!(text(b"0af7651916cd43dd8448eb211c80319c").map(str::len), Some(32));
        for bad in [&b""[..], b"two words", b"tab\t", b"\xc3\xa9", &[b'x'; 129]] {
            assert_eq!(text(bad), None, "{bad:?}");
        }
    }
}
