"""Clients that ask without a pause, and what they see."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REQUEST = b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n"

# Longer than the proxy's own timeouts of a try and its retry on this stage.
_PATIENCE = 10.0

_WINDOW = 1.0
"""Seconds that count as lately."""


@dataclass
class Tally:
    """What all clients have seen so far."""

    asked: int = 0
    failed: int = 0
    by_node: Counter[str] = field(default_factory=Counter)
    """Good answers, by the node that gave them."""
    waits: array[float] = field(default_factory=lambda: array("d"))
    """Seconds that each good answer took."""
    recent: deque[tuple[float, float]] = field(default_factory=deque)
    """When the answers of the last second came, and what each took."""

    def good(self, node: str, wait: float) -> None:
        """An answer of a node."""
        self.asked += 1
        self.by_node[node] += 1
        self.waits.append(wait)
        self.recent.append((time.monotonic(), wait))

    def bad(self) -> None:
        """Anything that a user would call a failure."""
        self.asked += 1
        self.failed += 1

    def rate(self) -> float:
        """Good answers per second, lately."""
        since = time.monotonic() - _WINDOW
        while self.recent and self.recent[0][0] < since:
            self.recent.popleft()
        return len(self.recent) / _WINDOW

    def quantile_lately(self, share: float) -> float:
        """The wait that this share of the last second's good answers did not exceed."""
        return quantile([wait for _, wait in self.recent], share)


def quantile(values: Iterable[float], share: float) -> float:
    """The least value that this share of the values does not exceed; 0 for none at all."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def ask_forever(port: int, tally: Tally) -> None:
    """One client: a connection, kept as long as the proxy keeps it, and one request after the other."""
    while True:
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, TimeoutError):
            tally.bad()
            await asyncio.sleep(0.1)
            continue
        try:
            while await _ask(reader, writer, tally):
                pass
        except (OSError, EOFError, TimeoutError, ValueError):
            tally.bad()
        finally:
            writer.close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tally: Tally) -> bool:
    """One request; whether the connection can be used again."""
    began = time.monotonic()
    writer.write(_REQUEST)
    async with asyncio.timeout(_PATIENCE):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(_field(head, b"content-length") or 0))
    status = int(head[9:12])
    if status == 200:
        tally.good(_field(head, b"x-node").decode(), time.monotonic() - began)
    else:
        tally.bad()
    return _field(head, b"connection") != b"close"


def _field(head: bytes, name: bytes) -> bytes:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else b""
