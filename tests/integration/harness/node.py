"""A node on a real socket that does what its script says and remembers every byte it was sent."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .exchange import Exchange, Wire
from .ports import LOOPBACK

if TYPE_CHECKING:
    from types import TracebackType

Answer = Callable[[Exchange], None]


def hello(exchange: Exchange) -> None:
    """Read the whole request and answer 200 with the node's name."""
    exchange.read()
    exchange.reply(200, exchange.wire.node.name.encode())


def echo(exchange: Exchange) -> None:
    """Answer with the body that came, and say its length in a header of its own."""
    body = exchange.read()
    exchange.reply(200, body, ("x-length", str(len(body))))


class Node:
    """Listens, hands every request to `answer`; or every raw connection to `raw`, which reads or
    not as it likes.
    """

    def __init__(
        self,
        answer: Answer = hello,
        *,
        raw: Callable[[Wire], None] | None = None,
        name: str = "node",
        unix: bool = False,
        host: str = LOOPBACK,
        port: int = 0,
        receive_buffer: int | None = None,
    ) -> None:
        self.answer = answer
        self.raw = raw
        self.name = name
        self.wires: list[Wire] = []
        self.requests: list[Exchange] = []
        self.folder: tempfile.TemporaryDirectory[str] | None = None
        self.closing = threading.Event()
        self.lock = threading.Lock()
        if unix:
            self.folder = tempfile.TemporaryDirectory()
            path = str(Path(self.folder.name) / "node.sock")
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.address = f"unix:{path}"
        else:
            self.listener = socket.socket()
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if receive_buffer is not None:
                self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.listener.bind((host, port))
            self.address = f"{LOOPBACK}:{self.listener.getsockname()[1]}"
        self.listener.listen(1024)
        self.thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and break every connection, as a killed process would."""
        if self.closing.is_set():
            return
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for wire in list(self.wires):
            wire.shut()
        if self.folder is not None:
            self.folder.cleanup()

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return int(self.address.rpartition(":")[2])

    @property
    def received(self) -> int:
        """Bytes received on all connections together: what "the node got nothing" is measured
        by.
        """
        return sum(len(wire.received) for wire in list(self.wires))

    @property
    def faults(self) -> list[str]:
        """What h11 held against the requests it was sent: anything here is a defect of the
        proxy.
        """
        return [wire.fault for wire in list(self.wires) if wire.fault is not None]

    @property
    def hits(self) -> int:
        """Requests whose head arrived whole."""
        return len(self.requests)

    @property
    def open(self) -> int:
        """Connections that neither side has closed."""
        return sum(not wire.over.is_set() for wire in list(self.wires))

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.closing.is_set():
                connection.close()
                return
            wire = Wire(self, connection)
            self.wires.append(wire)
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: Wire) -> None:
        try:
            if self.raw is not None:
                self.raw(wire)
                return
            while (exchange := wire.next_request()) is not None:
                with self.lock:
                    self.requests.append(exchange)
                self.answer(exchange)
                if not exchange.keep or "close" in (exchange.header("connection") or ""):
                    return
        except OSError:
            pass  # the other side left, or the node is being stopped: both are the test's doing
        finally:
            wire.close()


def closed_port() -> str:
    """Return an address that refuses connections."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return f"{LOOPBACK}:{probe.getsockname()[1]}"
