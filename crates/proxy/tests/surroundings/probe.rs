//! A check asks as a client would and says what was wrong.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use evenly_proxy::address::Address;
use evenly_proxy::config::{Health, HealthKind};
use evenly_proxy::probe::check;

use crate::node::Node;

/// A check of `/healthz` with the usual bounds.
pub fn http() -> Health {
    Health {
        kind: HealthKind::Http,
        path: Some("/healthz".into()),
        status: Some((200, 399)),
        body: None,
        every: Duration::from_millis(100),
        fast: Duration::from_millis(20),
        timeout: Duration::from_secs(2),
        rise: 2,
        fall: 3,
        jitter: 0.15,
        required: false,
    }
}

fn tcp() -> Health {
    Health { kind: HealthKind::Tcp, path: None, status: None, ..http() }
}

/// The request carries the path and the Host it was told, and a good status passes.
#[tokio::test]
async fn a_good_status_passes() {
    let node = Node::new(204, "");
    check(&http(), &Address::Ip(node.address), "users.test:80").await.expect("204 is good");
    let asked = node.asked.lock()[0].to_lowercase();
    assert!(
        asked.starts_with("get /healthz http/1.1\r\n") && asked.contains("host: users.test:80\r\n"),
        "{asked}"
    );
}

/// A status outside the range fails, with the status in the reason.
#[tokio::test]
async fn a_bad_status_fails_by_its_number() {
    let node = Node::new(503, "");
    let why = check(&http(), &Address::Ip(node.address), "x").await.expect_err("503 is bad");
    assert_eq!(why, "status 503 is not in 200-399");
}

/// The wanted text is found wherever it stands in the first 64 KiB, and nowhere beyond.
#[tokio::test]
async fn the_body_is_searched_up_to_its_bound() {
    let health = Health { body: Some("ready".into()), ..http() };
    for (before, found) in [(0, true), (65_531, true), (65_532, false)] {
        let node = Node::new(200, &("x".repeat(before) + "ready"));
        let result = check(&health, &Address::Ip(node.address), "x").await;
        assert_eq!(result.is_ok(), found, "after {before} bytes: {result:?}");
    }
}

/// Nobody listening, nonsense and silence each fail with words of their own.
#[tokio::test]
async fn each_way_to_fail_has_its_words() {
    let free = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a free port");
    assert_eq!(
        check(&http(), &Address::Ip(free), "x").await.expect_err("nobody"),
        "cannot connect: Connection refused"
    );

    let nonsense = Node::saying(b"220 smtp ready\r\n");
    let why = check(&http(), &Address::Ip(nonsense.address), "x").await.expect_err("nonsense");
    assert!(why.starts_with("no valid answer"), "{why}");

    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let brief = Health { timeout: Duration::from_millis(50), ..http() };
    let address = Address::Ip(silent.local_addr().expect("bound"));
    assert_eq!(check(&brief, &address, "x").await.expect_err("silence"), "no answer within 50 ms");
}

/// A TCP check wants a connection and nothing else.
#[tokio::test]
async fn a_tcp_check_wants_only_a_connection() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    check(&tcp(), &Address::Ip(silent.local_addr().expect("bound")), "x")
        .await
        .expect("it listens");
}

/// Nodes on UNIX sockets are checked like all others.
#[tokio::test]
async fn a_unix_socket_is_checked_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let address = Address::Unix(path.clone());
    check(&tcp(), &address, "x").await.expect_err("nobody listens yet");
    let _listener = UnixListener::bind(path).expect("a free path");
    check(&tcp(), &address, "x").await.expect("it listens");
}
