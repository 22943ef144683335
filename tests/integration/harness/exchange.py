"""What a node sees of one connection (`Wire`) and of one request on it (`Exchange`)."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import h11

from .client import HEAD_ROOM, text
from .ports import reset

if TYPE_CHECKING:
    from .node import Node


class Wire:
    """One accepted connection with everything that came over it."""

    def __init__(self, node: Node, connection: socket.socket) -> None:
        self.node = node
        self.socket = connection
        self.received = bytearray()
        self.buffer = b""
        self.over = threading.Event()
        self.fault: str | None = None
        if connection.family == socket.AF_INET:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def receive(self) -> bytes:
        """Return the next bytes and remember them; `b""` when the other side ended or broke the
        connection.
        """
        if self.buffer:
            taken, self.buffer = self.buffer, b""
            return taken
        try:
            data = self.socket.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.over.set()
        self.received += data
        return data

    def send(self, *pieces: bytes) -> None:
        """Send each piece as a segment of its own."""
        for piece in pieces:
            self.socket.sendall(piece)

    def wait_end(self) -> None:
        """Read until the other side ends the connection."""
        while self.receive():
            pass

    def read_head(self) -> bytes:
        """Read until the empty line that ends a head, without judging it."""
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := self.receive()):
                break
            head += data
        return head

    def next_request(self) -> Exchange | None:
        """Return the next request once its head is whole; None at the end or when h11 refuses
        it.
        """
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_ROOM)
        while True:
            try:
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    parser.receive_data(self.receive())
                elif isinstance(event, h11.Request):
                    return Exchange(self, parser, event)
                else:
                    return None
            except h11.RemoteProtocolError as error:
                self.fault = f"{error}: {bytes(self.received[-400:])!r}"
                return None

    def close(self) -> None:
        """Close politely; called by the thread that reads."""
        self.over.set()
        self.socket.close()

    def reset(self) -> None:
        """Close with RST; called by the thread that reads."""
        self.over.set()
        reset(self.socket)

    def shut(self) -> None:
        """End both directions from any thread; a read under way returns."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


class Exchange:
    """One request, its body read when the script asks for it, and the means to answer it."""

    def __init__(self, wire: Wire, parser: h11.Connection, head: h11.Request) -> None:
        self.wire = wire
        self.parser = parser
        self.method = head.method.decode()
        self.target = head.target.decode("latin-1")
        self.version = head.http_version.decode()
        self.headers = text(head.headers)
        self.body = b""
        self.trailers: list[tuple[str, str]] = []
        self.complete = False
        self.cut = threading.Event()
        self.keep = True

    def header(self, name: str) -> str | None:
        """Return the only value of `name`, or None."""
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) < 2, f"the node was sent {name} {len(values)} times: {values}"
        return values[0] if values else None

    def read(self) -> bytes:
        """Read the body to its end (trailers too); raise `ConnectionError` and set `cut` if it
        never came whole.
        """
        pieces = [self.body]
        while not self.complete:
            piece = self.piece()
            if piece is None:
                break
            pieces.append(piece)
        self.body = b"".join(pieces)
        return self.body

    def piece(self) -> bytes | None:
        """Return the next part of the body, None at its end."""
        while True:
            try:
                event = self.parser.next_event()
            except h11.RemoteProtocolError as error:
                self.cut.set()
                raise ConnectionError(str(error)) from error
            if event is h11.NEED_DATA:
                self.parser.receive_data(self.wire.receive())
            elif isinstance(event, h11.Data):
                return bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self.complete = True
                self.trailers = text(event.headers)
                self.wire.buffer = self.parser.trailing_data[0]
                return None
            else:
                self.cut.set()
                raise ConnectionError(f"the request ended early: {event!r}")

    def send(self, *pieces: bytes) -> None:
        """Send raw bytes, each piece as a segment of its own."""
        self.wire.send(*pieces)

    def reply(
        self, status: int, body: bytes = b"", *fields: tuple[str, str], close: bool = False
    ) -> None:
        """Send a whole answer with a Content-Length (none with 1xx, 204, 304); the body stays away
        from HEAD.
        """
        lines = [f"HTTP/1.1 {status} R", *(f"{name}: {value}" for name, value in fields)]
        if status >= 200 and status not in (204, 304):
            lines.append(f"Content-Length: {len(body)}")
        if close:
            lines.append("Connection: close")
            self.keep = False
        sent = b"" if self.method == "HEAD" else body
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + sent)

    def end(self) -> None:
        """Close the connection after this answer."""
        self.keep = False
