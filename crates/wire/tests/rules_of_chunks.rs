//! Chunked bodies: what is well formed, what is refused, and what a relaxed rule makes of it.

mod support;

use evenly_wire::chunked::{Decoder, MAX_LINE_BYTES, MAX_TRAILER_BYTES, opens_well};
use evenly_wire::{Relaxed, Rule};
use support::bytes;

/// The payload, how many bytes belong to the body, and whether it is complete.
fn decode(text: &[u8], relaxed: Relaxed) -> Result<(Vec<u8>, usize, bool, Relaxed), Rule> {
    let mut decoder = Decoder::new(relaxed);
    let (mut payload, mut at) = (Vec::new(), 0);
    while at < text.len() && !decoder.is_done() {
        let step = decoder.step(&text[at..])?;
        payload.extend_from_slice(&text[at..][step.payload]);
        at += step.consumed;
    }
    Ok((payload, at, decoder.is_done(), decoder.excused()))
}

#[test]
fn good_bodies_are_read_to_their_last_byte_and_no_further() {
    for (text, payload) in [
        ("0\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", "hello world"),
        ("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
        ("0000000000000001\r\nx\r\n0\r\n\r\n", "x"),
        ("1;a\r\nx\r\n0\r\n\r\n", "x"),
        ("1;a=b;c=\"d; \\\" \t\u{e9}\";e\r\nx\r\n0;last\r\n\r\n", "x"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("1\r\nx\r\n0\r\nX-Checksum: 1 2\r\nEmpty:\r\n\r\n", "x"),
    ] {
        let text = bytes(text);
        let complete = text.ends_with(b"\r\n\r\n");
        let mut more = text.clone();
        if complete {
            more.extend_from_slice(b"GET / HTTP/1.1\r\n");
        }
        let read = decode(&more, Relaxed::NONE).expect("good");
        assert_eq!(
            read,
            (payload.as_bytes().to_vec(), text.len(), complete, Relaxed::NONE),
            "{text:?}"
        );
    }
}

/// The rule that is broken, the body, and the payload if that rule alone is relaxed.
#[rustfmt::skip]
const VECTORS: &[(Rule, &str, Option<&str>)] = &[
    (Rule::ChunkSize, "\r\n", None),
    (Rule::ChunkSize, "0x5\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "+5\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "-5\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, " 5\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "5_0\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "5h\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "5,5\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "\u{0}5\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, ";a\r\n\r\n", None),
    (Rule::ChunkSize, "10000000000000005\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "00000000000000005\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "5 \t\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkSize, "5 5\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkSize, "5 ;a\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;;a\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5; a\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;a =b\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;a=\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;a=b\"c\"\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;=b\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;a=\"b\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;a=\"b\\\r\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkExtension, "5;a=\"b\u{0}\"\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkExtension, "5;\u{1}\r\nhello\r\n0\r\n\r\n", None),
    (Rule::ChunkTerminator, "5\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkTerminator, "5;a\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkTerminator, "5;a=\"b\"\nhello\r\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkTerminator, "5\r\nhello\n0\r\n\r\n", Some("hello")),
    (Rule::ChunkTerminator, "5\r\nhello\r\n0\n\r\n", Some("hello")),
    (Rule::ChunkTerminator, "5\r\nhello\r\n0\r\n\n", Some("hello")),
    (Rule::ChunkTerminator, "5\rhello\r\n0\r\n\r\n", None),
    (Rule::ChunkTerminator, "5\r\rhello\r\n0\r\n\r\n", None),
    (Rule::ChunkTerminator, "5\r\nhello0\r\n\r\n", None),
    (Rule::ChunkTerminator, "5\r\nhelloXX0\r\n\r\n", None),
    (Rule::ChunkTerminator, "5\r\nhello\rX0\r\n\r\n", None),
    (Rule::ChunkTerminator, "0\r\n\rX", None),
    (Rule::Trailer, "0\r\nnonsense\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nX : y\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\n: y\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\n folded\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nX: y\r\n folded\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nX: y\u{0}\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nX: y\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nX: y\rZ\r\n\r\n", None),
    (Rule::Trailer, "0\r\nX_Y: z\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nContent-Length: 5\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nTRANSFER-ENCODING: chunked\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nX: y\r\nhost: b\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nConnection: close\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nForwarded: for=10.0.0.1\r\n\r\n", Some("")),
    (Rule::Trailer, "0\r\nProxy-Authorization: Basic YTpi\r\n\r\n", Some("")),
];

#[test]
fn a_body_that_breaks_a_rule_is_refused_by_its_name() {
    for (rule, text, _) in VECTORS {
        assert_eq!(decode(&bytes(text), Relaxed::NONE).err(), Some(*rule), "{text:?}");
    }
}

#[test]
fn relaxing_one_rule_gives_its_bodies_one_meaning_or_none() {
    for (rule, text, payload) in VECTORS {
        let text = bytes(text);
        let only = Relaxed::of(&[*rule]);
        let read = decode(&text, only);
        match payload {
            None => assert_eq!(read.err(), Some(*rule), "{text:?}"),
            Some(payload) => {
                let expected = (payload.as_bytes().to_vec(), text.len(), true, only);
                assert_eq!(read, Ok(expected), "{text:?}");
            }
        }
    }
}

#[test]
fn a_rule_holds_while_all_others_are_relaxed() {
    for (rule, text, _) in VECTORS {
        let others: Vec<_> = Relaxed::all().iter().filter(|other| other != rule).collect();
        let read = decode(&bytes(text), Relaxed::of(&others));
        assert!(read.is_err(), "{text:?} was read as {read:?} without {}", rule.name());
    }
}

#[test]
fn a_size_of_64_bits_is_counted_and_not_wrapped() {
    let read = decode(b"ffffffffffffffff\r\nabc", Relaxed::NONE).expect("good so far");
    assert_eq!(read, (b"abc".to_vec(), 21, false, Relaxed::NONE));
}

/// Nothing may hide in extensions: RFC 9112 7.1.1 asks for a limit.
#[test]
fn a_size_line_of_full_length_fits_and_one_byte_more_does_not() {
    let line = |length: usize| format!("1;{}\r\nx\r\n0\r\n\r\n", "a".repeat(length - 2));
    assert!(decode(line(MAX_LINE_BYTES).as_bytes(), Relaxed::NONE).is_ok());
    for relaxed in [Relaxed::NONE, Relaxed::all()] {
        let read = decode(line(MAX_LINE_BYTES + 1).as_bytes(), relaxed);
        assert_eq!(read.err(), Some(Rule::ChunkExtension));
    }
}

#[test]
fn trailers_of_full_length_fit_and_one_byte_more_does_not() {
    let body = |length: usize| format!("0\r\nX: {}\r\n\r\n", "y".repeat(length - 7));
    assert!(decode(body(MAX_TRAILER_BYTES).as_bytes(), Relaxed::NONE).is_ok());
    for relaxed in [Relaxed::NONE, Relaxed::all()] {
        let read = decode(body(MAX_TRAILER_BYTES + 1).as_bytes(), relaxed);
        assert_eq!(read.err(), Some(Rule::TrailerTooLarge));
    }
}

/// The head of a chunked request goes to a node only when this is true.
#[test]
fn a_body_opens_well_once_its_first_size_line_is_complete() {
    let opens = |text: &str| opens_well(text.as_bytes(), Relaxed::NONE);
    for text in ["", "5", "5;a=\"b", "5\r"] {
        assert_eq!(opens(text), Ok(false), "{text:?}");
    }
    for text in [
        "5\r\n",
        "5;a=b\r\nhel",
        "5\r\nhello",
        "5\r\nhello\r\nx",
        "0\r\n",
        "0\r\nX: y\r\n",
        "0\r\n\r\n",
    ] {
        assert_eq!(opens(text), Ok(true), "{text:?}");
    }
    for text in ["x", "5\n", "5;\r\n", "5\rx"] {
        assert!(opens(text).is_err(), "{text:?}");
    }
    let long = format!("5;{}", "a".repeat(1000));
    assert_eq!(opens(&long), Err(Rule::ChunkExtension));
}
