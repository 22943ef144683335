//! Clients that leave, deadlines, and the proxy's own end.

use crate::stage::{Node, Proxy, ok, settings};
use serde_json::json;

/// When the client leaves, the node's request is cancelled and nobody is blamed.
#[test]
fn a_client_that_leaves_cancels_its_request() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    let mut at_node = node.connection();
    at_node.message();
    drop(client);
    assert_eq!(at_node.rest().0, b"");
    let report = || proxy.balancer().nodes(evenly_proxy::clock::now()).remove(0);
    while report().in_flight > 0 {
        std::thread::yield_now();
    }
    assert_eq!((report().picks, report().cancelled, report().failures), (1, 1, 0));
}

/// A head that is not finished in time is 408; a connection that says nothing is closed without a word.
#[test]
fn deadlines_of_clients_are_kept() {
    let node = Node::new();
    let mut settings = settings(&[&node]);
    settings["listeners"][0]["timeouts"]["head"] = json!(0.2);
    settings["listeners"][0]["timeouts"]["idle"] = json!(0.3);
    let proxy = Proxy::with(&settings);
    let mut slow = proxy.client();
    slow.send("GET / HT");
    let answer = slow.message();
    assert_eq!((answer.status(), answer.field("x-evenly-reason")), (408, Some("request_timeout")));
    assert_eq!(proxy.client().rest(), (Vec::new(), true));
    let mut half = proxy.client();
    half.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhe");
    assert_eq!(half.message().status(), 408);
}

/// A drain answers what was begun, says that it was the last answer, and ends the worker.
#[test]
fn a_drain_answers_what_was_begun() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let (mut busy, mut half, idle) = (proxy.client(), proxy.client(), proxy.client());
    half.send("GET /half HTTP/1.1\r\nHo");
    busy.send("GET /busy HTTP/1.1\r\nHost: web\r\n\r\n");
    let mut at_node = node.connection();
    at_node.message();
    while proxy.crew.workers()[0].connections() < 3 {
        std::thread::yield_now();
    }
    proxy.crew.workers()[0].drain();
    at_node.send(ok("busy"));
    let answer = busy.message();
    assert_eq!((answer.text().as_str(), answer.field("connection")), ("busy", Some("close")));
    half.send("st: web\r\n\r\n");
    assert_eq!(at_node.message().first, "GET /half HTTP/1.1");
    at_node.send(ok("half"));
    let answer = half.message();
    assert_eq!((answer.text().as_str(), answer.field("connection")), ("half", Some("close")));
    let mut idle = idle;
    assert_eq!(idle.rest(), (Vec::new(), true));
    drop((busy, half));
    while !proxy.crew.workers()[0].is_finished() {
        std::thread::yield_now();
    }
}

/// An answer that comes before the whole request ends the connection, and the client can read it.
#[test]
fn an_early_answer_is_not_lost() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 100000\r\n\r\n");
    let mut at_node = node.connection();
    at_node.head().expect("the head passes before the body");
    at_node.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    let answer = client.message();
    assert_eq!((answer.status(), answer.field("connection")), (413, Some("close")));
    client.send(vec![b'x'; 100_000]);
    assert_eq!(client.rest(), (Vec::new(), true));
}
