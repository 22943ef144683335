"""A client that sends exactly the bytes it is told and reads answers with h11, which forgives
nothing.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import h11

from .ports import connect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

HEAD_ROOM = 1 << 20
"""Bytes h11 may hold for one head: the proxy's own limit (32 KiB) is what is under test, never
h11's.
"""


class Truncated(AssertionError):
    """The connection ended inside an answer; `partial` is what had come of it."""

    def __init__(self, why: str, partial: Response | None) -> None:
        super().__init__(why)
        self.partial = partial


class Closed(AssertionError):
    """The connection ended before the first byte of an answer."""


@dataclass
class Response:
    """One final answer with the interim (1xx) ones that came before it. Header names are lower
    case.
    """

    status: int
    reason: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        """Return the only value of `name`, or None; a field that came twice is an error of the
        test's subject.
        """
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) < 2, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def closes(self) -> bool:
        """Whether the answer announces that the connection ends with it."""
        return "close" in (self.header("connection") or "").lower()


def text(pairs: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Show header fields as text, byte for byte."""
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in pairs]


class Client:
    """One connection to a listener."""

    def __init__(
        self, address: str, timeout: float = 30.0, receive_buffer: int | None = None
    ) -> None:
        self.socket: socket.socket = connect(address, timeout)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.buffer = b""
        self.ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, *pieces: bytes) -> Client:
        """Send each piece as a segment of its own (no Nagle)."""
        for piece in pieces:
            self.socket.sendall(piece)
        return self

    def offer(self, *pieces: bytes) -> Client:
        """Send what the other side takes: it may have answered and closed before the last byte."""
        with contextlib.suppress(ConnectionError):
            self.send(*pieces)
        return self

    def receive(self) -> bytes:
        """Return the next bytes, `b""` at the end; a reset is an end too, the tests look at what
        came before it.
        """
        if self.buffer:
            taken, self.buffer = self.buffer, b""
            return taken
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        self.ended = self.ended or not data
        return data

    def rest(self) -> bytes:
        """Return everything until the connection ends."""
        pieces = []
        while data := self.receive():
            pieces.append(data)
        return b"".join(pieces)

    def response(self, method: str = "GET") -> Response:
        """Read one final answer to a request of `method`; what follows it stays for the next
        call.
        """
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_ROOM)
        asked = [("host", "t")] + ([("upgrade", "websocket")] if method == "UPGRADE" else [])
        verb = "GET" if method == "UPGRADE" else method
        parser.send(h11.Request(method=verb, target="/", headers=asked))
        parser.send(h11.EndOfMessage())
        found: Response | None = None
        interim: list[int] = []
        body: list[bytes] = []
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError as error:
                if found is None:
                    raise
                found.body = b"".join(body)
                raise Truncated(str(error), found) from error
            if event is h11.NEED_DATA:
                data = self.receive()
                if not data and found is None and not parser.trailing_data[0]:
                    raise Closed("the connection ended before an answer")
                parser.receive_data(data)
            elif isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    self.buffer = parser.trailing_data[0]
                    return Response(101, event.reason.decode(), "1.1", text(event.headers))
                interim.append(event.status_code)
            elif isinstance(event, h11.Response):
                version, reason = event.http_version.decode(), event.reason.decode("latin-1")
                found = Response(event.status_code, reason, version, text(event.headers))
            elif isinstance(event, h11.Data):
                body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert found is not None
                found.body, found.interim = b"".join(body), interim
                found.trailers = text(event.headers)
                self.buffer = parser.trailing_data[0]
                return found
            elif isinstance(event, h11.ConnectionClosed):
                raise Closed("the connection ended before an answer")


def get(
    address: str, target: str = "/", *fields: str, method: str = "GET", body: bytes = b""
) -> Response:
    """Ask once on a connection of its own and read the whole answer."""
    lines = [f"{method} {target} HTTP/1.1", "Host: t", "Connection: close", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with Client(address) as client:
        client.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return client.response(method)
