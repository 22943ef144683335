"""Stopping: what was accepted is answered, what was not is not begun, and a second signal ends
it at once.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from pathlib import Path

import pytest

from .harness.client import Client, Closed
from .harness.exchange import Exchange
from .harness.load import Load
from .harness.node import Node, hello
from .harness.proxy import Proxy
from .harness.waiting import until


def refuses(address: str) -> bool:
    """Whether new connections are turned away."""
    try:
        Client(address, timeout=5).socket.close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_drain_under_load_answers_all_it_has_accepted(
    number: signal.Signals, method: str
) -> None:
    """Every request a node saw was answered 200 to its client; nothing was cut short or refused
    in words.
    """
    with Node() as node, Proxy(node) as proxy:
        load = Load(proxy.address, 16, method=method, body=b"hello" if method == "POST" else b"")
        with load:
            load.more()
            load.draining.set()
            proxy.signal(number)
            assert proxy.wait() == 0
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]
        asked = {exchange.header("x-id") for exchange in node.requests}
        assert asked == tally.done


def test_a_request_under_way_is_finished_and_its_connection_closed() -> None:
    """The answer comes after the signal, says `Connection: close`, and the proxy exits 0
    thereafter.
    """
    go = threading.Event()

    def wait(exchange: Exchange) -> None:
        exchange.read()
        assert go.wait(30)
        exchange.reply(200, b"done")

    with Node(wait) as node, Proxy(node) as proxy, proxy.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        until(lambda: node.hits == 1, "the request is under way")
        proxy.signal()
        until(lambda: refuses(proxy.address), "no new connections")
        go.set()
        answer = client.response()
        assert (answer.status, answer.body) == (200, b"done")
        assert answer.closes
        assert proxy.wait() == 0


def test_a_request_whose_first_byte_was_read_is_answered() -> None:
    """Half a head before the signal, the rest after it."""
    with Node() as node, Proxy(node) as proxy, proxy.client() as client:
        assert client.send(b"GET /a HTTP/1.1\r\nHost: t\r\n\r\n").response().status == 200
        client.send(b"GET /b HTTP/1.1\r\nHo")
        until(lambda: waiting(proxy) == 0, "the half has been read")
        proxy.signal()
        until(lambda: refuses(proxy.address), "no new connections")
        client.send(b"st: t\r\n\r\n")
        answer = client.response()
        assert answer.status == 200
        assert answer.closes
        assert node.requests[-1].target == "/b"
        assert proxy.wait() == 0


def waiting(proxy: Proxy) -> int:
    """Add up the bytes in the proxy's receive queues, as the kernel counts them for its
    listener's port.
    """
    port = f":{int(proxy.address.rpartition(':')[2]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].split(":")[1], 16) for row in rows if row[1].endswith(port))


def test_a_body_under_way_is_finished_both_ways() -> None:
    """An upload goes on after the signal, and its answer comes back."""

    def count(exchange: Exchange) -> None:
        exchange.reply(200, str(len(exchange.read())).encode())

    with Node(count) as node, Proxy(node) as proxy, proxy.client() as client:
        client.send(b"PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n", b"x" * 400_000)
        until(lambda: node.hits == 1, "the upload is under way")
        proxy.signal()
        until(lambda: refuses(proxy.address), "no new connections")
        client.send(b"x" * 600_000)
        assert client.response().body == b"1000000"
        assert proxy.wait() == 0


def test_idle_connections_do_not_hold_up_the_end() -> None:
    """A hundred clients that keep their connection and ask nothing more."""
    with Node() as node, Proxy(node) as proxy, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(proxy.client()) for _ in range(100)]
        for client in clients:
            assert client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").response().status == 200
        proxy.signal()
        assert proxy.wait() == 0
        for client in clients:
            with pytest.raises(Closed):
                client.response()
        assert node.hits == 100


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    """A request that would hold the drain for a minute is given up."""
    never = threading.Event()

    def wait(exchange: Exchange) -> None:
        exchange.read()
        never.wait(120)

    try:
        with (
            Node(wait) as node,
            Proxy(node, proxy={"drain": "60s"}) as proxy,
            proxy.client() as client,
        ):
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            until(lambda: node.hits == 1, "the request is under way")
            proxy.signal()
            until(lambda: refuses(proxy.address), "no new connections")
            assert proxy.running.poll() is None
            proxy.signal(second)
            proxy.exit_code = proxy.wait(within=30)
            assert proxy.exit_code in (0, 1, 128 + second, -second)
            proxy.gone()
    finally:
        never.set()


def test_a_drain_ends_at_its_deadline() -> None:
    """A node that never answers cannot keep the proxy alive."""
    never = threading.Event()

    def wait(exchange: Exchange) -> None:
        exchange.read()
        never.wait(120)

    try:
        with (
            Node(wait) as node,
            Proxy(node, proxy={"drain": "500ms"}) as proxy,
            proxy.client() as client,
        ):
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            until(lambda: node.hits == 1, "the request is under way")
            proxy.signal()
            proxy.exit_code = proxy.wait(within=60)
            proxy.gone()
    finally:
        never.set()


def test_readiness_fails_while_draining() -> None:
    """/readyz tells the balancer in front of us to look elsewhere; the admin listener serves to
    the end.
    """
    go = threading.Event()

    def wait(exchange: Exchange) -> None:
        exchange.read()
        assert go.wait(60)
        hello(exchange)

    with Node(wait) as node, Proxy(node, proxy={"drain": "60s"}) as proxy, proxy.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        until(lambda: node.hits == 1, "the request is under way")
        proxy.signal()
        until(lambda: ready(proxy) == 503, "readiness fails")
        go.set()
        assert client.response().status == 200
        assert proxy.wait() == 0


def ready(proxy: Proxy) -> int:
    """Ask /readyz."""
    with Client(proxy.admin) as client:
        client.send(b"GET /readyz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        return client.response().status


def test_the_port_is_free_again_at_once() -> None:
    """The next proxy binds the same address the moment the last is gone."""
    with Node() as node:
        with Proxy(node) as proxy:
            proxy.get("/")
            taken = proxy.address
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", int(taken.rpartition(":")[2])))
