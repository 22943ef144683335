"""A name server on loopback whose answers a test changes while the proxy runs."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

from .ports import LOOPBACK

if TYPE_CHECKING:
    from types import TracebackType

A, AAAA = 1, 28
REFUSED, NOT_FOUND = 2, 3


class NameServer:
    """Answers A and AAAA questions over UDP from `names`: name → addresses; None means a broken
    server (SERVFAIL).
    """

    def __init__(self, names: dict[str, list[str] | None], ttl: int = 1) -> None:
        self.names = names
        self.ttl = ttl
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        self.address = f"{LOOPBACK}:{self.socket.getsockname()[1]}"
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ending.set()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self.socket.recvfrom(4096)
            if self.ending.is_set():
                return
            if len(question) > 12:
                self.asked += 1
                self.socket.sendto(self.answer(question), sender)

    def answer(self, question: bytes) -> bytes:
        """Return the reply to one question, its name compressed to a pointer at the question's."""
        labels, place = [], 12
        while question[place]:
            labels.append(question[place + 1 : place + 1 + question[place]].decode())
            place += 1 + question[place]
        (kind,) = struct.unpack_from("!H", question, place + 1)
        asked = question[12 : place + 5]
        name = ".".join(labels).lower()
        known = self.names.get(name, [])
        code = 0 if known else (REFUSED if known is None else NOT_FOUND)
        wanted = {A: 4, AAAA: 6}.get(kind)
        addresses = [ipaddress.ip_address(one) for one in known or []]
        records = [one.packed for one in addresses if one.version == wanted]
        head = question[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(records), 0, 0)
        lines = [
            struct.pack("!HHHIH", 0xC00C, kind, 1, self.ttl, len(data)) + data for data in records
        ]
        return head + asked + b"".join(lines)
