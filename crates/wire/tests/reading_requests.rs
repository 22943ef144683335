//! What is learnt from the head of a good request.

mod support;

use evenly_wire::{Body, Relaxed, Rule, Version};
use support::{good, request};

fn get(fields: &str) -> support::Request {
    good(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"))
}

#[test]
fn a_head_ends_at_its_empty_line() {
    let read = good("POST /a?b HTTP/1.1\r\nHost: web:80\r\nContent-Length: 3\r\n\r\nabcGET /");
    assert_eq!(read.len, 20 + 14 + 19 + 2);
    assert_eq!((read.target.as_str(), read.host.as_deref()), ("/a?b", Some("web:80")));
    assert_eq!((read.version, read.body), (Version::Http11, Body::Length(3)));
}

/// RFC 9112 2.2.
#[test]
fn empty_lines_before_a_request_are_ignored() {
    let read = good("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((read.len, read.target.as_str()), (31, "/"));
}

#[test]
fn space_around_a_value_is_no_part_of_it() {
    let read = good("POST / HTTP/1.1\r\nHost:\t a \t\r\nContent-Length: \t7\t \r\n\r\n");
    assert_eq!((read.host.as_deref(), read.body), (Some("a"), Body::Length(7)));
}

#[test]
fn the_longest_length_is_that_of_64_bits() {
    assert_eq!(get("Content-Length: 18446744073709551615\r\n").body, Body::Length(u64::MAX));
    assert_eq!(get("Content-Length: 0005\r\n").body, Body::Length(5));
}

#[test]
fn a_connection_is_kept_by_default_in_1_1_and_by_request_in_1_0() {
    let kept = |version: &str, fields: &str| {
        good(format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n")).keep_alive
    };
    assert!(kept("1.1", ""));
    assert!(!kept("1.1", "Connection: close\r\n"));
    assert!(!kept("1.1", "Connection: x\r\nConnection: y,CLOSE\r\n"));
    assert!(!kept("1.0", ""));
    assert!(kept("1.0", "Connection: Keep-Alive\r\n"));
    assert!(!kept("1.0", "Connection: keep-alive, close\r\n"));
}

/// Whatever the node makes of such a message, nothing that follows it on the connection is believed.
#[test]
fn a_request_whose_framing_was_excused_is_the_last_of_its_connection() {
    for (rule, version, fields) in [
        (
            Rule::ContentLengthWithTransferEncoding,
            "1.1",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        ),
        (
            Rule::TransferEncodingInHttp10,
            "1.0",
            "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n",
        ),
        (Rule::TransferEncoding, "1.1", "Transfer-Encoding: identity\r\n"),
    ] {
        let text = format!("POST / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let read = request(&text, Relaxed::of(&[rule])).expect("excused").expect("complete");
        assert!(!read.keep_alive, "{text:?}");
    }
}

#[test]
fn an_absolute_target_is_taken_apart() {
    let read =
        |target: &str, host: &str| good(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    for (target, host, path, line) in [
        ("http://a/b?c", "a", "/b?c", "GET /b?c HTTP/1.1\r\nHost: a\r\n"),
        ("HTTP://A", "a", "", "GET / HTTP/1.1\r\nHost: A\r\n"),
        ("https://a:443?q", "a", "?q", "GET /?q HTTP/1.1\r\nHost: a:443\r\n"),
        ("http://a:80/", "A", "/", "GET / HTTP/1.1\r\nHost: a:80\r\n"),
        ("http://[::1]:8080/x", "[::1]:8080", "/x", "GET /x HTTP/1.1\r\nHost: [::1]:8080\r\n"),
    ] {
        let read = read(target, host);
        assert_eq!(read.target, path);
        assert!(read.written.starts_with(line), "{target} became {:?}", read.written);
    }
}

#[test]
fn options_may_ask_about_the_server_as_a_whole() {
    for target in ["*", "http://a"] {
        let read = good(format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(
            read.written.starts_with("OPTIONS * HTTP/1.1\r\nHost: a\r\n"),
            "{:?}",
            read.written
        );
    }
}

#[test]
fn a_host_is_a_name_or_an_address_with_an_optional_port() {
    for host in
        ["a", "a.b-c_d~e", "a%20b", "127.0.0.1:65535", "[::1]", "[::ffff:1.2.3.4]:1", "a:", ""]
    {
        assert_eq!(
            good(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).host.as_deref(),
            Some(host)
        );
    }
}

#[test]
fn a_request_of_1_0_needs_no_host() {
    let read = good("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(read.host, None);
    assert!(read.written.contains("\r\nHost: 203.0.113.1:80\r\n"), "{:?}", read.written);
}

#[test]
fn a_client_waits_only_for_a_body_that_it_has() {
    assert!(get("Content-Length: 5\r\nExpect: 100-Continue\r\n").expect_continue);
    assert!(get("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n").expect_continue);
    assert!(!get("Expect: 100-continue\r\n").expect_continue);
    assert!(!get("Content-Length: 5\r\n").expect_continue);
    let old =
        good("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert!(!old.expect_continue, "an HTTP/1.0 client does not know 100");
}

#[test]
fn only_a_get_of_1_1_for_websocket_alone_is_an_upgrade() {
    let asks = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    assert!(get(asks).websocket);
    assert!(!get("Upgrade: websocket\r\n").websocket);
    assert!(!get("Connection: upgrade\r\n").websocket);
    assert!(!get("Connection: upgrade\r\nUpgrade: h2c\r\n").websocket);
    assert!(!get("Connection: upgrade\r\nUpgrade: h2c, websocket\r\n").websocket);
    assert!(!get("Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n").websocket);
    assert!(!get(&format!("{asks}Content-Length: 1\r\n")).websocket);
    assert!(!good(format!("POST / HTTP/1.1\r\nHost: a\r\n{asks}\r\n")).websocket);
    assert!(!good(format!("GET / HTTP/1.0\r\nHost: a\r\n{asks}\r\n")).websocket);
}

/// RFC 9110 9.2.2. Methods are case-sensitive, so `get` is none we know.
#[test]
fn only_known_methods_may_be_tried_again() {
    for (method, twice) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
        ("get", false),
        ("PROPFIND", false),
    ] {
        assert_eq!(
            good(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n")).idempotent,
            twice,
            "{method}"
        );
    }
}
