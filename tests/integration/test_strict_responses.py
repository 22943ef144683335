"""Nodes obey the same table as clients: what they garble never reaches a client as if it were an
answer.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

import pytest

from .harness.client import Client, Closed, Truncated
from .harness.exchange import Exchange
from .harness.garbled import GARBLED, OK, Garbled, lines
from .harness.node import Node
from .harness.proxy import Proxy

FOREIGN = [
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x15\x03\x01\x00\x02\x02\x0a",
    b"hello\r\n\r\n",
    b"\0" * 100,
]
"""Other protocols: which rule refuses them is a detail."""

BROKEN_BODIES = {
    "chunk size": b"zz\r\nhello\r\n0\r\n\r\n",
    "chunk end": b"5\r\nhelloX\r\n0\r\n\r\n",
    "second chunk size": b"5\r\nhello\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "trailer": b"5\r\nhello\r\n0\r\nbroken\r\n\r\n",
}

Pair = tuple[Proxy, Node, dict[str, bytes]]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Give a proxy, and a node that says under each target what the test put there."""
    said: dict[str, bytes] = {}

    def answer(exchange: Exchange) -> None:
        exchange.read()
        if exchange.target in said:
            exchange.send(said[exchange.target])
            exchange.wire.wait_end()
            exchange.end()
        else:
            exchange.reply(200, b"good")

    with Node(answer) as node, Proxy(node, cluster={"ejection": False}) as proxy:
        yield proxy, node, said


def ask(proxy: Proxy, target: str, method: str = "POST") -> bytes:
    """Ask without waiting for the answer to be well formed; POST is never tried twice."""
    with Client(proxy.address) as client:
        client.send(
            f"{method} {target} HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        return client.rest()


@pytest.mark.parametrize("garbled", GARBLED, ids=str)
def test_a_garbled_answer_becomes_502_with_its_rule(pair: Pair, garbled: Garbled) -> None:
    """The client gets none of it, the connection to the node is given up, the next request is
    fine.
    """
    proxy, node, said = pair
    said["/garbled"] = garbled.said
    got = ask(proxy, "/garbled")
    assert got.startswith(b"HTTP/1.1 502 "), got[:200]
    assert f"bad_response:{garbled.rule}".encode() in got
    assert b"hello" not in got
    assert node.requests[-1].wire.over.wait(30)
    assert proxy.get("/good").body == b"good"


@pytest.mark.parametrize("noise", FOREIGN, ids=lambda noise: repr(noise[:12]))
def test_another_protocol_becomes_502(pair: Pair, noise: bytes) -> None:
    """A node that does not speak HTTP is named so, not waited for."""
    proxy, _, said = pair
    said["/noise"] = noise
    got = ask(proxy, "/noise")
    assert got.startswith(b"HTTP/1.1 502 "), got[:200]
    assert b"bad_response:" in got


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_a_body_that_turns_bad_is_never_completed(pair: Pair, name: str) -> None:
    """Either 502, or an answer the client can see is cut short."""
    proxy, _, said = pair
    said["/body"] = OK + b"Transfer-Encoding: chunked\r\n\r\n" + BROKEN_BODIES[name]
    with Client(proxy.address) as client:
        client.send(b"POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
        with contextlib.suppress(Truncated):
            assert client.response().status == 502


def test_a_status_beyond_the_known_ones_passes(pair: Pair) -> None:
    """599 and an empty reason are unusual, not wrong."""
    proxy, _, said = pair
    said["/odd"] = b"HTTP/1.1 599 \r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    assert ask(proxy, "/odd").startswith(b"HTTP/1.1 599")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_second_answer_is_nobodys(pair: Pair, method: str) -> None:
    """What a node says unasked must not become the next client's answer."""
    proxy, _, said = pair
    said["/two"] = lines() + lines(b"Evil: 1\r\n")
    with Client(proxy.address) as client:
        client.send(f"{method} /two HTTP/1.1\r\nHost: t\r\n\r\n".encode())
        answer = client.response(method)
        assert answer.status in (200, 502)
        for _ in range(5):
            try:
                again = client.send(b"GET /good HTTP/1.1\r\nHost: t\r\n\r\n").response()
            except (Closed, ConnectionError):
                break
            assert again.body == b"good"
    for _ in range(5):
        assert proxy.get("/good").body == b"good"


@pytest.mark.parametrize("status", [204, 304])
def test_bytes_after_an_answer_without_a_body_are_nobodys(pair: Pair, status: int) -> None:
    """204 and 304 end with their head, whatever follows."""
    proxy, _, said = pair
    said["/none"] = b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\nhello" % status
    got = ask(proxy, "/none", "GET")
    assert got.startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.1 502"))
    assert b"hello" not in got
    assert proxy.get("/good").body == b"good"


def test_garbled_answers_count_against_the_node() -> None:
    """A node that only garbles is ejected, and a good one takes its place."""

    def garble(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello")
        exchange.end()

    cluster = {"strategy": "round_robin"}
    with Node(garble) as bad, Node() as good, Proxy(bad, good, cluster=cluster) as proxy:
        statuses = Counter(proxy.get("/").status for _ in range(40))
        assert set(statuses) <= {200, 502}
        assert statuses[502] <= 6  # five in a row eject it, and a probe may have come since
        assert good.hits == statuses[200]
        assert bad.hits <= 6
