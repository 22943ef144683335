"""WebSocket through the proxy with a real library on both ends."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import Server, ServerConnection, serve

from .harness.node import Node, closed_port, hello
from .harness.ports import LOOPBACK
from .harness.proxy import Proxy
from .harness.waiting import until


def mirror(connection: ServerConnection) -> None:
    """Send back what comes, until the client closes."""
    for message in connection:
        connection.send(message)


@contextlib.contextmanager
def echoing() -> Iterator[str]:
    """Run a WebSocket server and give its address."""
    server: Server = serve(mirror, LOOPBACK, 0, compression=None)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{LOOPBACK}:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join(30)


def join(proxy: Proxy) -> ClientConnection:
    """Open a WebSocket through the proxy."""
    return connect(f"ws://{proxy.address}/chat", compression=None, open_timeout=30)


def test_messages_of_every_size_come_back() -> None:
    """Text, binary, empty, and one larger than any buffer, both ways."""
    with echoing() as address, Proxy(address) as proxy, join(proxy) as socket:
        messages: list[str | bytes] = ["hello", b"\x00\xff", "", "x" * 500_000, b"y" * 900_000]
        for message in messages:
            socket.send(message)
            assert socket.recv(timeout=30) == message


def test_many_sockets_live_side_by_side() -> None:
    """Fifty open at once, each with its own answers."""
    with echoing() as address, Proxy(address) as proxy, contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(join(proxy)) for _ in range(50)]
        for turn, socket in enumerate(sockets):
            socket.send(f"hello {turn}")
        assert [socket.recv(timeout=30) for socket in sockets] == [f"hello {n}" for n in range(50)]


def test_an_open_socket_is_in_flight_and_a_closed_one_is_not() -> None:
    """A tunnel is a loan for as long as it lasts, and gives no latency sample."""
    with echoing() as address, Proxy(address) as proxy:

        def lent() -> int:
            return int(proxy.clusters()["clusters"][0]["nodes"][0]["in_flight"])

        with join(proxy) as socket:
            socket.send("hello")
            assert socket.recv(timeout=30) == "hello"
            until(lambda: lent() == 1, "the tunnel counts")
        until(lambda: lent() == 0, "the tunnel no longer counts")


def test_the_node_sees_the_client_leave() -> None:
    """A client that vanishes without a close frame ends the tunnel on the other side."""
    left = threading.Event()

    def watch(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for _ in connection:
                pass
        left.set()

    server = serve(watch, LOOPBACK, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"{LOOPBACK}:{server.socket.getsockname()[1]}"
    try:
        with Proxy(address) as proxy, join(proxy) as socket:
            socket.send("hello")
            socket.socket.close()
            assert left.wait(30)
    finally:
        server.shutdown()


def test_a_socket_that_needed_a_second_try_is_logged_without_a_fault() -> None:
    """What the log gives as a reason is how the request ended, not what happened on the way."""
    cluster = {"strategy": "round_robin", "ejection": False}
    with echoing() as address, Proxy(closed_port(), address, cluster=cluster) as proxy:
        for _ in range(2):
            with join(proxy) as socket:
                socket.send("hello")
                assert socket.recv(timeout=30) == "hello"
        lines = proxy.log(2)
        assert 2 in {line["tries"] for line in lines}
        assert all((line["status"], line["reason"]) == (101, None) for line in lines)


def test_a_drain_closes_sockets_with_1001_at_its_deadline() -> None:
    """Until then they work; then the client is told "going away", and the proxy exits 0."""
    with echoing() as address, Proxy(address, proxy={"drain": "2s"}) as proxy:
        with join(proxy) as socket:
            socket.send("before")
            assert socket.recv(timeout=30) == "before"
            proxy.signal()
            socket.send("while draining")
            assert socket.recv(timeout=30) == "while draining"
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
        assert proxy.wait() == 0


def test_a_node_that_declines_answers_for_itself() -> None:
    """No 101, no tunnel: the node's own answer passes and the connection can go on."""
    with Node(hello) as node, Proxy(node) as proxy, proxy.client() as client:
        client.send(
            b"GET /chat HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert client.response("UPGRADE").status == 200
        seen = node.requests[0]
        assert (seen.header("upgrade") or "").lower() == "websocket"
        assert "upgrade" in (seen.header("connection") or "").lower()
        assert client.send(b"GET /next HTTP/1.1\r\nHost: t\r\n\r\n").response().status == 200


def test_bytes_sent_right_behind_the_handshake_arrive() -> None:
    """A client may send its first frame before it has read 101."""
    with echoing() as address, Proxy(address) as proxy, proxy.client() as client:
        frame = b"\x81\x85" + b"\0\0\0\0" + b"hello"
        client.send(
            b"GET /chat HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            + frame
        )
        assert client.response("UPGRADE").status == 101
        got = b""
        while not got.endswith(b"\x81\x05hello"):
            got += (data := client.receive())
            assert data, got
