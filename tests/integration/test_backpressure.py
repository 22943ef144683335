"""A slow side slows the other; the proxy's memory does not grow, and who leaves is not worked
for.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from .harness import processes
from .harness.client import Client
from .harness.exchange import Exchange, Wire
from .harness.nginx import Nginx
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.waiting import until

READERS = 1000
LARGE = 8 << 20
PER_READER = 160 << 10
"""What one stalled pair of connections may cost the proxy in its own memory: two buffers of 64 KiB
and change.

The kernel's socket buffers are not the process's memory; 1,000 × 8 MiB buffered instead would be 8
GiB.
"""


def test_a_thousand_slow_readers_cost_flat_memory() -> None:
    """Each asks for 8 MiB and reads a little: the rest stays at the node."""
    with Nginx() as node, Proxy(node, cluster={"timeouts": {"connect": "10s"}}) as proxy:
        (node.folder / "files" / "large").write_bytes(b"x" * LARGE)
        assert proxy.get("/").status == 200
        before = processes.resident(proxy.pid)
        readers = []
        with contextlib.ExitStack() as stack:
            for _ in range(READERS):
                reader = stack.enter_context(Client(proxy.address, receive_buffer=4096))
                reader.send(b"GET /files/large HTTP/1.1\r\nHost: t\r\n\r\n")
                readers.append(reader)
            for reader in readers:
                assert reader.socket.recv(100).startswith(b"HTTP/1.1 200")
            grown = processes.resident(proxy.pid) - before
            assert grown < READERS * PER_READER, f"{grown / READERS / 1024:.0f} KiB per reader"
            assert proxy.get("/").status == 200  # nobody else waits for them
        until(lambda: not in_flight(proxy), "the loans of readers that left are given back")


def in_flight(proxy: Proxy) -> int:
    """Add up what the nodes have in flight."""
    clusters = proxy.clusters()["clusters"]
    return sum(int(node["in_flight"]) for cluster in clusters for node in cluster["nodes"])


def asked(node: Node, count: int) -> None:
    """Wait until the node was asked so often."""
    until(lambda: node.hits == count, f"the node was asked {count} times")


def test_a_node_that_does_not_read_stops_its_sender() -> None:
    """An upload stalls at the client when the node stalls, and completes when it goes on."""
    go = threading.Event()
    size = 64 << 20

    def stall(exchange: Exchange) -> None:
        assert go.wait(60)
        count = 0
        while (piece := exchange.piece()) is not None:
            count += len(piece)
        exchange.reply(200, str(count).encode())

    with (
        Node(stall, receive_buffer=8192) as node,
        Proxy(node) as proxy,
        proxy.client(timeout=60) as client,
    ):
        before = processes.resident(proxy.pid)
        client.send(b"PUT /up HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % size)
        client.socket.setblocking(False)
        sent = 0
        block = b"x" * (1 << 16)

        def stuck() -> bool:
            nonlocal sent
            moved = False
            with contextlib.suppress(BlockingIOError):
                while sent < size:
                    sent += client.socket.send(block[: size - sent])
                    moved = True
            return not moved

        until(lambda: all(stuck() for _ in range(5)), "the sender is stopped", every=0.3)
        assert sent < size
        assert processes.resident(proxy.pid) - before < 4 << 20
        go.set()
        client.socket.settimeout(60)
        while sent < size:
            sent += client.socket.send(block[: size - sent])
        assert client.response().body == str(size).encode()


def test_a_client_that_leaves_cancels_its_request_at_the_node() -> None:
    """Waiting for a head, the node sees its connection end; it is not blamed."""

    def wait(exchange: Exchange) -> None:
        exchange.read()
        exchange.wire.wait_end()
        exchange.end()

    with Node(wait) as node, Proxy(node) as proxy:
        for turn in range(1, 8):
            with proxy.client() as client:
                client.send(b"GET /gone HTTP/1.1\r\nHost: t\r\n\r\n")
                asked(node, turn)
            assert node.requests[-1].wire.over.wait(30)
        until(lambda: in_flight(proxy) == 0, "nothing is in flight")
        assert proxy.metrics().sum("evenly_node_failures_total") == 0


def test_a_client_that_leaves_midway_ends_its_nodes_answer() -> None:
    """An endless answer ends when nobody reads it."""
    ended = threading.Event()

    def endless(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                exchange.send(b"x" * 65_536)
        except OSError:
            ended.set()
            raise

    with Node(endless) as node, Proxy(node) as proxy:
        with proxy.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            assert client.receive()
        assert ended.wait(30)
        assert node.hits == 1


def test_a_client_that_leaves_its_body_unfinished_ends_the_nodes_request() -> None:
    """The node never takes half a body for a whole one."""
    with Node() as node, Proxy(node) as proxy:
        with proxy.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nhalf")
            until(lambda: node.hits == 1, "the head arrived")
        assert node.requests[0].cut.wait(30)
        assert not node.requests[0].complete


def test_a_flood_of_interim_answers_is_not_kept() -> None:
    """Ten thousand 1xx answers to a client that reads nothing: bounded, or given up."""

    def flood(wire: Wire) -> None:
        wire.read_head()
        for _ in range(10_000):
            wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </" + b"a" * 900 + b">\r\n\r\n")
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        wire.wait_end()

    with Node(raw=flood) as node, Proxy(node) as proxy:
        before = processes.resident(proxy.pid)
        with Client(proxy.address, receive_buffer=4096) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            client.socket.recv(1)
            until(lambda: node.hits == 0 and bool(node.wires), "the node floods")
            assert processes.resident(proxy.pid) - before < 4 << 20
            client.socket.shutdown(socket.SHUT_RDWR)
        assert node.wires[0].over.wait(60)
