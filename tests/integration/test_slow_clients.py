"""Clients that dawdle are given up, by name where they can still be told, and cost nodes
nothing.
"""

from __future__ import annotations

import contextlib

import pytest

from .harness.client import Closed
from .harness.exchange import Exchange
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.state import idle
from .harness.waiting import until

SHORT = {"timeouts": {"head": "400ms", "idle": "400ms", "tunnel_idle": "400ms"}}


def test_a_head_that_never_ends_is_answered_408() -> None:
    """The client is told so and dropped; the node never hears of it."""
    with Node() as node, Proxy(node, listen=SHORT) as proxy, proxy.client() as client:
        client.send(b"GET /slow HTTP/1.1\r\nHost: t\r\n")
        answer = client.response()
        assert answer.status == 408
        assert "request_timeout" in answer.body.decode()
        assert answer.closes
        assert node.received == 0


def test_a_head_that_comes_byte_by_byte_has_one_deadline() -> None:
    """Each byte does not buy more time: that is how a few clients hold thousands of connections."""
    with Node() as node, Proxy(node, listen=SHORT) as proxy, proxy.client(timeout=0.05) as client:
        client.send(b"GET /slow HTTP/1.1\r\nHost: t\r\nX-Long: ")

        def told() -> bytes:
            client.offer(b"x")
            with contextlib.suppress(TimeoutError):
                return client.receive()
            return b""

        assert until(told, "the client is told").startswith(b"HTTP/1.1 408")
        assert node.received == 0


def test_a_connection_that_says_nothing_is_closed_in_silence() -> None:
    """Before a first byte there is no request to answer, after an answer neither."""
    with Node() as node, Proxy(node, listen=SHORT) as proxy:
        with proxy.client() as client, pytest.raises(Closed):
            client.response()
        with proxy.client() as client:
            assert client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").response().status == 200
            with pytest.raises(Closed):
                client.response()
        assert node.hits == 1


def test_a_body_that_stops_ends_the_request_on_both_sides() -> None:
    """The node sees its request break off, the client gets 408 or its end; no one is blamed."""
    with Node() as node, Proxy(node, listen=SHORT) as proxy, proxy.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nhalf")
        with contextlib.suppress(Closed):
            assert client.response().status == 408
        until(lambda: node.hits == 1, "the head arrived")
        assert node.requests[0].cut.wait(30)
        idle(proxy)
        assert proxy.metrics().sum("evenly_node_failures_total") == 0


def test_a_slow_answer_is_not_a_slow_client() -> None:
    """While a node works the client has nothing to say: the idle time does not run."""

    def work(exchange: Exchange) -> None:
        exchange.read()
        exchange.cut.wait(1.2)  # three times the idle time; nobody sets it
        exchange.reply(200, b"worked")

    with Node(work) as node, Proxy(node, listen=SHORT) as proxy, proxy.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        assert client.response().body == b"worked"


def test_a_tunnel_without_traffic_is_closed() -> None:
    """After its idle time both sides see the end."""

    def switch(exchange: Exchange) -> None:
        exchange.send(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        exchange.wire.wait_end()
        exchange.end()

    with Node(switch) as node, Proxy(node, listen=SHORT) as proxy, proxy.client() as client:
        client.send(
            b"GET /chat HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert client.response("UPGRADE").status == 101
        client.rest()
        assert client.ended
        assert node.requests[0].wire.over.wait(30)
        idle(proxy)
