//! What holds for every chunked body.

use super::input::Input;
use evenly_wire::chunked::{Decoder, opens_well};
use evenly_wire::response::{self, Asked, Reply};
use evenly_wire::{Carrier, Parsed, Relaxed, Rule, Slots, Terms, Version};

/// What was found in a body.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    payload: Vec<u8>,
    taken: usize,
    done: bool,
    excused: Relaxed,
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, relaxed: Relaxed) -> Result<Read, Rule> {
    let mut decoder = Decoder::new(relaxed);
    let (mut payload, mut taken) = (Vec::new(), 0);
    for piece in pieces {
        let mut at = 0;
        while at < piece.len() && !decoder.is_done() {
            let step = decoder.step(&piece[at..])?;
            assert!(step.consumed > 0 && step.consumed <= piece.len() - at);
            payload.extend_from_slice(&piece[at..][step.payload]);
            at += step.consumed;
        }
        taken += at;
    }
    Ok(Read { payload, taken, done: decoder.is_done(), excused: decoder.excused() })
}

fn carrier(version: Version, relaxed: Relaxed) -> Carrier {
    let mut slots = Slots::new();
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    match response::parse(head, &mut slots, Asked::default(), &Terms::default()) {
        Ok(Parsed::Complete(head)) => {
            head.write(Reply { version, close: false, relaxed }, &mut Vec::new()).carrier
        }
        other => panic!("{other:?} is a good head"),
    }
}

/// Panics if a claim does not hold for the body that `data` stands for.
pub fn hold(data: &[u8]) {
    let input = Input::new(data);
    let relaxed = input.terms.relaxed;
    let whole = decode([input.message], relaxed);
    let beginnings = input.beginnings();
    let starts = std::iter::once(0).chain(beginnings.iter().map(|beginning| beginning.len()));
    let pieces: Vec<_> =
        starts.zip(&beginnings).map(|(start, beginning)| &beginning[start..]).collect();
    assert_eq!(decode(pieces.iter().copied(), relaxed), whole, "cutting changes nothing");
    let opens = opens_well(input.message, relaxed);
    match &whole {
        Ok(read) => {
            assert!(opens.is_ok());
            assert!(read.payload.is_empty() || opens == Ok(true));
            if relaxed == Relaxed::NONE {
                plain_reading_agrees(&input.message[..read.taken], read);
            }
        }
        Err(_) => assert!(!read_as_whole_without_rules(input.message, relaxed)),
    }
    for version in [Version::Http10, Version::Http11] {
        carrying_keeps_the_payload(&pieces, version, relaxed, &whole);
    }
}

/// What is refused on some terms is refused on stricter ones.
fn read_as_whole_without_rules(message: &[u8], relaxed: Relaxed) -> bool {
    relaxed != Relaxed::NONE && decode([message], Relaxed::NONE).is_ok()
}

fn carrying_keeps_the_payload(
    pieces: &[&[u8]],
    version: Version,
    relaxed: Relaxed,
    whole: &Result<Read, Rule>,
) {
    let mut carrier = carrier(version, relaxed);
    let (mut written, mut scratch) = (Vec::new(), Vec::new());
    for piece in pieces {
        match carrier.carry(piece, &mut scratch) {
            Ok(moved) => written.extend_from_slice(moved.bytes),
            Err(rule) => {
                assert_eq!(whole.as_ref().err(), Some(&rule));
                return;
            }
        }
    }
    let read = whole.as_ref().expect("it was carried");
    assert_eq!(carrier.is_done(), read.done);
    if version == Version::Http10 {
        assert_eq!(written, read.payload);
    } else {
        let again = decode([written.as_slice()], Relaxed::NONE).expect("it keeps every rule");
        assert_eq!((again.payload, again.done), (read.payload.clone(), read.done));
    }
}

/// The plainest reading of a strict body, line by line, with httparse for the sizes.
fn plain_reading_agrees(body: &[u8], read: &Read) {
    let (mut payload, mut rest) = (Vec::new(), body);
    while let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(rest) {
        rest = &rest[line..];
        if size == 0 {
            let done = rest.starts_with(b"\r\n") || rest.windows(4).any(|end| end == b"\r\n\r\n");
            assert_eq!(done, read.done);
            break;
        }
        let here = usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()));
        payload.extend_from_slice(&rest[..here]);
        rest = rest[here..].strip_prefix(b"\r\n").unwrap_or_default();
    }
    assert_eq!(payload, read.payload);
}
