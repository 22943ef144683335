"""Whatever a client sends that is well formed, its node understands the same: generated
requests, odd segments.
"""

from __future__ import annotations

import itertools
import reprlib
import string
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .harness.exchange import Exchange
from .harness.node import Node
from .harness.proxy import Proxy

NAMES = itertools.count()
TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^`|~"
VALUE = "".join(map(chr, range(0x21, 0x7F)))
PATH = string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@/%?"
OURS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded"}
SPOKEN_FOR = OURS | {
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "content-length",
    "upgrade",
    "expect",
    "http2-settings",
}
"""Fields that the proxy has a say in; all others must pass untouched."""


@dataclass(frozen=True, repr=False)
class Message:
    """A request as the client means it."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...] | None
    body: bytes | None
    trailers: tuple[tuple[str, str], ...]
    extension: str

    def written(self, name: str) -> bytes:
        """Write it; `name` is how the node's record of it is found."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: t", f"X-Name: {name}"]
        lines += [f"{key}: {value}" for key, value in self.fields]
        if self.chunks is not None:
            head = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode()
            extension = self.extension.encode()
            pieces = [b"%x%s\r\n%s\r\n" % (len(one), extension, one) for one in self.chunks]
            end = "".join(f"{key}: {value}\r\n" for key, value in self.trailers)
            return head + b"".join(pieces) + b"0\r\n" + end.encode() + b"\r\n"
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + (self.body or b"")

    def __repr__(self) -> str:
        """Show it in short: a body of 70 kB tells nobody anything."""
        return reprlib.repr(self.written("shown"))

    @property
    def content(self) -> bytes:
        """The body's bytes, however framed."""
        return b"".join(self.chunks) if self.chunks is not None else self.body or b""


names = st.text(TOKEN, min_size=1, max_size=20).filter(lambda name: name.lower() not in SPOKEN_FOR)
words = st.text(VALUE + " \t", max_size=60).map(lambda value: value.strip(" \t"))
fields = st.lists(st.tuples(names, words), max_size=12).map(tuple)
paths = st.text(PATH, max_size=60).map(lambda path: "/" + path)
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "REPORT", "X-ODD"])
blobs = st.binary(max_size=300) | st.integers(1, 70_000).map(lambda size: b"z" * size)

messages = st.one_of(
    st.builds(
        Message, methods, paths, fields, st.none(), st.none() | blobs, st.just(()), st.just("")
    ),
    st.builds(
        Message,
        methods,
        paths,
        fields,
        st.lists(blobs.filter(bool), max_size=5).map(tuple),
        st.none(),
        st.lists(
            st.tuples(names.filter(lambda n: n.lower() not in {"a", "host"}), words), max_size=3
        ).map(tuple),
        st.sampled_from(["", ";a", ";a=b", ';a="b;c"', ";a=b;c=d"]),
    ),
)


class Script:
    """The pieces of a node's next answer, and whether its connection stays."""

    pieces: list[bytes]
    keep: bool


Pair = tuple[Proxy, Node, dict[str, Exchange]]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Give a proxy and a node that files what it was asked under the request's name."""
    seen: dict[str, Exchange] = {}

    def answer(exchange: Exchange) -> None:
        body = exchange.read()
        name = exchange.header("x-name") or ""
        seen[name] = exchange
        exchange.reply(200, body, ("X-Name", name))

    with Node(answer) as node, Proxy(node) as proxy:
        yield proxy, node, seen
        assert not node.faults


@given(
    messages=st.lists(messages, min_size=1, max_size=4),
    cuts=st.lists(st.floats(0, 1), max_size=8),
)
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_arrives_means_what_was_sent(
    pair: Pair, messages: list[Message], cuts: list[float]
) -> None:
    """Method, target, every field in order, body and trailers: the same, in order, once, however
    segmented.
    """
    proxy, node, seen = pair
    before = node.hits
    keys = [f"m{next(NAMES)}" for _ in messages]
    stream = b"".join(one.written(key) for one, key in zip(messages, keys, strict=True))
    places = [0, *sorted(int(cut * len(stream)) for cut in cuts), len(stream)]
    with proxy.client() as client:
        for begin, end in itertools.pairwise(places):
            client.send(stream[begin:end])
        for message, key in zip(messages, keys, strict=True):
            answer = client.response()
            assert answer.status == 200, answer
            assert answer.header("x-name") == key
            assert answer.body == message.content
    assert not node.faults
    assert node.hits == before + len(messages)
    for message, key in zip(messages, keys, strict=True):
        got = seen.pop(key)
        assert (got.method, got.target, got.body) == (
            message.method,
            message.target,
            message.content,
        )
        kept = [(k, v) for k, v in got.headers if k not in SPOKEN_FOR and k != "x-name"]
        assert kept == [(k.lower(), v) for k, v in message.fields]
        assert got.trailers == [(k.lower(), v) for k, v in message.trailers]
        assert got.header("host") == "t"


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=2000), max_size=6),
    trailers=st.lists(st.tuples(names, words), max_size=3),
    cuts=st.lists(st.floats(0, 1), max_size=8),
    framing=st.sampled_from(["chunked", "length", "close"]),
)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_answer_means_what_the_node_said(
    answering: tuple[Proxy, Script],
    chunks: list[bytes],
    trailers: list[tuple[str, str]],
    cuts: list[float],
    framing: str,
) -> None:
    """The same for what nodes send: body and trailers, in any framing, in any segments."""
    proxy, script = answering
    head = b"HTTP/1.1 200 OK\r\n"
    if framing == "chunked":
        end = "".join(f"{key}: {value}\r\n" for key, value in trailers).encode()
        stream = head + b"Transfer-Encoding: chunked\r\n\r\n"
        stream += b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks)
        stream += b"0\r\n" + end + b"\r\n"
    elif framing == "length":
        body = b"".join(chunks)
        stream = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        stream = head + b"Connection: close\r\n\r\n" + b"".join(chunks)
    places = [0, *sorted(int(cut * len(stream)) for cut in cuts), len(stream)]
    script.pieces = [stream[begin:end] for begin, end in itertools.pairwise(places)]
    script.keep = framing != "close"
    with proxy.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: t\r\nTE: trailers\r\nContent-Length: 0\r\n\r\n")
        got = client.response()
    assert (got.status, got.body) == (200, b"".join(chunks))
    if framing == "chunked":
        assert got.trailers == [(key.lower(), value) for key, value in trailers]


@pytest.fixture(scope="module")
def answering() -> Iterator[tuple[Proxy, Script]]:
    """Give a proxy and what its node is to say next."""
    script = Script()

    def answer(exchange: Exchange) -> None:
        exchange.read()
        exchange.keep = script.keep
        exchange.send(*script.pieces)

    with Node(answer) as node, Proxy(node) as proxy:
        yield proxy, script
