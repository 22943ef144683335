"""A request is repeated whole or not at all, also when its body is still on its way as the first
node fails.
"""

from __future__ import annotations

import random

import pytest

from .harness.exchange import Exchange
from .harness.node import Answer, Node, closed_port, echo
from .harness.proxy import Proxy
from .harness.waiting import until

CLUSTER: dict[str, object] = {
    "strategy": "round_robin",
    "ejection": False,
    "retries": {"budget_share": 1.0, "budget_per_second": 1000.0},
}


def resets_early(exchange: Exchange) -> None:
    """Break the connection after the first bytes of the body."""
    exchange.piece()
    exchange.wire.reset()
    exchange.end()


def refuses_early(exchange: Exchange) -> None:
    """Answer 503 after the first bytes of the body, and go."""
    exchange.piece()
    exchange.reply(503, b"busy", close=True)


def refuses_at_the_head(exchange: Exchange) -> None:
    """Answer 503 before any of the body."""
    exchange.reply(503, b"busy", close=True)


FAILING: dict[str, Answer] = {
    "resets early": resets_early,
    "503 early": refuses_early,
    "503 at the head": refuses_at_the_head,
}


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("way", FAILING)
def test_a_body_on_its_way_reaches_the_second_node_whole(way: str, framing: str) -> None:
    """The first part goes to the failing node; the second node gets all of it, trailers too."""
    body = random.Random(3).randbytes(40_000)
    with Node(FAILING[way]) as bad, Node(echo) as good:
        with Proxy(bad, good, cluster=CLUSTER) as proxy:
            for turn in range(4):
                before = bad.hits + good.hits
                with proxy.client() as client:
                    start = b"PUT /%d HTTP/1.1\r\nHost: t\r\n" % turn
                    if framing == "length":
                        client.send(start + b"Content-Length: 40000\r\n\r\n" + body[:1000])
                    else:
                        client.send(
                            start
                            + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n"
                            + body[:1000]
                            + b"\r\n"
                        )
                    begun(bad, good, before)
                    if framing == "length":
                        client.offer(body[1000:20_000], body[20_000:])
                    else:
                        client.offer(b"%x\r\n" % 39_000 + body[1000:], b"\r\n0\r\nX-Sum: 1\r\n\r\n")
                    answer = client.response()
                assert answer.status == 200, answer
                assert answer.body == body
        assert bad.hits >= 2
        assert {one.target for one in good.requests} == {"/0", "/1", "/2", "/3"}
        if framing == "chunked":
            assert all(one.trailers == [("x-sum", "1")] for one in good.requests)
        assert not good.faults


def begun(bad: Node, good: Node, before: int) -> None:
    """Wait until a node has the head."""
    until(lambda: bad.hits + good.hits > before, "a node was asked")


@pytest.mark.parametrize("way", FAILING)
def test_a_post_on_its_way_is_never_repeated(way: str) -> None:
    """It is answered 502, or with what the node said."""
    with Node(FAILING[way]) as bad, Node(echo) as good:
        with Proxy(bad, good, cluster=CLUSTER) as proxy:
            statuses = []
            for turn in range(6):
                with proxy.client() as client:
                    client.send(
                        b"POST /%d HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nfirst" % turn
                    )
                    begun(bad, good, turn)
                    statuses.append(client.offer(b"last").response().status)
        assert (
            sorted(statuses)
            == [200] * good.hits + [502 if way == "resets early" else 503] * bad.hits
        )
        assert bad.hits + good.hits == 6


def test_an_expected_body_goes_to_the_node_that_takes_it() -> None:
    """The client was told to go on once; the node that failed before does not show."""
    with (
        Node(refuses_at_the_head) as bad,
        Node(echo) as good,
        Proxy(bad, good, cluster=CLUSTER) as proxy,
    ):
        for _ in range(4):
            with proxy.client() as client:
                client.send(
                    b"PUT / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
                )
                got = b""
                while b"\r\n\r\n" not in got:
                    got += (data := client.receive())
                    assert data
                assert got.startswith(b"HTTP/1.1 100 ")
                answer = client.send(b"hello").response()
                assert (answer.status, answer.body, answer.interim) == (200, b"hello", [])


def test_a_handshake_that_meets_a_dead_node_is_made_with_another() -> None:
    """A WebSocket begins with a GET like any other."""

    def switch(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        exchange.wire.wait_end()
        exchange.end()

    with Node(switch) as node, Proxy(closed_port(), node, cluster=CLUSTER) as proxy:
        for _ in range(4):
            with proxy.client() as client:
                client.send(
                    b"GET /chat HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                )
                assert client.response("UPGRADE").status == 101
