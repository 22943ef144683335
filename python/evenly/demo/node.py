"""A real HTTP/1.1 server with keep-alive: one node of the demo, in a process of its own.

Run as `python -m evenly.demo.node NAME DELAY`: prints its port, then obeys lines on standard input, `fail` and `heal`,
and ends with it.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

_END = b"\r\n\r\n"


@dataclass
class Mood:
    """How a node answers at the moment."""

    name: str
    delay: float
    failing: bool = False

    def answer(self) -> bytes:
        """The whole response."""
        status, body = ("503 Service Unavailable", "down") if self.failing else ("200 OK", "hello")
        text = f"{body} from {self.name}\n"
        return (
            f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\nX-Node: {self.name}\r\n\r\n{text}"
        ).encode()


class Answering(asyncio.Protocol):
    """One connection: each head is answered, after the delay or, when failing, at once."""

    def __init__(self, mood: Mood) -> None:
        self._mood = mood
        self._unread = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """The demo sends GET only, so that a request ends with its head."""
        *heads, self._unread = (self._unread + data).split(_END)
        for _ in heads:
            if self._mood.failing:
                self._reply()
            else:
                asyncio.get_running_loop().call_later(self._mood.delay, self._reply)

    def _reply(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._mood.answer())


async def serve(mood: Mood) -> None:
    """Listens on a free port of loopback until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(mood), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async for order in orders:
        mood.failing = order.strip() == b"fail"


if __name__ == "__main__":
    asyncio.run(serve(Mood(sys.argv[1], float(sys.argv[2]))))
