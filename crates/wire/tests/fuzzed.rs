//! The claims of the fuzz targets (fuzz/claims), held on messages made from pieces of good and bad ones.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

#[path = "../../../fuzz/claims/mod.rs"]
mod claims;

use claims::{chunked, request, response};

/// What the rules are about, a line each.
#[rustfmt::skip]
const LINES: &[&str] = &[
    "X: y\r\n", "X-Y:z\r\n", "Content-Length: 5\r\n", "Content-Length: 5\r\n", "Content-Length: 5, 5\r\n", "content-length:0\r\n", "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "transfer-encoding: identity\r\n", "Content-Length: 18446744073709551615\r\n",
    "Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: X, x-y, upgrade\r\n", "Upgrade: websocket\r\n", "Upgrade: h2c\r\n", "Keep-Alive: timeout=5\r\n",
    "X_Y: z\r\n", "X : y\r\n", "x\r\n", ": x\r\n", "X y: z\r\n", "X: y\r\n z\r\n", "X: y\n", "X:\r\n", "\r\n",
];
/// What may stand anywhere, and ought not to.
const CRUMBS: &[&str] = &[
    "\r\n", "\n", "\r", "\0", "\u{1}", "\u{7f}", "\u{e9}", " ", "\t", ":", ",", ";", "=", "\"",
    "\\", "_", "#", "@",
];
#[rustfmt::skip]
const REQUESTS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.0\r\n", "POST /a?b HTTP/1.1\r\nHost: a:80\r\n", "HEAD http://a/b HTTP/1.1\r\nHost: a\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: \r\n", "CONNECT a:1 HTTP/1.1\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n", "GET /#x HTTP/1.2\r\nHost: u@a\r\n", "GET  /\u{e9}  HTTP/1.1\r\nHost: a,b\r\n",
    "GET https://u@a?b HTTP/1.1\r\n", "Host: a\r\n", "Host: b\r\n", "Host: [::1]:80\r\n", "Expect: 100-continue\r\n", "X-Forwarded-For: 1\r\n", "Forwarded: for=1\r\n", "X-Real-IP: 1\r\n",
];
#[rustfmt::skip]
const RESPONSES: &[&str] = &[
    "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.0 200\r\n", "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", "HTTP/1.1 204 No Content\r\n", "HTTP/1.1 304 x\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 799 x\r\n", "HTTP/1.3 200 OK\r\n", "HTTP/1.1 503 x\r\nRetry-After: 5\r\n", "Retry-After: ",
];
#[rustfmt::skip]
const CHUNKS: &[&str] = &[
    "5\r\nhello\r\n", "5\r\nhello\r\n", "1\r\nx\r\n", "0\r\n\r\n", "0\r\n\r\n", "0\r\n", "a\r\n0123456789\r\n", "5;a=b\r\nhello\r\n", "5;a=\"b\\\"\"\r\nhello\r\n", "5 \r\nhello\r\n", "5;\r\nhello\r\n",
    "5\nhello\r\n", "5\r\nhello\n", "ffffffffffffffff\r\n", "10000000000000000\r\n", "X: y\r\n", "X_Y: z\r\n", "Host: a\r\n", "X-Forwarded-For: 1\r\n", "A-Name-That-Is-Longer-Than-Our-Room: y\r\n",
];

/// What holds for one kind of message.
type Claims = fn(&[u8]);

/// Inputs that once failed a claim.
const REMEMBERED: &[(Claims, &[u8])] = &[
    // A CR at the end of one piece and an ordinary byte at the start of the next.
    (request::hold, b"1\x07\xde\xde\x82-\x0a\xde\r."),
    (request::hold, b"\0\0\0\0\0\0\0\0GET / HTTP/1.1\r\nX: y\rZ"),
    (response::hold, b"\0\0\0\0\0\0\0\0HTTP/1.1 200\r\nX: y\rZ"),
];

fn one_byte_each(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("below 0x100")).collect()
}

/// Eight bytes that choose, one of the `openings` most of the time, then anything.
fn messages(openings: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let line = select(LINES).prop_map(one_byte_each);
    let like_the_opening = select(openings).prop_map(one_byte_each);
    let crumb = select(CRUMBS).prop_map(one_byte_each);
    let noise = vec(any::<u8>(), 0..4);
    let piece = proptest::prop_oneof![20 => line, 6 => like_the_opening, 3 => crumb, 1 => noise];
    let opening = select(openings).prop_map(one_byte_each);
    let pieces = vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    let end = proptest::prop_oneof![3 => Just(b"\r\n".to_vec()), 1 => Just(Vec::new())];
    let rules = proptest::prop_oneof![1 => Just(vec![0; 5]), 1 => Just(vec![255; 5]), 1 => vec(any::<u8>(), 5)];
    (rules, vec(any::<u8>(), 3), opening, pieces, end).prop_map(
        |(rules, cuts, opening, pieces, end)| [rules, cuts, opening, pieces, end].concat(),
    )
}

/// Many small messages: each takes some ten microseconds.
fn hold_for(openings: &'static [&'static str], hold: Claims) {
    let config = Config {
        cases: 20_000,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&messages(openings), |message| {
        hold(&message);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn the_claims_about_requests_hold() {
    hold_for(REQUESTS, request::hold);
}

#[test]
fn the_claims_about_responses_hold() {
    hold_for(RESPONSES, response::hold);
}

#[test]
fn the_claims_about_chunked_bodies_hold() {
    hold_for(CHUNKS, chunked::hold);
}

#[test]
fn what_once_failed_holds() {
    for (hold, input) in REMEMBERED {
        hold(input);
    }
}

/// No structure at all: nothing panics, whatever the bytes.
#[test]
fn the_claims_hold_for_noise() {
    let config = Config {
        cases: 2000,
        rng_seed: RngSeed::Fixed(2027),
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&vec(any::<u8>(), 0..200), |noise| {
        request::hold(&noise);
        response::hold(&noise);
        chunked::hold(&noise);
        Ok(())
    });
    assert_eq!(result, Ok(()));
}
