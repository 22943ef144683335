//! Each rule, with requests that break it: refused by its name, and what becomes of them when it is relaxed.

mod support;

use evenly_wire::{RULES, Relaxed, Rule};
use support::{bytes, request};

/// What relaxing exactly the one rule makes of a request.
enum Then {
    /// Accepted; this stands in what the node gets.
    Writes(&'static str),
    /// Accepted; this does not stand in what the node gets.
    Drops(&'static str),
    /// Still refused, under this rule.
    Refused(Rule),
}
use Then::{Drops, Refused, Writes};

/// `\u{80}` and above stand for single bytes.
#[rustfmt::skip]
const VECTORS: &[(Rule, &str, Then)] = &[
    (Rule::BareLf, "GET / HTTP/1.1\nHost: a\r\n\r\n", Writes("GET / HTTP/1.1\r\n")),
    (Rule::BareLf, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", Writes("X: y\r\n")),
    (Rule::BareLf, "GET / HTTP/1.1\r\nHost: a\r\n\n", Writes("Host: a\r\n")),
    (Rule::BareLf, "GET / HTTP/1.1\nHost: a\n\n", Writes("Host: a\r\n")),
    (Rule::BareLf, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Writes("GET / HTTP/1.1\r\n")),
    (Rule::BareLf, "GET /\n\n", Refused(Rule::BareLf)),
    (Rule::BareCr, "GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", Writes("X: b Y: c\r\n")),
    (Rule::BareCr, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n", Writes("X: b\r\n")),
    (Rule::BareCr, "GET / HTTP/1.1\r\nHost: a\r\nX\r: b\r\n\r\n", Refused(Rule::BareCr)),
    (Rule::BareCr, "GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", Refused(Rule::BareCr)),
    (Rule::BareCr, "GET / HTTP/1.1\rHost: a\r\n\r\n", Refused(Rule::BareCr)),
    (Rule::BareCr, "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::BareCr)),
    (Rule::BareCr, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::BareCr)),
    (Rule::BareCr, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\rX: y\r\n\r\n", Refused(Rule::BareCr)),
    (Rule::Nul, "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", Writes("X: b c\r\n")),
    (Rule::Nul, "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n", Refused(Rule::Nul)),
    (Rule::Nul, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Nul)),
    (Rule::Nul, "GET\0 / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Nul)),
    (Rule::Nul, "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n", Refused(Rule::Nul)),
    (Rule::ControlByte, "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{b}c\r\n\r\n", Writes("X: b c\r\n")),
    (Rule::ControlByte, "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7f}\r\n\r\n", Writes("X: ")),
    (Rule::ControlByte, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n", Refused(Rule::ControlByte)),
    (Rule::ControlByte, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\u{c}\r\n\r\n", Refused(Rule::ControlByte)),
    (Rule::ControlByte, "GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::ControlByte)),
    (Rule::ObsFold, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", Writes("X: b   c\r\n")),
    (Rule::ObsFold, "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\tc\r\n\r\n", Writes("X: c\r\n")),
    (Rule::ObsFold, "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n \r\n\r\n", Writes("X: b\r\n")),
    (Rule::ObsFold, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", Refused(Rule::ObsFold)),
    (Rule::ObsFold, "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", Refused(Rule::ObsFold)),
    (Rule::ObsFold, "GET / HTTP/1.1\r\n Host: a\r\n\r\n", Refused(Rule::ObsFold)),
    (Rule::SpaceBeforeColon, "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", Writes("\r\nX: b\r\n")),
    (Rule::SpaceBeforeColon, "GET / HTTP/1.1\r\nHost: a\r\nX\t: b\r\n\r\n", Writes("\r\nX: b\r\n")),
    (Rule::SpaceBeforeColon, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n")),
    (Rule::SpaceBeforeColon, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n", Writes("Content-Length: 5\r\n")),
    (Rule::NoColon, "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", Drops("nonsense")),
    (Rule::NoColon, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding chunked\r\n\r\n", Drops("chunked")),
    (Rule::EmptyName, "GET / HTTP/1.1\r\nHost: a\r\n: secret\r\n\r\n", Drops("secret")),
    (Rule::BadName, "GET / HTTP/1.1\r\nHost: a\r\nX y: secret\r\n\r\n", Drops("secret")),
    (Rule::BadName, "GET / HTTP/1.1\r\nHost: a\r\nX(y): secret\r\n\r\n", Drops("secret")),
    (Rule::BadName, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\u{e9}: 5\r\n\r\n", Drops("5")),
    (Rule::BadName, "GET / HTTP/1.1\r\nHost: a\r\nX\u{1}: secret\r\n\r\n", Drops("secret")),
    (Rule::RequestLine, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Writes("GET / HTTP/1.1\r\n")),
    (Rule::RequestLine, "GET /   HTTP/1.1\r\nHost: a\r\n\r\n", Writes("GET / HTTP/1.1\r\n")),
    (Rule::RequestLine, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::RequestLine)),
    (Rule::RequestLine, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Refused(Rule::RequestLine)),
    (Rule::RequestLine, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::RequestLine)),
    (Rule::RequestLine, "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::RequestLine)),
    (Rule::RequestLine, "GET\r\nHost: a\r\n\r\n", Refused(Rule::RequestLine)),
    (Rule::RequestLine, " GET / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::RequestLine)),
    (Rule::RequestLine, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::RequestLine)),
    (Rule::RequestLine, "GET  HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Version)),
    (Rule::Version, "GET / HTTP/1.2\r\nHost: a\r\n\r\n", Writes("GET / HTTP/1.1\r\n")),
    (Rule::Version, "GET /\r\n\r\n", Refused(Rule::Version)),
    (Rule::Version, "GET / HTTP/0.9\r\nHost: a\r\n\r\n", Refused(Rule::Version)),
    (Rule::Version, "GET / HTTP/2.0\r\nHost: a\r\n\r\n", Refused(Rule::Version)),
    (Rule::Version, "GET / HTTP/1.10\r\nHost: a\r\n\r\n", Refused(Rule::Version)),
    (Rule::Version, "GET / http/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Version)),
    (Rule::Version, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Refused(Rule::Version)),
    (Rule::Target, "GET a HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Target)),
    (Rule::Target, "GET * HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Target)),
    (Rule::Target, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Target)),
    (Rule::Target, "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Target)),
    (Rule::Target, "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", Refused(Rule::Target)),
    (Rule::FragmentInTarget, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", Writes("GET /a HTTP/1.1\r\n")),
    (Rule::FragmentInTarget, "GET /#a#b HTTP/1.1\r\nHost: a\r\n\r\n", Writes("GET / HTTP/1.1\r\n")),
    (Rule::NonAsciiTarget, "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", Writes("GET /%E9 HTTP/1.1\r\n")),
    (Rule::MethodConnect, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", Refused(Rule::MethodConnect)),
    (Rule::MethodTrace, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", Writes("TRACE / HTTP/1.1\r\n")),
    (Rule::MissingHost, "GET / HTTP/1.1\r\n\r\n", Writes("Host: 203.0.113.1:80\r\n")),
    (Rule::MissingHost, "GET http://a/ HTTP/1.1\r\n\r\n", Writes("Host: a\r\n")),
    (Rule::RepeatedHost, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Writes("GET / HTTP/1.1\r\nHost: a\r\nX-F")),
    (Rule::RepeatedHost, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Refused(Rule::RepeatedHost)),
    (Rule::Userinfo, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Writes("Host: a\r\n")),
    (Rule::Userinfo, "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", Writes("Host: a\r\n")),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", Writes("Host: a,b\r\n")),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", Writes("Host: a:b\r\n")),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", Writes("Host: a:123456\r\n")),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", Writes("Host: :80\r\n")),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", Writes("Host: [::1\r\n")),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", Writes("Host: [::1]x\r\n")),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Refused(Rule::BadHost)),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Refused(Rule::BadHost)),
    (Rule::BadHost, "GET / HTTP/1.1\r\nHost: a\u{e9}\r\n\r\n", Refused(Rule::BadHost)),
    (Rule::HostMismatch, "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", Writes("Host: a\r\n")),
    (Rule::HostMismatch, "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", Writes("Host: a:81\r\n")),
    (Rule::ContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5_0\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::ContentLengthList, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", Writes("Content-Length: 5\r\n")),
    (Rule::ContentLengthList, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n", Refused(Rule::ContentLengthList)),
    (Rule::ContentLengthList, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ,\r\n\r\n", Refused(Rule::ContentLength)),
    (Rule::RepeatedContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", Writes("Content-Length: 5\r\n")),
    (Rule::RepeatedContentLength, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Refused(Rule::RepeatedContentLength)),
    (Rule::ContentLengthWithTransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", Drops("Content-Length")),
    (Rule::ContentLengthWithTransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\nContent-Length: 5\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n")),
    (Rule::TransferEncodingInHttp10, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n")),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n")),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", Writes("Transfer-Encoding: chunked\r\nX-F")),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n")),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n", Writes("Transfer-Encoding: chunked\r\n")),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", Drops("Transfer-Encoding")),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", Drops("Transfer-Encoding")),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", Refused(Rule::TransferEncoding)),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", Refused(Rule::TransferEncoding)),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", Refused(Rule::TransferEncoding)),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", Refused(Rule::TransferEncoding)),
    (Rule::TransferEncoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", Refused(Rule::TransferEncoding)),
    (Rule::TransferCoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Writes("Transfer-Encoding: gzip, chunked\r\n")),
    (Rule::TransferCoding, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", Writes("Transfer-Encoding: gzip, chunked\r\n")),
];

fn only(rule: Rule) -> Relaxed {
    Relaxed::of(&[rule])
}

#[test]
fn a_request_that_breaks_a_rule_is_refused_by_its_name() {
    for (rule, text, _) in VECTORS {
        assert_eq!(request(bytes(text), Relaxed::NONE).err(), Some(*rule), "{text:?}");
    }
}

/// One switch relaxes one rule, says that it did, and what the node gets keeps every rule.
#[test]
fn relaxing_one_rule_gives_its_requests_one_harmless_meaning() {
    for (rule, text, then) in VECTORS {
        let read = request(bytes(text), only(*rule));
        match then {
            Refused(under) => assert_eq!(read.err(), Some(*under), "{text:?}"),
            Writes(_) | Drops(_) => {
                let read = read.expect("excused").expect("complete");
                assert_eq!(read.excused, only(*rule), "{text:?}");
                if let Writes(part) = then {
                    assert!(read.written.contains(part), "{text:?} became {:?}", read.written);
                }
                if let Drops(part) = then {
                    assert!(!read.written.contains(part), "{text:?} became {:?}", read.written);
                }
                // These are passed on as they are, by decision of the operator.
                let kept = Relaxed::of(&[Rule::MethodTrace, Rule::BadHost, Rule::TransferCoding]);
                let again = request(bytes(&read.written), kept).expect("good").expect("complete");
                assert_eq!(again.len, read.written.len(), "{text:?}");
                assert_eq!(again.body, read.body, "{text:?}");
            }
        }
    }
}

/// Relaxing everything else must not open a door.
#[test]
fn a_rule_holds_while_all_others_are_relaxed() {
    let others =
        |rule: Rule| Relaxed::all().iter().filter(|&other| other != rule).collect::<Vec<_>>();
    for (rule, text, _) in VECTORS {
        let read = request(bytes(text), Relaxed::of(&others(*rule)));
        assert!(read.is_err(), "{text:?} was read as {read:?} without relaxing {}", rule.name());
    }
}

#[test]
fn every_rule_that_a_request_can_break_has_a_vector() {
    let elsewhere = [
        // limits.rs
        Rule::HeadTooLarge,
        Rule::TooManyFields,
        Rule::ConnectionList,
        // writing_requests.rs: not an error
        Rule::UnderscoreName,
        // rules_of_responses.rs
        Rule::StatusLine,
        Rule::Status,
        Rule::UnaskedUpgrade,
        // rules_of_chunks.rs
        Rule::ChunkSize,
        Rule::ChunkExtension,
        Rule::ChunkTerminator,
        Rule::Trailer,
        Rule::TrailerTooLarge,
    ];
    for &rule in RULES {
        let here = VECTORS.iter().any(|(broken, _, _)| *broken == rule);
        assert_eq!(here, !elsewhere.contains(&rule), "{}", rule.name());
    }
}

/// Half a message is never taken for a whole one, and never refused for a reason that the whole one does not have.
#[test]
fn a_prefix_of_a_bad_request_is_partial_or_bad_for_the_same_reason() {
    for (rule, text, _) in VECTORS {
        let whole = bytes(text);
        for end in 0..whole.len() {
            match request(&whole[..end], Relaxed::NONE) {
                Ok(None) => {}
                other => assert_eq!(other.err(), Some(*rule), "{text:?} up to {end}"),
            }
        }
    }
}

#[test]
fn a_name_in_the_table_is_unique_and_is_found_again() {
    for &rule in RULES {
        assert_eq!(Rule::named(rule.name()), Some(rule));
        assert!(
            rule.name().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        );
    }
}

#[test]
fn a_name_that_cannot_be_relaxed_is_refused_with_those_that_can() {
    let unknown = Relaxed::parse(["bare_lff"]).expect_err("there is no such rule").to_string();
    assert!(unknown.contains("\"bare_lff\"") && unknown.contains("bare_lf, bare_cr"), "{unknown}");
    let never = Relaxed::parse(["bare_lf", "content_length"]).expect_err("it has no safe meaning");
    assert!(never.to_string().contains("\"content_length\" cannot be relaxed"), "{never}");
    assert_eq!(Relaxed::parse(["nul", "bare_lf"]), Ok(Relaxed::of(&[Rule::BareLf, Rule::Nul])));
}
