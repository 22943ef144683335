//! Nodes obey the same table: what is refused from them, and what a relaxed rule makes of it.

mod support;

use evenly_wire::{Body, Relaxed, Rule, Version, response::Asked};
use support::{bytes, response};

/// What relaxing exactly the one rule makes of a response.
enum Then {
    /// Accepted; this stands in what the client gets, and the body is framed so.
    Writes(&'static str, Body),
    /// Still refused, under this rule.
    Refused(Rule),
}
use Then::{Refused, Writes};

#[rustfmt::skip]
const VECTORS: &[(Rule, &str, Then)] = &[
    (Rule::BareLf, "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n", Writes("HTTP/1.1 200 OK\r\n", Body::Length(1))),
    (Rule::BareLf, "HTTP/1.1 200 OK\r\nContent-Length: 1\n\r\n", Writes("Content-Length: 1\r\n", Body::Length(1))),
    (Rule::BareLf, "HTTP/1.1 200 OK\nContent-Length: 1\n\n", Writes("Content-Length: 1\r\n", Body::Length(1))),
    (Rule::BareCr, "HTTP/1.1 200 O\rK\r\nContent-Length: 1\r\n\r\n", Refused(Rule::BareCr)),
    (Rule::BareCr, "HTTP/1.1 200 OK\r\nSet-Cookie: a\rb\r\nContent-Length: 1\r\n\r\n", Writes("Set-Cookie: a b\r\n", Body::Length(1))),
    (Rule::Nul, "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 1\r\n\r\n", Writes("X: a b\r\n", Body::Length(1))),
    (Rule::Nul, "HTTP/1.1 200 \0\r\nContent-Length: 1\r\n\r\n", Refused(Rule::Nul)),
    (Rule::ControlByte, "HTTP/1.1 200 \u{8}\r\nContent-Length: 1\r\n\r\n", Refused(Rule::ControlByte)),
    (Rule::ControlByte, "HTTP/1.1 200 OK\r\nX: \u{1b}[0m\r\nContent-Length: 1\r\n\r\n", Writes("X: ", Body::Length(1))),
    (Rule::ObsFold, "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\n", Writes("X: a   b\r\n", Body::Length(1))),
    (Rule::ObsFold, "HTTP/1.1 200 OK\r\nContent-Length:\r\n 1\r\n\r\n", Refused(Rule::ObsFold)),
    (Rule::SpaceBeforeColon, "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n", Writes("Content-Length: 1\r\n", Body::Length(1))),
    (Rule::NoColon, "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 1\r\n\r\n", Writes("HTTP/1.1 200 OK\r\nContent-Length", Body::Length(1))),
    (Rule::EmptyName, "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 1\r\n\r\n", Writes("HTTP/1.1 200 OK\r\nContent-Length", Body::Length(1))),
    (Rule::BadName, "HTTP/1.1 200 OK\r\nX y: z\r\nContent-Length: 1\r\n\r\n", Writes("HTTP/1.1 200 OK\r\nContent-Length", Body::Length(1))),
    (Rule::StatusLine, "HTTP/1.1\r\n\r\n", Refused(Rule::StatusLine)),
    (Rule::StatusLine, "HTTP/1.1  200 OK\r\n\r\n", Refused(Rule::StatusLine)),
    (Rule::StatusLine, "HTTP/1.1 20 OK\r\n\r\n", Refused(Rule::StatusLine)),
    (Rule::StatusLine, "HTTP/1.1 2000 OK\r\n\r\n", Refused(Rule::StatusLine)),
    (Rule::StatusLine, "HTTP/1.1 -20 OK\r\n\r\n", Refused(Rule::StatusLine)),
    (Rule::StatusLine, "\r\nHTTP/1.1 200 OK\r\n\r\n", Refused(Rule::StatusLine)),
    (Rule::StatusLine, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Refused(Rule::StatusLine)),
    (Rule::Status, "HTTP/1.1 600 Hm\r\nContent-Length: 1\r\n\r\n", Writes("HTTP/1.1 600 Hm\r\n", Body::Length(1))),
    (Rule::Status, "HTTP/1.1 099 Hm\r\nContent-Length: 1\r\n\r\n", Refused(Rule::Status)),
    (Rule::Version, "HTTP/1.3 200 OK\r\nContent-Length: 1\r\n\r\n", Writes("HTTP/1.1 200 OK\r\n", Body::Length(1))),
    (Rule::Version, "HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\n", Refused(Rule::Version)),
    (Rule::ContentLength, "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLength, "HTTP/1.1 204 No Content\r\nContent-Length: x\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLengthList, "HTTP/1.1 200 OK\r\nContent-Length: 1,1\r\n\r\n", Writes("Content-Length: 1\r\n", Body::Length(1))),
    (Rule::RepeatedContentLength, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", Writes("Content-Length: 1\r\n", Body::Length(1))),
    (Rule::RepeatedContentLength, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", Refused(Rule::RepeatedContentLength)),
    (Rule::ContentLengthWithTransferEncoding, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", Writes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Body::Chunked)),
    (Rule::TransferEncodingInHttp10, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n", Body::Chunked)),
    (Rule::TransferEncoding, "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n", Body::UntilClose)),
    (Rule::TransferEncoding, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n", Body::Chunked)),
    (Rule::TransferEncoding, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", Refused(Rule::TransferEncoding)),
    (Rule::TransferCoding, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Refused(Rule::TransferCoding)),
    (Rule::UnaskedUpgrade, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", Refused(Rule::UnaskedUpgrade)),
];

fn read(bytes: &[u8], relaxed: Relaxed) -> Result<Option<support::Response>, Rule> {
    response(bytes, Asked::default(), relaxed, Version::Http11, false)
}

#[test]
fn a_response_that_breaks_a_rule_is_refused_by_its_name() {
    for (rule, text, _) in VECTORS {
        assert_eq!(read(&bytes(text), Relaxed::NONE).err(), Some(*rule), "{text:?}");
    }
}

/// One switch relaxes one rule, says that it did, and what the client gets keeps every rule.
#[test]
fn relaxing_one_rule_gives_its_responses_one_harmless_meaning() {
    for (rule, text, then) in VECTORS {
        let result = read(&bytes(text), Relaxed::of(&[*rule]));
        match then {
            Refused(under) => assert_eq!(result.err(), Some(*under), "{text:?}"),
            Writes(part, body) => {
                let found = result.expect("excused").expect("complete");
                assert_eq!(found.excused, Relaxed::of(&[*rule]), "{text:?}");
                assert_eq!(found.body, *body, "{text:?}");
                assert!(found.written.contains(part), "{text:?} became {:?}", found.written);
                // Passed on as it is, by decision of the operator.
                let kept = Relaxed::of(&[Rule::Status]);
                let again = read(&bytes(&found.written), kept).expect("good").expect("complete");
                assert_eq!(again.len, found.written.len(), "{text:?}");
            }
        }
    }
}

#[test]
fn a_rule_holds_while_all_others_are_relaxed() {
    for (rule, text, _) in VECTORS {
        let others: Vec<_> = Relaxed::all().iter().filter(|other| other != rule).collect();
        let result = read(&bytes(text), Relaxed::of(&others));
        assert!(result.is_err(), "{text:?} was read as {result:?} without {}", rule.name());
    }
}

#[test]
fn a_prefix_of_a_bad_response_is_partial_or_bad_for_the_same_reason() {
    for (rule, text, _) in VECTORS {
        let whole = bytes(text);
        for end in 0..whole.len() {
            match read(&whole[..end], Relaxed::NONE) {
                Ok(None) => {}
                other => assert_eq!(other.err(), Some(*rule), "{text:?} up to {end}"),
            }
        }
    }
}

/// A node of another protocol may never send the line end that a status line is waited for with.
#[test]
fn another_protocol_is_known_by_its_first_byte() {
    for noise in [&b"\0"[..], b"S", b"\x15\x03\x01", b"HTP"] {
        assert_eq!(read(noise, Relaxed::all()).err(), Some(Rule::StatusLine), "{noise:?}");
    }
    for prefix in [&b""[..], b"H", b"HTTP", b"HTTP/1"] {
        assert!(matches!(read(prefix, Relaxed::NONE), Ok(None)), "{prefix:?}");
    }
}

/// After such a message nobody can say what the node will take for the next one.
#[test]
fn a_connection_whose_framing_was_excused_is_not_used_again() {
    for (rule, text) in [
        (
            Rule::ContentLengthWithTransferEncoding,
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        (
            Rule::TransferEncodingInHttp10,
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
    ] {
        let found =
            read(text.as_bytes(), Relaxed::of(&[rule])).expect("excused").expect("complete");
        assert!(!found.keep_alive, "{text:?}");
    }
}
