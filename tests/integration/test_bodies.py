"""Bodies of every framing, in both directions, whole and in order."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Iterator

import pytest

from .harness.client import Client
from .harness.exchange import Exchange
from .harness.nginx import Nginx
from .harness.node import Node, echo
from .harness.proxy import Proxy
from .harness.waiting import until

Pair = tuple[Proxy, Node]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Give one proxy in front of one node that answers with what it was sent."""
    with Node(echo) as node, Proxy(node) as proxy:
        yield proxy, node
        assert not node.faults


def test_a_chunked_request_arrives_with_its_trailers(pair: Pair) -> None:
    """Chunk borders may move, bytes and trailers may not."""
    proxy, node = pair
    with proxy.client() as client:
        client.send(
            b"POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            b'5;ext="a;b"\r\nhello\r\n',
            b"00000A\r\n0123456789\r\n",
            b"0\r\nX-Sum: 15\r\n\r\n",
        )
        assert client.response().body == b"hello0123456789"
    seen = node.requests[-1]
    assert seen.body == b"hello0123456789"
    assert seen.trailers == [("x-sum", "15")]


def test_a_chunked_answer_arrives_with_its_trailers() -> None:
    """The same the other way."""

    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n")
        exchange.send(b"1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\n")

    with Node(answer) as node, Proxy(node) as proxy, proxy.client() as client:
        for _ in range(3):
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
            got = client.response()
            assert got.body == b"hello!"
            assert got.trailers == [("x-sum", "6")]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_body_comes_up_unchanged(framing: str) -> None:
    """32 MiB of noise, held against its checksum by the node."""
    blob = random.Random(7).randbytes(32 << 20)
    wanted = hashlib.sha256(blob).hexdigest()

    def digest(exchange: Exchange) -> None:
        sum_ = hashlib.sha256()
        while (piece := exchange.piece()) is not None:
            sum_.update(piece)
        exchange.reply(200, sum_.hexdigest().encode())

    with Node(digest) as node, Proxy(node) as proxy, proxy.client(timeout=60) as client:
        if framing == "length":
            client.send(
                b"PUT /up HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(blob), blob
            )
        else:
            client.send(b"PUT /up HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(blob), 1 << 20):
                client.send(b"%x\r\n" % (1 << 20) + blob[at : at + (1 << 20)] + b"\r\n")
            client.send(b"0\r\n\r\n")
        assert client.response().body.decode() == wanted


def test_a_large_body_comes_down_unchanged() -> None:
    """32 MiB from a real nginx, and again on the same connection."""
    blob = random.Random(8).randbytes(32 << 20)
    with Nginx() as node, Proxy(node) as proxy, proxy.client(timeout=60) as client:
        (node.folder / "files" / "blob").write_bytes(blob)
        for _ in range(2):
            got = client.send(b"GET /files/blob HTTP/1.1\r\nHost: t\r\n\r\n").response()
            assert hashlib.sha256(got.body).digest() == hashlib.sha256(blob).digest()


def test_both_directions_flow_at_once() -> None:
    """A node may answer while it reads: echo by pieces, more than any buffer holds."""
    size = 16 << 20

    def mirror(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while (piece := exchange.piece()) is not None:
            exchange.send(piece)

    blob = random.Random(9).randbytes(size)
    with Node(mirror) as node, Proxy(node) as proxy, proxy.client(timeout=60) as client:
        client.send(b"POST /m HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % size)
        writer = threading.Thread(target=client.send, args=(blob,), daemon=True)
        writer.start()
        got = client.response()
        writer.join(60)
        assert hashlib.sha256(got.body).digest() == hashlib.sha256(blob).digest()


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_ends_with_its_head(status: int) -> None:
    """Even when it gives a length (304), the next answer follows at once."""

    def answer(exchange: Exchange) -> None:
        exchange.read()
        length = b"Content-Length: 10\r\n" if status == 304 else b""
        exchange.send(b"HTTP/1.1 %d X\r\nETag: x\r\n%s\r\n" % (status, length))

    with Node(answer) as node, Proxy(node) as proxy, proxy.client() as client:
        for _ in range(3):
            got = client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").response()
            assert (got.status, got.body) == (status, b"")
            assert got.header("transfer-encoding") is None


@pytest.mark.parametrize("framing", [b"Content-Length: 10", b"Transfer-Encoding: chunked"])
def test_an_answer_to_head_keeps_its_framing_and_has_no_body(framing: bytes) -> None:
    """HEAD says what GET would: the length stays, no byte follows."""

    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")

    with Node(answer) as node, Proxy(node) as proxy, proxy.client() as client:
        for _ in range(3):
            got = client.send(b"HEAD / HTTP/1.1\r\nHost: t\r\n\r\n").response("HEAD")
            assert got.status == 200
            if framing.startswith(b"Content-Length"):
                assert got.header("content-length") == "10"


def test_pipelined_requests_are_answered_in_order(pair: Pair) -> None:
    """Fifty at once, bodies among them; the answers come in the order of the requests."""
    proxy, _ = pair
    requests, bodies = [], []
    for turn in range(50):
        body = b"n%d" % turn * (turn * 50)
        bodies.append(body)
        if turn % 2:
            head = b"POST /p HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(body)
            requests.append(head + body)
        else:
            head = b"POST /p HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
            chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            requests.append(head + chunk + b"0\r\n\r\n")
    with proxy.client() as client:
        client.send(b"".join(requests))
        assert [client.response().body for _ in range(50)] == bodies


def test_a_waiting_client_is_told_to_go_on(pair: Pair) -> None:
    """`Expect: 100-continue`: 100 first, then the body, then one answer."""
    proxy, node = pair
    for framing, body in (
        (b"Content-Length: 5", b"hello"),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
    ):
        with proxy.client() as client:
            client.send(
                b"POST /e HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n" + framing + b"\r\n\r\n"
            )
            got = b""
            while b"\r\n\r\n" not in got:
                got += (data := client.receive())
                assert data
            assert got.startswith(b"HTTP/1.1 100 ")
            client.send(body)
            assert client.response().body == b"hello"
        assert node.requests[-1].body == b"hello"


def test_a_waiting_client_can_be_refused_without_its_body() -> None:
    """The node's final answer comes in place of 100, or after it; either way it comes once."""

    def refuse(exchange: Exchange) -> None:
        exchange.reply(417, b"no", close=True)

    with Node(refuse) as node, Proxy(node) as proxy, proxy.client() as client:
        client.send(
            b"POST /e HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        assert client.response().status == 417


def test_a_sender_that_waits_for_nothing_is_not_held_up(pair: Pair) -> None:
    """Expect with the body right behind it."""
    proxy, node = pair
    with proxy.client() as client:
        client.send(
            b"POST /e HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"
        )
        assert client.response().body == b"hello"
        assert client.send(b"GET /n HTTP/1.1\r\nHost: t\r\n\r\n").response().status == 200
    assert node.requests[-1].target == "/n"


def test_a_client_that_sends_a_head_and_waits_is_not_left_waiting() -> None:
    """A chunked head whose first chunk depends on the answer is forwarded after a short bound."""

    def first_word(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nready\r\n")
        body = exchange.read()
        exchange.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    with Node(first_word) as node, Proxy(node) as proxy, proxy.client() as client:
        client.send(b"POST /s HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        got = b""
        while b"ready" not in got:
            got += (data := client.receive())
            assert data
        client.buffer = got
        client.send(b"5\r\nhello\r\n0\r\n\r\n")
        assert client.response().body == b"readyhello"


def test_a_late_first_chunk_is_no_farewell(pair: Pair) -> None:
    """A client may take its time before its first chunk, also when a connection to the node is at hand."""
    proxy, node = pair
    with proxy.client() as client:
        for _ in range(3):
            assert client.send(b"GET /n HTTP/1.1\r\nHost: t\r\n\r\n").response().status == 200
            seen = node.hits
            client.send(b"POST /s HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
            # The head is held back for a first chunk, and goes on without one after a while.
            until(lambda: node.hits > seen, "the node has the head")  # noqa: B023
            client.send(b"5\r\nhello\r\n0\r\n\r\n")
            assert client.response("POST").body == b"hello"


def test_an_early_answer_reaches_a_client_that_still_sends() -> None:
    """A node may refuse an upload at its head; the client learns it and the connection ends."""

    def refuse(exchange: Exchange) -> None:
        exchange.reply(413, b"too much", close=True)

    with Node(refuse) as node, Proxy(node) as proxy, proxy.client(timeout=60) as client:
        client.send(b"POST /big HTTP/1.1\r\nHost: t\r\nContent-Length: 100000000\r\n\r\n")
        got = client.offer(b"x" * 100_000).response()
        assert (got.status, got.body) == (413, b"too much")


def test_interim_answers_pass_to_clients_that_know_them() -> None:
    """103 Early Hints goes through to HTTP/1.1, and not to HTTP/1.0."""

    def hint(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        exchange.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        exchange.reply(200, b"ok")

    with Node(hint) as node, Proxy(node) as proxy:
        with proxy.client() as client:
            for _ in range(2):
                got = client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").response()
                assert (got.status, got.body, got.interim) == (200, b"ok", [103, 102])
        with proxy.client() as client:
            got = client.send(b"GET / HTTP/1.0\r\nHost: t\r\n\r\n").response()
            assert (got.status, got.body, got.interim) == (200, b"ok", [])


def test_an_event_stream_is_passed_on_event_by_event() -> None:
    """Each event is there before the next is sent: nothing waits for a full buffer."""
    go = threading.Semaphore(0)

    def stream(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for turn in range(3):
            exchange.send(b"data: %d\n\n" % turn)
            assert go.acquire(timeout=30)
        exchange.end()

    with Node(stream) as node, Proxy(node) as proxy, Client(proxy.address) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        got = b""
        for turn in range(3):
            while b"data: %d" % turn not in got:
                got += (data := client.receive())
                assert data
            go.release()
