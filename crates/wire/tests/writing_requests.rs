//! What a node gets.

mod support;

use evenly_wire::{Forward, Relaxed, Rule, Version};
use support::{forward, good, request, request_from};

const ORIGIN: &str = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nForwarded: for=192.0.2.7;proto=http;host=a\r\nX-Forwarded-Host: a\r\n\r\n";

/// The head without the lines about the client.
fn essence(text: &str) -> String {
    let written = good(text).written;
    written
        .strip_suffix(ORIGIN)
        .unwrap_or_else(|| panic!("{written:?} lacks the client"))
        .to_owned()
}

#[test]
fn a_small_request_becomes_five_lines_more() {
    assert_eq!(essence("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET / HTTP/1.1\r\nHost: a\r\n");
}

#[test]
fn end_to_end_fields_pass_as_they_came_and_in_order() {
    assert_eq!(
        essence(
            "GET / HTTP/1.1\r\nB:1\r\nhost: a\r\nCookie:  x=y; z \r\nb: 2\r\nEmpty:\r\nX: caf\u{e9}\t!\r\n\r\n"
        ),
        "GET / HTTP/1.1\r\nHost: a\r\nB:1\r\nCookie:  x=y; z \r\nb: 2\r\nEmpty:\r\nX: caf\u{c3}\u{a9}\t!\r\n"
    );
}

#[test]
fn hop_by_hop_fields_end_here() {
    assert_eq!(
        essence(
            "GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nProxy-Authorization: x\r\nConnection: keep-alive, Upgrade, HTTP2-Settings\r\nZ: 1\r\n\r\n"
        ),
        "GET / HTTP/1.1\r\nHost: a\r\nZ: 1\r\n"
    );
}

#[test]
fn fields_named_by_connection_end_here_but_never_host_or_framing() {
    assert_eq!(
        essence(
            "POST / HTTP/1.1\r\nHost: a\r\nSecret: 1\r\nConnection: secret, host, content-length\r\nOther: 2\r\nContent-Length: 3\r\nConnection: other\r\nLast: 3\r\n\r\n"
        ),
        "POST / HTTP/1.1\r\nHost: a\r\nLast: 3\r\nContent-Length: 3\r\n"
    );
    assert_eq!(
        essence(
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n"
        ),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    );
}

/// A server that reads `_` as `-` would take `Content_Length` or `X_Forwarded_For` for what they are not.
#[test]
fn a_name_with_an_underscore_is_dropped_unless_relaxed() {
    let text =
        "GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1\r\nContent_Length: 5\r\nZ: 1\r\n\r\n";
    assert_eq!(essence(text), "GET / HTTP/1.1\r\nHost: a\r\nZ: 1\r\n");
    let kept = Relaxed::of(&[Rule::UnderscoreName]);
    let read = request(text, kept).expect("good").expect("complete");
    assert!(
        read.excused == kept
            && read.written.contains("\r\nX_Forwarded_For: 1\r\nContent_Length: 5\r\n")
    );
}

#[test]
fn framing_is_written_in_one_form() {
    assert_eq!(
        essence("POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:007\r\n\r\n"),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n"
    );
    assert_eq!(
        essence("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding:\tCHUNKED \r\n\r\n"),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    );
}

#[test]
fn expect_100_is_ours_to_answer_but_other_expectations_pass() {
    let post = |expect: &str| {
        essence(&format!(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: {expect}\r\nContent-Length: 1\r\n\r\n"
        ))
    };
    assert!(!post("100-continue").contains("Expect"));
    assert!(post("a=b").contains("\r\nExpect: a=b\r\n"));
}

#[test]
fn a_websocket_keeps_its_upgrade() {
    assert_eq!(
        essence(
            "GET /ws HTTP/1.1\r\nHost: a\r\nupgrade: WebSocket\r\nconnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n"
        ),
        "GET /ws HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    );
}

#[test]
fn a_client_of_1_0_is_spoken_for_in_1_1() {
    let read = good("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(read.version, Version::Http10);
    assert_eq!(read.written, format!("GET / HTTP/1.1\r\nHost: a\r\n{ORIGIN}"));
}

const LIES: &str = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\nx-forwarded-for: 10.0.0.2\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 443\r\nX-Real-IP: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\n\r\n";

#[test]
fn what_a_stranger_says_about_the_client_is_replaced() {
    assert_eq!(essence(LIES), "GET / HTTP/1.1\r\nHost: a\r\n");
}

#[test]
fn what_a_trusted_proxy_says_about_the_client_is_added_to() {
    let read = request_from(LIES, Relaxed::NONE, &forward(true)).expect("good").expect("complete");
    assert_eq!(
        read.written,
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Port: 443\r\nX-Real-IP: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.1, 10.0.0.2, 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=10.0.0.1, for=192.0.2.7;proto=http;host=a\r\n\r\n"
    );
}

#[test]
fn a_clients_id_is_left_out_where_requests_get_one() {
    const NAMED: &str = "GET / HTTP/1.1\r\nHost: a\r\nX-REQUEST-ID: 1\r\nX-Request-Ids: 2\r\n\r\n";
    let mut identified = forward(false);
    identified.identified = true;
    let read = request_from(NAMED, Relaxed::NONE, &identified).expect("good").expect("complete");
    assert_eq!(read.written, format!("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Ids: 2\r\n{ORIGIN}"));
    assert!(essence(NAMED).contains("X-REQUEST-ID: 1\r\n"));
}

#[test]
fn a_trusted_proxy_that_says_nothing_is_the_client() {
    let read = request_from("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Relaxed::NONE, &forward(true))
        .expect("good")
        .expect("complete");
    assert_eq!(
        read.written,
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nForwarded: for=192.0.2.7;proto=http;host=a\r\n\r\n"
    );
}

/// RFC 7239 4 and 6: what is no token is quoted, an IPv6 address has brackets.
#[test]
fn addresses_and_ports_are_quoted_in_forwarded() {
    for (client, element, plain) in [
        ("2001:db8::7", "for=\"[2001:db8::7]\";proto=https;host=\"a:8080\"", "2001:db8::7"),
        ("::ffff:192.0.2.9", "for=192.0.2.9;proto=https;host=\"a:8080\"", "192.0.2.9"),
    ] {
        let forward = Forward::new(client.parse().expect("an address"), "https", "x", false);
        let read = request_from("GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n", Relaxed::NONE, &forward)
            .expect("good")
            .expect("complete");
        assert!(
            read.written.contains(&format!("\r\nForwarded: {element}\r\n")),
            "{:?}",
            read.written
        );
        assert!(
            read.written
                .contains(&format!("\r\nX-Forwarded-For: {plain}\r\nX-Forwarded-Proto: https\r\n"))
        );
    }
}

#[test]
fn a_host_that_nobody_named_is_not_said_to_be_forwarded() {
    let read = good("GET / HTTP/1.0\r\n\r\n");
    assert!(!read.written.contains("X-Forwarded-Host"), "{:?}", read.written);
}
