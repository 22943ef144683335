"""Each rule has a switch of its own: it allows that one thing, and what is forwarded is still
unambiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from evenly import _engine

from .harness.client import Client
from .harness.exchange import Exchange, Wire
from .harness.garbled import GARBLED, lines
from .harness.node import Node, echo
from .harness.ports import LOOPBACK, free_ports
from .harness.proxy import Proxy
from .harness.vectors import CHUNKED, HOST, LATER_CHUNKS, ONE_CHUNK, WHOLE, chunks, get, head
from .harness.waiting import until

Check = Callable[[Exchange], bool]


@dataclass(frozen=True)
class Switch:
    """A rule, a request that breaks it, and what the node must have understood."""

    rule: str
    sent: bytes
    meant: Check
    closes: bool = False

    def __str__(self) -> str:
        return self.rule


def field(name: str, value: str | None) -> Check:
    """The node was sent exactly this value (None: not the field at all)."""
    return lambda seen: seen.header(name) == value


def words(name: str, *parts: str) -> Check:
    """The node was sent these words, however many spaces between."""
    return lambda seen: (seen.header(name) or "").split() == list(parts)


def target(wanted: str) -> Check:
    """The node was asked for this."""
    return lambda seen: seen.target == wanted


def body(wanted: bytes = b"hello") -> Check:
    """The node was sent this body."""
    return lambda seen: seen.body == wanted


def line(raw: bytes) -> bytes:
    """A GET with one more line."""
    return head(raw, first=b"GET /v HTTP/1.1\r\n")


SWITCHES = [
    Switch("bare_lf", b"GET /v HTTP/1.1\nHost: t\nA: b\n\n", field("a", "b")),
    Switch("bare_cr", line(b"A: b\rc\r\n"), words("a", "b", "c")),
    Switch("nul", line(b"A: b\0c\r\n"), words("a", "b", "c")),
    Switch("control_byte", line(b"A: b\x01c\r\n"), words("a", "b", "c")),
    Switch("obs_fold", line(b"A: b\r\n c\r\n"), words("a", "b", "c")),
    Switch("space_before_colon", line(b"A : b\r\n"), field("a", "b")),
    Switch("no_colon", line(b"Broken\r\nA: b\r\n"), field("a", "b")),
    Switch("empty_name", line(b": x\r\nA: b\r\n"), field("a", "b")),
    Switch("bad_name", line(b"A(B): x\r\nA: b\r\n"), field("a", "b")),
    Switch("underscore_name", line(b"A_B: c\r\n"), field("a_b", "c")),
    Switch("request_line", get(b"GET  /v  HTTP/1.1"), target("/v")),
    Switch("version", get(b"GET /v HTTP/1.3"), lambda seen: seen.version == "1.1"),
    Switch("fragment_in_target", get(b"GET /v#f HTTP/1.1"), target("/v")),
    Switch("non_ascii_target", get(b"GET /\xe9 HTTP/1.1"), target("/%E9")),
    Switch("method_trace", get(b"TRACE /v HTTP/1.1"), lambda seen: seen.method == "TRACE"),
    Switch(
        "missing_host", get(b"GET /v HTTP/1.1", host=b""), lambda seen: bool(seen.header("host"))
    ),
    Switch("repeated_host", get(b"GET /v HTTP/1.1", host=HOST + HOST), field("host", "t")),
    Switch("userinfo", get(b"GET /v HTTP/1.1", host=b"Host: u@t\r\n"), field("host", "t")),
    Switch("bad_host", get(b"GET /v HTTP/1.1", host=b"Host: a,b\r\n"), field("host", "a,b")),
    Switch("host_mismatch", get(b"GET http://other/v HTTP/1.1"), field("host", "other")),
    Switch("content_length_list", head(b"Content-Length: 5, 5\r\n") + b"hello", body()),
    Switch(
        "repeated_content_length",
        head(b"Content-Length: 5\r\n", b"Content-Length: 5\r\n") + b"hello",
        body(),
    ),
    Switch(
        "content_length_with_transfer_encoding",
        head(b"Content-Length: 3\r\n", CHUNKED) + ONE_CHUNK,
        body(),
        closes=True,
    ),
    Switch(
        "transfer_encoding_in_http_1_0",
        head(CHUNKED, first=b"POST /v HTTP/1.0\r\n") + ONE_CHUNK,
        body(),
        closes=True,
    ),
    Switch("transfer_encoding", head(CHUNKED, CHUNKED) + ONE_CHUNK, body()),
    Switch("chunk_size", chunks(b"5 \r\nhello\r\n0\r\n\r\n"), body()),
    Switch("chunk_extension", chunks(b"5; a = b\r\nhello\r\n0\r\n\r\n"), body()),
    Switch("chunk_terminator", chunks(b"5\nhello\n0\n\n"), body()),
    Switch("trailer", chunks(b"5\r\nhello\r\n0\r\nbroken\r\n\r\n"), body()),
]

Relaxed = tuple[Proxy, Node, dict[str, str]]


@pytest.fixture(scope="module")
def relaxed() -> Iterator[Relaxed]:
    """One proxy with a listener per switch, and the strict one beside them."""
    ports = free_ports(len(SWITCHES))
    addresses = {one.rule: f"{LOOPBACK}:{port}" for one, port in zip(SWITCHES, ports, strict=True)}
    listeners = {
        f"listen.{rule}": {"address": address, "to": "users", "relaxed": [rule]}
        for rule, address in addresses.items()
    }
    with Node(echo) as node, Proxy(node, more=listeners) as proxy:
        yield proxy, node, addresses
        assert not node.faults


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_a_relaxed_rule_lets_its_own_breach_through_in_one_meaning(
    relaxed: Relaxed, switch: Switch
) -> None:
    """The answer is 200; the node got a request h11 accepts, meaning what the rule's table says."""
    _, node, addresses = relaxed
    before = node.hits
    with Client(addresses[switch.rule]) as client:
        answer = client.send(switch.sent).response()
        assert answer.status == 200, answer
        assert answer.closes or not switch.closes
    assert node.hits == before + 1
    assert switch.meant(node.requests[-1]), (node.requests[-1].headers, node.requests[-1].target)


@pytest.mark.parametrize(
    "switch", [one for one in SWITCHES if one.rule != "underscore_name"], ids=str
)
def test_a_relaxed_rule_relaxes_no_other(relaxed: Relaxed, switch: Switch) -> None:
    """The same bytes are refused by a listener with another switch."""
    _, node, addresses = relaxed
    other = "obs_fold" if switch.rule != "obs_fold" else "nul"
    before = node.hits
    with Client(addresses[other]) as client:
        assert client.send(switch.sent).response().status in (400, 405)
    assert all(not one.complete for one in node.requests[before:])


def test_every_relaxed_acceptance_is_counted(relaxed: Relaxed) -> None:
    """The metric carries the rule's name."""
    proxy, _, addresses = relaxed
    switch = next(one for one in SWITCHES if one.rule == "obs_fold")

    def count() -> float:
        return proxy.metrics().sum("evenly_relaxed_total", rule=switch.rule)

    before = count()
    with Client(addresses[switch.rule]) as client:
        assert client.send(switch.sent).response().status == 200
    until(lambda: count() == before + 1, "the acceptance is counted")


def test_a_field_name_with_an_underscore_is_dropped_without_its_switch(relaxed: Relaxed) -> None:
    """`X_Forwarded_For` never reaches a node that would read it as `X-Forwarded-For`."""
    proxy, node, _ = relaxed
    assert proxy.get("/v", "X_Forwarded_For: 1.2.3.4", "A: b").status == 200
    assert node.requests[-1].header("x_forwarded_for") is None
    assert node.requests[-1].header("a") == "b"


def test_a_relaxed_transfer_coding_is_passed_on_for_the_node_to_undo() -> None:
    """`gzip, chunked` reaches a node that knows it, chunks and all."""

    def answer(wire: Wire) -> None:
        seen = wire.read_head()
        while not seen.endswith(b"0\r\n\r\n"):
            seen += wire.receive()
        assert b"transfer-encoding: gzip, chunked\r\n" in seen.lower()
        wire.send(lines())
        wire.wait_end()

    listen = {"relaxed": ["transfer_coding"]}
    with Node(raw=answer) as node, Proxy(node, listen=listen) as proxy, proxy.client() as client:
        client.send(head(b"Transfer-Encoding: gzip, chunked\r\n") + ONE_CHUNK)
        assert client.response().body == b"hello"


def test_a_relaxed_status_is_passed_on() -> None:
    """Some private protocols answer 600 and above."""

    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(600, b"odd")

    listen = {"relaxed": ["status"]}
    with Node(answer) as node, Proxy(node, listen=listen) as proxy, proxy.client() as client:
        client.send(get(b"GET /v HTTP/1.1"))
        assert client.receive().startswith(b"HTTP/1.1 600 ")


def test_every_rule_of_the_table_is_tried_here() -> None:
    """A new rule needs its vector, a switch that can be relaxed its request."""
    rules = _engine.rules()
    refused = {one.rule for one in [*WHOLE, *LATER_CHUNKS]} | {one.rule for one in GARBLED}
    relaxed = {one.rule for one in SWITCHES} | {"transfer_coding", "status"}
    assert {rule["name"] for rule in rules if rule["relaxed"]} == relaxed
    # This one is not refused but dropped, which has a test of its own.
    assert {rule["name"] for rule in rules} - refused == {"underscore_name"}
