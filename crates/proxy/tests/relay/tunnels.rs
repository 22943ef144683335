//! WebSocket.

use crate::stage::{Node, Peer, Proxy};

fn upgraded(node: &Node, proxy: &Proxy) -> (Peer, Peer) {
    let mut client = proxy.client();
    client.send("GET /chat HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n");
    let mut at_node = node.connection();
    let request = at_node.message();
    assert_eq!(
        (request.field("upgrade"), request.field("sec-websocket-key")),
        (Some("websocket"), Some("k"))
    );
    at_node.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x01\x02hi");
    assert_eq!(client.head().expect("the switch passes").status(), 101);
    assert_eq!(client.exactly(4).expect("what came along passes"), b"\x01\x02hi");
    (client, at_node)
}

/// After the upgrade bytes pass both ways until one side ends, and then the other is ended too.
#[test]
fn a_tunnel_passes_bytes_until_one_side_ends() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let (mut client, mut at_node) = upgraded(&node, &proxy);
    for length in [1, 1000, 1_000_000] {
        let bytes = vec![7; length];
        client.send(&bytes);
        assert_eq!(at_node.exactly(length).expect("all of it"), bytes);
        at_node.send(&bytes);
        assert_eq!(client.exactly(length).expect("all of it"), bytes);
    }
    drop(client);
    assert_eq!(at_node.rest().0, b"");
}

/// At the end both sides are told that the proxy goes away: 1001, masked for the node.
#[test]
fn a_tunnel_says_goodbye() {
    let node = Node::new();
    let proxy = Proxy::before(&[&node]);
    let (mut client, mut at_node) = upgraded(&node, &proxy);
    proxy.crew.workers()[0].drain();
    client.send(b"\x81\x80abcd");
    assert_eq!(at_node.exactly(6).expect("a draining tunnel goes on"), b"\x81\x80abcd");
    proxy.crew.workers()[0].end();
    assert_eq!(client.exactly(4).expect("a close frame"), [0x88, 2, 0x03, 0xe9]);
    let masked = at_node.exactly(8).expect("a close frame");
    assert_eq!(
        [masked[0], masked[1], masked[6] ^ masked[2], masked[7] ^ masked[3]],
        [0x88, 0x82, 0x03, 0xe9]
    );
    drop((client, at_node));
    while !proxy.crew.workers()[0].is_finished() {
        std::thread::yield_now();
    }
}

/// A node that switches without being asked is refused.
#[test]
fn an_unasked_switch_is_502() {
    let node = Node::answering(|_| {
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            .into()
    });
    let answer = Proxy::before(&[&node]).get("/");
    assert_eq!(
        (answer.status(), answer.field("x-evenly-reason")),
        (502, Some("bad_response:unasked_upgrade"))
    );
}
