//! What is learnt from the head of a response, and what the client is told.

mod support;

use evenly_wire::{Body, Relaxed, Version, response::Asked};
use support::{Response, answer, response};

const HEAD: Asked = Asked { head: true, websocket: false };
const WEBSOCKET: Asked = Asked { head: false, websocket: true };

fn to(version: Version, close: bool, text: &str) -> Response {
    response(text, Asked::default(), Relaxed::NONE, version, close)
        .expect("good")
        .expect("complete")
}

fn asked(asked: Asked, text: &str) -> Response {
    response(text, asked, Relaxed::NONE, Version::Http11, false).expect("good").expect("complete")
}

#[test]
fn the_first_line_is_passed_on() {
    let found = answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((found.status, found.reason.as_str()), (404, "Not Found"));
    assert_eq!(found.written, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

/// RFC 9112 4 wants a space even before an empty reason; many servers do not send it, we do.
#[test]
fn a_missing_reason_is_read_and_written_with_its_space() {
    for text in
        ["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"]
    {
        assert_eq!(answer(text).written, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
    }
}

#[test]
fn a_response_to_head_has_no_body_but_keeps_the_length_of_the_one_it_describes() {
    let found = asked(HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    assert_eq!(found.body, Body::None);
    assert!(found.keep_alive && found.written.contains("Content-Length: 9\r\n"));
    let found = asked(HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert!(found.body == Body::None && found.keep_alive && !found.close);
    let found = asked(HEAD, "HTTP/1.1 200 OK\r\n\r\n");
    assert!(found.body == Body::None && found.keep_alive && !found.close);
}

#[test]
fn a_304_has_no_body_but_keeps_the_length_of_the_one_it_describes() {
    let found = answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
    assert!(found.body == Body::None && found.keep_alive);
    assert!(found.written.contains("Content-Length: 9\r\n"));
}

/// RFC 9112 6.2 and 6.1 forbid both fields there; common servers send `Content-Length: 0` all the same.
#[test]
fn a_204_or_interim_response_has_neither_body_nor_framing() {
    for status in ["204 No Content", "100 Continue", "103 Early Hints"] {
        for framing in
            ["Content-Length: 0\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", ""]
        {
            let found = answer(format!("HTTP/1.1 {status}\r\n{framing}\r\n"));
            assert_eq!(found.body, Body::None);
            assert_eq!(found.written, format!("HTTP/1.1 {status}\r\n\r\n"));
            assert!(found.keep_alive);
        }
    }
}

#[test]
fn an_interim_response_never_closes_the_client() {
    let found = to(Version::Http11, true, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    assert_eq!(found.written, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    assert!(!found.close);
}

#[test]
fn a_websocket_that_was_asked_for_is_switched_to() {
    let found = asked(
        WEBSOCKET,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    );
    assert_eq!(
        found.written,
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    );
    assert!(!found.keep_alive);
}

#[test]
fn switching_to_anything_else_is_refused() {
    for fields in [
        "",
        "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
    ] {
        let text = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
        let read = response(&text, WEBSOCKET, Relaxed::NONE, Version::Http11, false);
        assert_eq!(read.expect_err("refused").name(), "unasked_upgrade", "{text:?}");
    }
}

#[test]
fn a_node_of_http_1_0_keeps_its_connection_only_if_it_says_so() {
    assert!(!answer("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n").keep_alive);
    assert!(
        answer("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\n").keep_alive
    );
    assert!(answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n").keep_alive);
    assert!(
        !answer("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\n").keep_alive
    );
    assert!(
        !answer("HTTP/1.1 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 1\r\n\r\n")
            .keep_alive
    );
    assert!(!answer("HTTP/1.1 200 OK\r\n\r\n").keep_alive, "its end is the body's");
}

#[test]
fn what_a_node_says_about_time_is_read() {
    let found = answer(
        "HTTP/1.1 503 Busy\r\nKeep-Alive: max=5, Timeout=7\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!((found.keep_alive_timeout, found.retry_after), (Some(7), Some(120)));
    assert!(
        !found.written.contains("Keep-Alive") && found.written.contains("Retry-After: 120\r\n")
    );
    let found = answer(
        "HTTP/1.1 503 Busy\r\nKeep-Alive: timeout=x\r\nRetry-After: Sun, 22 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!((found.keep_alive_timeout, found.retry_after), (None, None));
}

#[test]
fn hop_by_hop_fields_and_those_named_by_connection_end_here() {
    let found = answer(
        "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nConnection: b, content-length, keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nUpgrade: h2\r\nunder_score: 3\r\nC: 4\r\nContent-Length: 1\r\n\r\n",
    );
    assert_eq!(found.written, "HTTP/1.1 200 OK\r\nA: 1\r\nC: 4\r\nContent-Length: 1\r\n\r\n");
}

#[test]
fn draining_closes_the_clients_connection() {
    let found = to(Version::Http11, true, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
    assert_eq!(found.written, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n");
    assert!(found.close);
}

#[test]
fn a_client_of_http_1_0_is_told_that_its_connection_lives_on() {
    let found = to(Version::Http10, false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
    assert!(found.written.ends_with("Connection: keep-alive\r\n\r\n") && !found.close);
}

#[test]
fn a_client_of_http_1_0_never_gets_chunks() {
    let found = to(Version::Http10, false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(found.written, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    assert!(found.close);
}

#[test]
fn a_body_that_ends_with_the_node_is_chunked_unless_the_client_is_old_or_leaving() {
    let text = "HTTP/1.0 200 OK\r\n\r\n";
    let found = to(Version::Http11, false, text);
    assert_eq!(found.written, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert!(!found.close);
    for found in [to(Version::Http11, true, text), to(Version::Http10, false, text)] {
        assert_eq!(found.written, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        assert!(found.close);
    }
}
