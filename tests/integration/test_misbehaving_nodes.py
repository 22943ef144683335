"""Nodes that fail in every way they know: what the client sees, its name, and who is tried
instead.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest

from .harness.client import Client, Truncated
from .harness.exchange import Exchange, Wire
from .harness.node import Answer, Node, closed_port, echo
from .harness.proxy import Proxy
from .harness.waiting import until

TURNS: dict[str, object] = {
    "strategy": "round_robin",
    "ejection": False,
    "retries": {"budget_share": 1.0, "budget_per_second": 1000.0},
    "timeouts": {"response_head": "500ms", "connect": "1s"},
}
"""In turn, so that the bad node is surely asked; nobody is ejected, so that it is asked again."""


def resets(exchange: Exchange) -> None:
    """Read the request and break the connection."""
    exchange.read()
    exchange.wire.reset()
    exchange.end()


def leaves(exchange: Exchange) -> None:
    """Read the request and close without a word."""
    exchange.read()
    exchange.end()


def unavailable(exchange: Exchange) -> None:
    """Answer 503."""
    exchange.read()
    exchange.reply(503, b"not now")


def half_a_head(exchange: Exchange) -> None:
    """Begin a head and close."""
    exchange.read()
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    exchange.end()


def silent(exchange: Exchange) -> None:
    """Read the request and never answer."""
    exchange.read()
    exchange.wire.wait_end()
    exchange.end()


BEFORE_A_RESPONSE: dict[str, Answer] = {
    "resets": resets,
    "leaves": leaves,
    "answers 503": unavailable,
    "sends half a head": half_a_head,
}


def send(proxy: Proxy, method: str, name: str, body: bytes = b"x") -> int:
    """Ask with a body and return the status."""
    return proxy.get(f"/{name}", method=method, body=body).status


def seen(node: Node) -> set[str]:
    """Return the targets a node was asked for."""
    return {one.target for one in node.requests}


@pytest.mark.parametrize("way", BEFORE_A_RESPONSE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_what_may_be_repeated_is_tried_on_another_node(way: str, method: str) -> None:
    """No client sees the bad node, however it fails before its answer."""
    with Node(BEFORE_A_RESPONSE[way]) as bad, Node(echo) as good:
        with Proxy(bad, good, cluster=TURNS) as proxy:
            for turn in range(4):
                assert proxy.get(f"/{turn}", method=method).status == 200
        assert bad.hits >= 1
        assert seen(good) == {f"/{turn}" for turn in range(4)}


@pytest.mark.parametrize("way", BEFORE_A_RESPONSE)
def test_what_may_not_be_repeated_is_never_sent_twice(way: str) -> None:
    """A POST that reached the bad node fails with a name; the good one never sees it."""
    with Node(BEFORE_A_RESPONSE[way]) as bad, Node(echo) as good:
        with Proxy(bad, good, cluster=TURNS) as proxy:
            statuses = {f"/{turn}": send(proxy, "POST", str(turn)) for turn in range(6)}
        failed = {target for target, status in statuses.items() if status != 200}
        assert failed == seen(bad)
        assert failed and seen(good) == set(statuses) - failed
        wanted = 503 if way == "answers 503" else 502
        assert all(statuses[target] == wanted for target in failed)


def test_a_refused_connection_is_nobodys_loss() -> None:
    """No byte was written, so even a POST goes on to another node."""
    with Node(echo) as good, Proxy(closed_port(), good, cluster=TURNS) as proxy:
        assert [send(proxy, "POST", str(turn)) for turn in range(6)] == [200] * 6


def test_alone_a_failing_node_gives_502_with_the_reason() -> None:
    """There is no other node to try."""
    with Node(resets) as bad, Proxy(bad, cluster=TURNS) as proxy:
        answer = proxy.get("/")
        assert answer.status == 502
        assert "node_reset" in answer.body.decode()
    with Proxy(closed_port(), cluster=TURNS) as proxy:
        answer = proxy.get("/")
        assert answer.status == 502
        assert "connect_failed" in answer.body.decode()


def test_silence_ends_in_504() -> None:
    """The response head has a deadline; the node's request is given up."""
    with Node(silent) as bad, Proxy(bad, cluster=TURNS) as proxy:
        answer = proxy.get("/")
        assert answer.status == 504
        assert "response_timeout" in answer.body.decode()
        assert bad.requests[0].wire.over.wait(30)


def test_a_node_that_does_not_accept_times_out_on_connect() -> None:
    """Its backlog is full: SYNs go unanswered, the next node is tried."""
    with socket.socket() as deaf, Node(echo) as good:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        fillers = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
            fillers.append(one)
        try:
            with Proxy(address, good, cluster=TURNS) as proxy:
                assert [send(proxy, "POST", str(turn)) for turn in range(4)] == [200] * 4
        finally:
            for one in fillers:
                one.close()


def test_large_bodies_are_not_kept_for_a_second_try() -> None:
    """Above 64 KiB even a PUT that failed after its first bytes is not repeated."""
    with Node(resets) as bad, Node(echo) as good:
        with Proxy(bad, good, cluster=TURNS) as proxy:
            small = [send(proxy, "PUT", f"s{turn}", b"x" * 65_536) for turn in range(4)]
            large = [send(proxy, "PUT", f"l{turn}", b"x" * 200_000) for turn in range(4)]
        assert small == [200] * 4
        assert sorted(large) == [200, 200, 502, 502]


HALVES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    "until close": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf",
}


@pytest.mark.parametrize("end", ["closed", "reset"])
@pytest.mark.parametrize("framing", HALVES)
def test_an_answer_cut_short_is_seen_as_cut_short(framing: str, end: str) -> None:
    """Half a body must never look like a whole one; only a close that frames a body ends it."""
    read = threading.Event()

    def stops(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(HALVES[framing])
        assert read.wait(30)
        if end == "reset":
            exchange.wire.reset()
        exchange.end()

    with Node(stops) as bad, Node(stops) as other, Proxy(bad, other, cluster=TURNS) as proxy:
        with Client(proxy.address) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            got = b""
            while b"half" not in got:
                got += (data := client.receive())
                assert data
            client.buffer = got
            read.set()
            if (framing, end) == ("until close", "closed"):
                assert client.response().body == b"half"
            else:
                with pytest.raises(Truncated):
                    client.response()
        assert bad.hits + other.hits == 1  # the answer had begun: nothing may be tried again


def test_a_trickled_answer_arrives_as_it_comes() -> None:
    """Head and body byte by byte; the first body byte is there before the last is sent."""
    halves: list[Callable[[], None]] = []

    def trickle(exchange: Exchange) -> None:
        exchange.read()
        said = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"
        # Before the last byte is out: the client may be quicker than this thread.
        halves.append(lambda: exchange.send(b"5", b"6", b"7", b"8", b"9"))
        exchange.send(*(said[i : i + 1] for i in range(len(said))))
        exchange.wire.wait_end()
        exchange.end()

    with Node(trickle) as node, Proxy(node) as proxy, Client(proxy.address) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        got = b""
        while not got.endswith(b"01234"):
            got += (data := client.receive())
            assert data
        halves[0]()
        while not got.endswith(b"0123456789"):
            got += (data := client.receive())
            assert data


def test_a_node_that_closes_idle_connections_costs_no_request() -> None:
    """Servers that close after a short idle time, without saying so, meet reuse again and again."""

    def hurry(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(200, b"ok")
        exchange.wire.socket.settimeout(0.05)  # then recv fails and the node closes

    with Node(hurry) as one, Node(hurry) as two, Proxy(one, two, cluster=TURNS) as proxy:
        with Client(proxy.address) as client:
            for turn in range(30):
                client.send(b"GET /%d HTTP/1.1\r\nHost: t\r\n\r\n" % turn)
                assert client.response().status == 200
                if turn % 3 == 0:
                    until(lambda: one.open + two.open == 0, "the nodes closed")
        assert one.hits + two.hits >= 30


def test_a_node_that_speaks_first_is_not_believed() -> None:
    """An answer before any request must not be taken for the answer to one."""

    def speaks(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        wire.wait_end()

    with Node(raw=speaks) as bad, Proxy(bad, cluster=TURNS) as proxy:
        answers = [proxy.get("/") for _ in range(3)]
        assert all(answer.status in (200, 502, 504) for answer in answers)


def test_keep_alive_timeouts_of_nodes_are_respected() -> None:
    """A node that says `timeout=1` is not asked on a connection idle for longer, even for a
    POST.
    """

    def brief(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(200, b"ok", ("Keep-Alive", "timeout=1"))
        exchange.wire.socket.settimeout(1.2)

    with Node(brief) as node, Proxy(node, cluster=TURNS) as proxy:
        assert send(proxy, "POST", "first") == 200
        until(lambda: node.open == 0, "the connection is closed by one of the two")
        assert send(proxy, "POST", "second") == 200
