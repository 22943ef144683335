//! Heads, order, and connections that are used again.

use std::io::{Read, Write};

use crate::stage::{Node, Proxy, ok, settings};
use serde_json::json;

/// A node sees the client's request with where it came from; the client sees the node's answer.
#[test]
fn a_request_and_its_answer_pass() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send(
        "GET /a?b=c HTTP/1.1\r\nHost: web\r\nX-Colour: blue\r\nConnection: keep-alive\r\n\r\n",
    );
    let mut at_node = node.connection();
    let request = at_node.message();
    assert_eq!(request.first, "GET /a?b=c HTTP/1.1");
    assert_eq!(request.field("host"), Some("web"));
    assert_eq!(request.field("x-colour"), Some("blue"));
    assert_eq!(request.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.field("x-forwarded-proto"), Some("http"));
    assert_eq!(request.field("connection"), None);
    at_node.send(ok("hello"));
    let answer = client.message();
    assert_eq!((answer.status(), answer.text().as_str()), (200, "hello"));
}

/// Requests one after the other share one connection to the node.
#[test]
fn a_node_connection_is_used_again() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("GET /1 HTTP/1.1\r\nHost: web\r\n\r\n");
    let mut at_node = node.connection();
    for turn in 1..=3 {
        assert_eq!(at_node.message().first, format!("GET /{turn} HTTP/1.1"));
        at_node.send(ok("x"));
        client.message();
        client.send(format!("GET /{} HTTP/1.1\r\nHost: web\r\n\r\n", turn + 1));
    }
    assert!(node.is_alone());
}

/// Pipelined requests are answered in their order, however they are cut into packets.
#[test]
fn pipelined_requests_are_answered_in_order() {
    let node = Node::answering(|request| ok(&format!("{}|{}", request.first, request.text())));
    let proxy = Proxy::before(&[&node]);
    let one = |i: usize| {
        let body = i.to_string();
        format!("POST /{i} HTTP/1.1\r\nHost: web\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let all = (0..50).map(one).collect::<Vec<_>>().concat();
    for step in [7, 100, all.len()] {
        let mut client = proxy.client();
        let mut writing = client.stream.try_clone().expect("it can be cloned");
        let text = all.clone();
        let writer = std::thread::spawn(move || {
            for piece in text.as_bytes().chunks(step) {
                std::io::Write::write_all(&mut writing, piece).expect("the proxy reads");
            }
        });
        for i in 0..50 {
            assert_eq!(client.message().text(), format!("POST /{i} HTTP/1.1|{i}"));
        }
        writer.join().expect("everything was written");
    }
}

/// A request that breaks a rule is refused by the rule's name, and no node hears of it.
#[test]
fn a_bad_request_is_refused_by_name() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    for (request, status, name) in [
        ("GET / HTTP/1.1\r\n\r\n", 400, "bad_request:missing_host"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "bad_request:repeated_host"),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405, "bad_request:method_connect"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\n",
            400,
            "bad_request:chunk_size",
        ),
    ] {
        let mut client = proxy.client();
        client.send(request);
        let answer = client.message();
        assert_eq!((answer.status(), answer.field("x-evenly-reason")), (status, Some(name)));
        assert_eq!(answer.field("connection"), Some("close"));
        assert_eq!(client.rest(), (Vec::new(), true));
    }
    assert!(node.is_alone());
}

/// A head longer than the limit is 431, also when it comes in small pieces.
#[test]
fn a_head_too_large_is_431() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("GET / HTTP/1.1\r\nHost: web\r\nX: ");
    for _ in 0..33 {
        client.send("x".repeat(1000));
    }
    assert_eq!(client.message().status(), 431);
}

/// A client of HTTP/1.0 gets no chunks; the end of the connection ends the body.
#[test]
fn an_old_client_gets_no_chunks() {
    let node = Node::answering(|_| {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".into()
    });
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    let head = client.head().expect("a head comes");
    assert_eq!((head.field("transfer-encoding"), head.field("connection")), (None, Some("close")));
    assert_eq!(client.rest(), (b"hello".to_vec(), true));
}

/// HEAD, 204 and 304 have no body, whatever their fields say, and the connections live on.
#[test]
fn answers_without_a_body_end_with_their_head() {
    let node = Node::answering(|request| match request.first.split(' ').nth(1) {
        Some("/204") => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        Some("/304") => "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n".into(),
        _ => "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n".into(),
    });
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    for (request, status, length) in
        [("HEAD /200", 200, Some("7")), ("GET /204", 204, None), ("GET /304", 304, Some("7"))]
    {
        client.send(format!("{request} HTTP/1.1\r\nHost: web\r\n\r\n"));
        let head = client.head().expect("a head comes");
        assert_eq!((head.status(), head.field("content-length")), (status, length));
    }
}

/// The key of a hash strategy decides: equal keys meet on one node.
#[test]
fn equal_keys_meet_on_one_node() {
    let nodes: Vec<_> = (0..4).map(|i| Node::answering(move |_| ok(&i.to_string()))).collect();
    let mut settings = settings(&nodes.iter().collect::<Vec<_>>());
    settings["clusters"][0]["strategy"] =
        json!({"name": "consistent_hash", "key": "header:x-user"});
    let proxy = Proxy::with(&settings);
    let ask = |user: usize| {
        let mut client = proxy.client();
        client.send(format!("GET / HTTP/1.1\r\nHost: web\r\nX-User: {user}\r\n\r\n"));
        client.message().text()
    };
    let first: Vec<_> = (0..20).map(ask).collect();
    let second: Vec<_> = (0..20).map(ask).collect();
    assert_eq!(first, second);
}

/// A UNIX socket serves on both sides as IP does.
#[test]
fn unix_sockets_serve_on_both_sides() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let node = std::os::unix::net::UnixListener::bind(&path).expect("the folder is ours");
    let mut settings = settings(&[]);
    let address = format!("unix:{}", path.display());
    settings["clusters"][0]["nodes"] = json!([{"id": "local", "address": address, "weight": 1, "capacity": null, "admin": "serve"}]);
    let proxy = Proxy::with(&settings);
    let (mut client, served) = std::os::unix::net::UnixStream::pair().expect("a pair");
    served.set_nonblocking(true).expect("any socket can be");
    let socket = evenly_proxy::listener::Socket::Unix(served);
    let listener = std::sync::Arc::clone(&proxy.shared.edition().listeners[0]);
    proxy.crew.hand_over(evenly_proxy::listener::Client { socket, listener, peer: None });
    {
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("the proxy reads");
        let (mut at_node, _) = node.accept().expect("the proxy connects");
        let mut request = [0; 1024];
        let read = at_node.read(&mut request).expect("a request");
        let text = String::from_utf8_lossy(&request[..read]).into_owned();
        assert!(text.starts_with("GET / HTTP/1.1\r\nHost: localhost\r\n"), "{text}");
        at_node.write_all(ok("local").as_bytes()).expect("the proxy reads");
    }
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("the answer ends with its connection");
    assert!(answer.ends_with("\r\n\r\nlocal"), "{answer}");
}
