"""What a node is told about the client, and what stays between the client and the proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness.client import Client
from .harness.exchange import Exchange
from .harness.node import Node, echo, hello
from .harness.proxy import Proxy

Pair = tuple[Proxy, Node]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Give one proxy in front of one node."""
    with Node(echo) as node, Proxy(node) as proxy:
        yield proxy, node
        assert not node.faults


def asked(pair: Pair, *fields: str, target: str = "/x") -> Exchange:
    """Ask once and return what the node saw."""
    proxy, node = pair
    assert proxy.get(target, *fields).status == 200
    return node.requests[-1]


def test_host_target_and_end_to_end_fields_arrive_as_sent(pair: Pair) -> None:
    """Nothing is reordered, re-encoded or merged."""
    seen = asked(pair, "A: 1", "B: 2", "A: 3", "Cookie: x=y; z", target="/a/../b//c?d=%2F&e=%zz")
    assert seen.header("host") == "t"
    assert seen.target == "/a/../b//c?d=%2F&e=%zz"
    assert [value for name, value in seen.headers if name == "a"] == ["1", "3"]
    assert seen.header("cookie") == "x=y; z"


def test_the_node_learns_who_asked(pair: Pair) -> None:
    """The client's address, scheme and host, in the old fields and in RFC 7239's."""
    seen = asked(pair)
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-forwarded-proto") == "http"
    assert seen.header("x-forwarded-host") == "t"
    forwarded = (seen.header("forwarded") or "").lower().split(";")
    assert {"for=127.0.0.1", "proto=http", "host=t"} <= {
        part.strip().replace('"', "") for part in forwarded
    }


def test_forwarded_fields_of_strangers_are_replaced(pair: Pair) -> None:
    """Who is not trusted cannot say who it is."""
    lies = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"]
    seen = asked(pair, *lies, "Forwarded: for=6.6.6.6;host=evil;proto=https")
    assert seen.header("x-forwarded-for") == "127.0.0.1"
    assert seen.header("x-forwarded-proto") == "http"
    assert seen.header("x-forwarded-host") == "t"
    assert "6.6.6.6" not in (seen.header("forwarded") or "")


def test_forwarded_fields_of_trusted_networks_are_kept_and_continued() -> None:
    """A balancer in front of us is believed, and we add its address."""
    with Node() as node, Proxy(node, listen={"trusted": ["127.0.0.0/8"]}) as proxy:
        said = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: first"]
        assert proxy.get("/", *said, "Forwarded: for=6.6.6.6").status == 200
        seen = node.requests[-1]
        chain = [one.strip() for one in (seen.header("x-forwarded-for") or "").split(",")]
        assert chain == ["6.6.6.6", "127.0.0.1"]
        assert seen.header("x-forwarded-proto") == "https"
        assert seen.header("x-forwarded-host") == "first"
        assert "6.6.6.6" in (seen.header("forwarded") or "")
        assert "127.0.0.1" in (seen.header("forwarded") or "")


def test_several_lines_of_a_trusted_chain_stay_in_order() -> None:
    """Two X-Forwarded-For lines are one list; the last word is ours."""
    with Node() as node, Proxy(node, listen={"trusted": ["127.0.0.1/32"]}) as proxy:
        assert proxy.get("/", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 7.7.7.7").status == 200
        lines = [value for name, value in node.requests[-1].headers if name == "x-forwarded-for"]
        chain = [one.strip() for one in ",".join(lines).split(",")]
        assert chain == ["6.6.6.6", "7.7.7.7", "127.0.0.1"]


def test_heads_up_to_the_limits_pass_unchanged(pair: Pair) -> None:
    """31 KiB in one field; 95 fields; a target of 16 KiB."""
    assert asked(pair, "X-Long: " + "v" * 31_000).header("x-long") == "v" * 31_000
    seen = asked(pair, *(f"X-{n}: {n}" for n in range(95)))
    assert all(seen.header(f"x-{n}") == str(n) for n in range(95))
    assert asked(pair, target="/" + "t" * 16_000).target == "/" + "t" * 16_000


def test_what_follows_connection_close_is_not_read(pair: Pair) -> None:
    """A client that says it is done is done."""
    proxy, node = pair
    before = node.hits
    with proxy.client() as client:
        client.send(
            b"GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
            b"GET /after HTTP/1.1\r\nHost: t\r\n\r\n"
        )
        assert client.response().status == 200
        assert client.rest() == b""
    assert node.hits == before + 1


def test_fields_of_the_connection_stay_on_it(pair: Pair) -> None:
    """Hop-by-hop fields and those that Connection names are not the node's."""
    seen = asked(
        pair,
        "Keep-Alive: timeout=9",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: secret",
        "TE: trailers",
        "Upgrade: h2c",
        "X-Private: 1",
        "X-Public: 2",
    )
    for name in ("keep-alive", "proxy-connection", "upgrade"):
        assert seen.header(name) is None, name
    assert seen.header("x-private") == "1"
    proxy, node = pair
    with proxy.client() as client:
        client.send(
            b"GET /named HTTP/1.1\r\nHost: t\r\nConnection: close, X-Private\r\n"
            b"X-Private: 1\r\nX-Public: 2\r\n\r\n"
        )
        assert client.response().status == 200
    seen = node.requests[-1]
    assert seen.header("x-private") is None
    assert seen.header("x-public") == "2"


@pytest.mark.parametrize("name", ["Content-Length", "Host", "Transfer-Encoding"])
def test_connection_cannot_remove_what_frames_a_message(pair: Pair, name: str) -> None:
    """`Connection: content-length` is how a body becomes a second request behind another proxy."""
    proxy, node = pair
    framing = b"Content-Length: 5\r\n\r\nhello"
    if name == "Transfer-Encoding":
        framing = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    with proxy.client() as client:
        client.send(
            b"POST /f HTTP/1.1\r\nHost: t\r\nConnection: " + name.encode() + b"\r\n" + framing
        )
        answer = client.response()
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert node.requests[-1].body == b"hello"
        assert node.requests[-1].header("host") == "t"


def test_h2c_is_never_offered_to_a_node(pair: Pair) -> None:
    """`Upgrade: h2c` would let a client speak past the proxy."""
    seen = asked(pair, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
    assert seen.header("upgrade") is None
    assert "upgrade" not in (seen.header("connection") or "")


def test_an_absolute_target_becomes_a_path(pair: Pair) -> None:
    """RFC 9112 3.2.2: a proxy's node is a server, it is asked by path and Host."""
    seen = asked(pair, target="http://t/a?b")
    assert seen.target == "/a?b"
    assert seen.header("host") == "t"


def test_options_asterisk_passes(pair: Pair) -> None:
    """The one target that is no path."""
    proxy, node = pair
    assert proxy.get("*", method="OPTIONS").status == 200
    assert node.requests[-1].target == "*"


def test_fields_of_the_nodes_connection_stay_on_it() -> None:
    """The client sees neither Keep-Alive nor what the node's Connection names."""

    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(
            b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Inner\r\nKeep-Alive: timeout=3\r\n"
            b"X-Inner: 1\r\nX-Outer: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok"
        )

    with Node(answer) as node, Proxy(node) as proxy:
        got = proxy.get()
        assert got.header("keep-alive") is None
        assert got.header("x-inner") is None
        assert got.header("x-outer") == "2"
        assert [value for name, value in got.headers if name == "set-cookie"] == ["a=1", "b=2"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_other_method_passes(pair: Pair, method: str) -> None:
    """Known or not, a method is the node's business."""
    proxy, node = pair
    assert proxy.get("/m", method=method, body=b"hello").body == b"hello"
    assert node.requests[-1].method == method


def test_a_connection_carries_many_requests_and_nodes_few_connections(pair: Pair) -> None:
    """Keep-alive on both sides: one client connection, and no more node connections than were
    open before.
    """
    proxy, node = pair
    proxy.get("/warm")
    before = len(node.wires)
    with proxy.client() as client:
        for _ in range(50):
            assert client.send(b"GET /k HTTP/1.1\r\nHost: t\r\n\r\n").response().status == 200
    assert len(node.wires) <= before + 2  # each of the two workers has a pool of its own


def test_http_1_0_clients_get_what_they_understand(pair: Pair) -> None:
    """No chunks, and the connection ends unless keep-alive was asked for."""
    proxy, node = pair
    with proxy.client() as client:
        answer = client.send(b"GET /old HTTP/1.0\r\n\r\n").response()
        assert answer.status == 200
        assert client.rest() == b""
    with proxy.client() as client:
        for _ in range(3):
            client.send(b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            answer = client.response()
            assert answer.status == 200
            assert "keep-alive" in (answer.header("connection") or "").lower()
    assert node.requests[-1].version == "1.1"
    assert node.requests[-1].header("host")


def test_a_chunked_answer_is_unwrapped_for_http_1_0() -> None:
    """The old client reads until the end of the connection."""

    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        )

    with Node(answer) as node, Proxy(node) as proxy, Client(proxy.address) as client:
        client.send(b"GET / HTTP/1.0\r\nHost: t\r\n\r\n")
        got = client.response()
        assert (got.status, got.body) == (200, b"hello")
        assert got.header("transfer-encoding") is None


def test_http_1_0_nodes_are_understood() -> None:
    """A body that ends with the node's connection arrives whole, and the client's connection
    goes on.
    """

    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello", b" world")
        exchange.end()

    with Node(answer) as node, Proxy(node) as proxy, Client(proxy.address) as client:
        for _ in range(3):
            got = client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").response()
            assert (got.status, got.version, got.body) == (200, "1.1", b"hello world")


def test_the_client_is_told_nothing_of_nodes() -> None:
    """An answer carries what the node said and nothing that names the node."""
    with Node(hello, name="secret-name") as node, Proxy(node) as proxy:
        got = proxy.get()
        assert str(node.port) not in str(got.headers)
