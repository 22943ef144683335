//! Bodies in both directions.

use std::io::Write;
use std::time::Duration;

use crate::stage::{Node, Proxy, ok};

/// A megabyte goes up and down unchanged, with a length.
#[test]
fn a_long_body_passes_both_ways() {
    let node = Node::answering(|request| ok(&request.text()));
    let proxy = Proxy::before(&[&node]);
    let body: String = (0..1_000_000).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
    let mut client = proxy.client();
    for _ in 0..2 {
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert_eq!(client.message().text(), body);
    }
}

/// Chunks, their extensions and trailers reach the node as they came, and so does what the node answers.
#[test]
fn chunks_and_trailers_pass_as_they_came() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    let body = "5;a=b\r\nhello\r\n0\r\nChecksum: 1\r\n\r\n";
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(body);
    let mut at_node = node.connection();
    assert_eq!(at_node.head().expect("a head").field("transfer-encoding"), Some("chunked"));
    assert_eq!(at_node.exactly(body.len()).expect("the body"), body.as_bytes());
    at_node.send(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
    client.head().expect("a head");
    assert_eq!(client.exactly(body.len()).expect("the body"), body.as_bytes());
}

/// A body that turns bad half-way is refused, and the node sees it cut, never ended.
#[test]
fn a_malformed_chunk_reaches_no_node() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    let mut at_node = node.connection();
    at_node.until(b"hello\r\n").expect("the good part");
    client.send("zz\r\n");
    let answer = client.message();
    assert_eq!(
        (answer.status(), answer.field("x-evenly-reason")),
        (400, Some("bad_request:chunk_size"))
    );
    assert_eq!(at_node.rest().0, b"");
}

/// Who waits for `100 Continue` gets it, once, and the node is not asked.
#[test]
fn a_waiting_client_is_told_to_continue() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client
        .send("POST / HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_eq!(client.head().expect("an interim answer").status(), 100);
    client.send("hi");
    let mut at_node = node.connection();
    let request = at_node.message();
    assert_eq!((request.field("expect"), request.text().as_str()), (None, "hi"));
    at_node.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
    at_node.send(ok("x"));
    assert_eq!(client.head().expect("an interim answer").status(), 103);
    assert_eq!(client.message().status(), 200);
}

/// A client that sends a chunked head and waits is not kept waiting for ever.
#[test]
fn a_chunked_head_is_held_back_for_a_short_bound_only() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut at_node = node.connection();
    at_node.head().expect("the head comes without a chunk");
    at_node.send(ok("early"));
    assert_eq!(client.message().text(), "early");
}

/// A reader that does not read stops the node that writes: no more is taken than buffers hold.
#[test]
fn a_slow_reader_holds_the_node_back() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    let mut at_node = node.connection();
    at_node.message();
    let total = 256 << 20;
    at_node.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n"));
    client.head().expect("the head comes at once");
    let piece = vec![b'x'; 1 << 16];
    at_node.stream.set_write_timeout(Some(Duration::from_millis(300))).expect("any socket has one");
    let mut written = 0;
    while written < total {
        match at_node.stream.write(&piece) {
            Ok(count) => written += count,
            Err(_) => break,
        }
    }
    // Each of the four socket buffers may grow to 6 MiB (tcp_rmem and tcp_wmem); the proxy adds one read.
    assert!(written <= 4 * (6 << 20) + (64 << 10), "{written} bytes were taken from the node");
    assert_eq!(client.exactly(written).expect("what was taken comes").len(), written);
}

/// A body that ends with the node's connection is chunked, so that the client's connection lives on.
#[test]
fn a_body_without_a_length_becomes_chunks() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        let mut at_node = node.connection();
        at_node.message();
        at_node.send("HTTP/1.0 200 OK\r\n\r\nhello");
        drop(at_node);
        let answer = client.message();
        assert_eq!(answer.field("transfer-encoding"), Some("chunked"));
        assert_eq!(answer.text(), "5\r\nhello\r\n0\r\n\r\n");
    }
}

/// A chunked head that comes alone, then its body with many requests behind it: all are answered in order.
#[test]
fn a_held_head_keeps_its_place_before_what_follows() {
    let node = Node::answering(|request| ok(&request.first));
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("POST /0 HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5");
    let count = 4000;
    let more = |i| format!("GET /{i} HTTP/1.1\r\nHost: web\r\n\r\n");
    let rest = (1..count).map(more).collect::<Vec<_>>().concat();
    let mut writing = client.stream.try_clone().expect("it can be cloned");
    let writer = std::thread::spawn(move || {
        writing.write_all(b"\r\nhello\r\n0\r\n\r\n").expect("the proxy reads");
        writing.write_all(rest.as_bytes()).expect("the proxy reads");
    });
    assert_eq!(client.message().text(), "POST /0 HTTP/1.1");
    for i in 1..count {
        assert_eq!(client.message().text(), format!("GET /{i} HTTP/1.1"));
    }
    writer.join().expect("everything was written");
}
