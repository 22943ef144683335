//! Nodes that fail, and what is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::stage::{Node, Proxy, address, nobody, ok, settings};
use serde_json::json;

/// A node that cannot be reached costs nobody a request: another one answers, also what may not be repeated.
#[test]
fn a_refused_connection_is_tried_elsewhere() {
    let node = Node::answering(|_| ok("here"));
    let mut settings = settings(&[&node]);
    settings["clusters"][0]["nodes"] = json!([address(nobody()), address(node.address)]);
    let proxy = Proxy::with(&settings);
    for method in ["GET", "POST"] {
        for _ in 0..4 {
            let mut client = proxy.client();
            client.send(format!("{method} / HTTP/1.1\r\nHost: web\r\nContent-Length: 2\r\n\r\nhi"));
            assert_eq!(client.message().text(), "here");
        }
    }
}

/// With nobody left the client is told what happened, by name.
#[test]
fn an_unreachable_cluster_is_502() {
    let mut settings = settings(&[]);
    settings["clusters"][0]["nodes"] = json!([address(nobody())]);
    let answer = Proxy::with(&settings).get("/");
    assert_eq!((answer.status(), answer.field("x-evenly-reason")), (502, Some("connect_failed")));
}

/// A cluster without nodes is 503.
#[test]
fn an_empty_cluster_is_503() {
    let answer = Proxy::before(&[]).get("/");
    assert_eq!((answer.status(), answer.field("x-evenly-reason")), (503, Some("no_node")));
}

/// 503 sends an idempotent request to another node; any other request gets the node's own words.
#[test]
fn a_503_is_tried_elsewhere_if_it_may_be() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let bad = Node::answering(move |_| {
        count.fetch_add(1, Relaxed);
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy".into()
    });
    let good = Node::answering(|_| ok("good"));
    let proxy = Proxy::before(&[&bad, &good]);
    for _ in 0..6 {
        assert_eq!(proxy.get("/").text(), "good");
    }
    // Round robin over two meets the bad one within two requests, and no request meets it twice.
    assert!((1..=6).contains(&asked.load(Relaxed)));
    let posts: Vec<_> = (0..2)
        .map(|_| {
            let mut client = proxy.client();
            client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n");
            client.message().text()
        })
        .collect();
    assert!(posts.contains(&"busy".into()) && posts.contains(&"good".into()), "{posts:?}");
}

/// A kept connection that its node has closed is replaced without anybody noticing.
#[test]
fn a_stale_connection_is_replaced() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let mut client = proxy.client();
    for turn in 0..3 {
        client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        let mut at_node = node.connection();
        at_node.message();
        at_node.send(ok(&turn.to_string()));
        assert_eq!(client.message().text(), turn.to_string());
        drop(at_node);
    }
}

/// The node reads the request and ends: what may be repeated is, what may not is 502.
#[test]
fn a_reset_is_tried_elsewhere_if_it_may_be() {
    let dying = Node::new();
    let good = Node::answering(|_| ok("good"));
    let proxy = Proxy::before(&[&dying, &good]);
    let answers: Vec<_> = ["GET", "GET", "POST", "POST"]
        .into_iter()
        .map(|method| {
            let mut client = proxy.client();
            client.send(format!("{method} / HTTP/1.1\r\nHost: web\r\n\r\n"));
            // Round robin: every other request goes to the dying node first.
            if let Some(mut at_node) = dying.try_connection() {
                at_node.head();
            }
            (method, client.message().status())
        })
        .collect();
    assert_eq!(answers.iter().filter(|answer| answer.1 == 200).count(), 3, "{answers:?}");
    assert!(answers.contains(&("POST", 502)), "{answers:?}");
}

/// An answer that breaks a rule is 502 by the rule's name, and nothing of it is passed on.
#[test]
fn a_bad_answer_is_502() {
    let node = Node::answering(|_| {
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".into()
    });
    let answer = Proxy::before(&[&node]).get("/");
    assert_eq!(
        (answer.status(), answer.field("x-evenly-reason")),
        (502, Some("bad_response:repeated_content_length"))
    );
}

/// An answer that is cut off is cut off for the client too; it never looks whole.
#[test]
fn a_cut_answer_does_not_look_whole() {
    for (head, old) in [
        ("Content-Length: 10", false),
        ("Transfer-Encoding: chunked", false),
        ("Transfer-Encoding: chunked", true),
    ] {
        let node = Node::new();
        let proxy = Proxy::before(&[&node]);
        let mut client = proxy.client();
        client.send(if old {
            "GET / HTTP/1.0\r\n\r\n"
        } else {
            "GET / HTTP/1.1\r\nHost: web\r\n\r\n"
        });
        let mut at_node = node.connection();
        at_node.message();
        at_node.send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n5\r\nhello"));
        client.head().expect("the head passes");
        client.exactly(1).expect("the beginning of the body passes");
        drop(at_node);
        let (rest, regular) = client.rest();
        assert!(!regular, "the connection ended regularly after {rest:?}");
    }
}

/// A node that does not answer in time is 504.
#[test]
fn silence_is_504() {
    let node = Node::new();
    let mut settings = settings(&[&node]);
    settings["clusters"][0]["timeouts"]["response_head"] = json!(0.2);
    let answer = Proxy::with(&settings).get("/");
    assert_eq!((answer.status(), answer.field("x-evenly-reason")), (504, Some("response_timeout")));
}

/// At capacity a request waits for its turn; one that waits too long is 503.
#[test]
fn at_capacity_requests_wait_for_their_turn() {
    let node = Node::new();
    let mut settings = settings(&[&node]);
    settings["clusters"][0]["nodes"][0]["capacity"] = json!(1);
    let proxy = Proxy::with(&settings);
    let mut first = proxy.client();
    first.send("GET /1 HTTP/1.1\r\nHost: web\r\n\r\n");
    let mut at_node = node.connection();
    at_node.message();
    let mut second = proxy.client();
    second.send("GET /2 HTTP/1.1\r\nHost: web\r\n\r\n");
    while proxy.balancer().waiting() == 0 {
        std::thread::yield_now();
    }
    at_node.send(ok("1"));
    assert_eq!(first.message().text(), "1");
    assert_eq!(at_node.message().first, "GET /2 HTTP/1.1");
    let late = proxy.get("/3");
    assert_eq!((late.status(), late.field("x-evenly-reason")), (503, Some("queue_timeout")));
    at_node.send(ok("2"));
    assert_eq!(second.message().text(), "2");
}

/// A body whose node dies while it is still coming reaches the next node whole.
#[test]
fn a_body_under_way_is_sent_again_whole() {
    let dying = Node::new();
    let good = Node::answering(|request| ok(&request.text()));
    let proxy = Proxy::before(&[&dying, &good]);
    let body: String = (0..20_000).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
    let (first, second) = body.split_at(5_000);
    for _ in 0..2 {
        let mut client = proxy.client();
        client.send(format!(
            "PUT / HTTP/1.1\r\nHost: web\r\nContent-Length: {}\r\n\r\n{first}",
            body.len()
        ));
        // Round robin: one of the two requests begins here.
        if let Some(mut at_node) = dying.try_connection() {
            at_node.head().expect("a head");
            at_node.exactly(first.len()).expect("the first part");
        }
        client.send(second);
        assert_eq!(client.message().text(), body);
    }
}
