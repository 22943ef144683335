//! Bodies on their way: how much belongs to them, what is written, and when they are complete.

mod support;

use evenly_wire::response::{self, Asked, Reply};
use evenly_wire::{Carrier, Cut, Parsed, Relaxed, Rule, Slots, Version, request};
use support::{forward, terms};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn from_node(head: &str, version: Version, close: bool, relaxed: Relaxed) -> Carrier {
    let mut slots = Slots::new();
    let asked = Asked::default();
    let Ok(Parsed::Complete(head)) =
        response::parse(head.as_bytes(), &mut slots, asked, &terms(relaxed))
    else {
        panic!("{head:?} is good")
    };
    head.write(Reply { version, close, relaxed }, &mut Vec::new()).carrier
}

fn from_client(fields: &str, relaxed: Relaxed) -> Carrier {
    let text = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    let mut slots = Slots::new();
    let Ok(Parsed::Complete(head)) = request::parse(text.as_bytes(), &mut slots, &terms(relaxed))
    else {
        panic!("{text:?} is good")
    };
    head.write(&forward(false), relaxed, &mut Vec::new())
}

/// Carries `input` in pieces of `size` bytes: what is written, how much was taken, whether it is complete.
fn carry(carrier: &mut Carrier, input: &[u8], size: usize) -> Result<(String, usize, bool), Rule> {
    let (mut written, mut taken, mut scratch) = (Vec::new(), 0, Vec::new());
    for piece in input.chunks(size) {
        let moved = carrier.carry(piece, &mut scratch)?;
        written.extend_from_slice(moved.bytes);
        taken += moved.consumed;
        if moved.done {
            break;
        }
    }
    Ok((support::text(&written), taken, carrier.is_done()))
}

fn owned(written: &str, taken: usize, done: bool) -> (String, usize, bool) {
    (written.to_owned(), taken, done)
}

#[test]
fn a_message_without_a_body_takes_nothing() {
    for mut carrier in [
        from_client("", Relaxed::NONE),
        from_client("Content-Length: 0\r\n", Relaxed::NONE),
        Carrier::nothing(),
    ] {
        assert!(carrier.is_done());
        assert_eq!(carry(&mut carrier, b"GET /", 5), Ok(owned("", 0, true)));
    }
}

#[test]
fn a_length_is_taken_and_no_more() {
    for size in 1..9 {
        let mut carrier = from_client("Content-Length: 5\r\n", Relaxed::NONE);
        assert_eq!(carrier.left(), Some(5));
        assert_eq!(carry(&mut carrier, b"helloGET", size), Ok(owned("hello", 5, true)));
        assert_eq!(carrier.end(&mut Vec::new()), Ok(()));
    }
}

#[test]
fn chunks_pass_as_they_came_with_extensions_and_trailers() {
    let body = b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n";
    for size in 1..=body.len() {
        for mut carrier in [
            from_client("Transfer-Encoding: chunked\r\n", Relaxed::NONE),
            from_node(CHUNKED, Version::Http11, false, Relaxed::NONE),
        ] {
            let input = [body.as_slice(), b"HTTP"].concat();
            let expected = owned(&support::text(body), body.len(), true);
            assert_eq!(carry(&mut carrier, &input, size), Ok(expected), "in pieces of {size}");
        }
    }
}

#[test]
fn chunks_are_taken_out_for_a_client_of_1_0() {
    let body = b"5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n";
    for size in 1..=body.len() {
        let mut carrier = from_node(CHUNKED, Version::Http10, false, Relaxed::NONE);
        assert_eq!(carry(&mut carrier, body, size), Ok(owned("hello!", body.len(), true)));
        assert_eq!(carrier.end(&mut Vec::new()), Ok(()));
    }
}

#[test]
fn a_body_that_ends_with_its_connection_gets_chunks() {
    let mut carrier = from_node("HTTP/1.0 200 OK\r\n\r\n", Version::Http11, false, Relaxed::NONE);
    let long = "x".repeat(0x1a3);
    let expected = format!("1a3\r\n{long}\r\n");
    assert_eq!(carry(&mut carrier, long.as_bytes(), 0x1a3), Ok(owned(&expected, 0x1a3, false)));
    assert_eq!(
        carry(&mut carrier, b"", 1),
        Ok(owned("", 0, false)),
        "an empty chunk would end the body"
    );
    let mut out = Vec::new();
    assert_eq!(carrier.end(&mut out), Ok(()));
    assert_eq!(out, b"0\r\n\r\n");
    assert!(carrier.is_done());
    out.clear();
    assert_eq!((carrier.end(&mut out), out.len()), (Ok(()), 0), "it ends once");
}

#[test]
fn a_body_that_ends_with_its_connection_passes_to_a_client_that_leaves() {
    let mut carrier = from_node("HTTP/1.0 200 OK\r\n\r\n", Version::Http10, false, Relaxed::NONE);
    assert_eq!(carry(&mut carrier, b"hello", 2), Ok(owned("hello", 5, false)));
    let mut out = Vec::new();
    assert_eq!((carrier.end(&mut out), out.len(), carrier.is_done()), (Ok(()), 0, true));
}

#[test]
fn a_body_cut_short_is_never_taken_for_a_whole_one() {
    for (head, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "hell"),
        (CHUNKED, ""),
        (CHUNKED, "5\r\nhello\r\n"),
        (CHUNKED, "5\r\nhello\r\n0\r\n"),
        (CHUNKED, "5\r\nhello\r\n0\r\n\r"),
    ] {
        for version in [Version::Http10, Version::Http11] {
            let mut carrier = from_node(head, version, false, Relaxed::NONE);
            let read = carry(&mut carrier, body.as_bytes(), 100).expect("good so far");
            assert!(!read.2);
            assert_eq!(carrier.end(&mut Vec::new()), Err(Cut), "{body:?}");
        }
    }
}

#[test]
fn a_malformed_chunk_is_refused_however_it_is_carried() {
    for version in [Version::Http10, Version::Http11] {
        let mut carrier = from_node(CHUNKED, version, false, Relaxed::NONE);
        assert_eq!(carry(&mut carrier, b"5\r\nhello\r\n0x0\r\n\r\n", 100), Err(Rule::ChunkSize));
    }
}

/// An excused body is not passed on as it came: the other side gets chunks that keep every rule.
#[test]
fn excused_chunks_are_written_anew() {
    let relaxed = Relaxed::of(&[Rule::ChunkSize, Rule::ChunkTerminator, Rule::Trailer]);
    for mut carrier in [
        from_client("Transfer-Encoding: chunked\r\n", relaxed),
        from_node(CHUNKED, Version::Http11, false, relaxed),
    ] {
        let body = b"5 ;a\nhello\n0\r\nHost: evil\r\n\r\n";
        let written = carry(&mut carrier, body, 100);
        assert_eq!(written, Ok(owned("5\r\nhello\r\n0\r\n\r\n", body.len(), true)));
        assert_eq!(carrier.excused(), relaxed);
    }
}

#[test]
fn relaxed_rules_of_heads_leave_chunks_alone() {
    let mut carrier = from_client("Transfer-Encoding: chunked\r\n", Relaxed::of(&[Rule::BareLf]));
    let body = b"5;a=b\r\nhello\r\n0\r\n\r\n";
    assert_eq!(carry(&mut carrier, body, 100), Ok(owned(&support::text(body), body.len(), true)));
}
