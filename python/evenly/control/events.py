"""What happens, for everybody who listens: the engine's events and our own in one row."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evenly.control.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from evenly.control.engine import Engine

RECENT = 500
"""Events that a late reader still gets."""
WAITING = 1000
"""Events that may wait for one reader; a slower one is told how many it lost."""
AGAIN = 0.5
"""Seconds until the engine is asked for its events again, after it broke off."""


@dataclass(frozen=True)
class Event:
    """One thing that happened. Numbers go up, also over a control process that was started anew."""

    number: int
    kind: str
    fields: dict[str, Any]

    def json(self) -> dict[str, Any]:
        """As a reader gets it."""
        return {**self.fields, "kind": self.kind}


@dataclass(eq=False)
class _Reader:
    loop: asyncio.AbstractEventLoop
    waiting: deque[Event] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    lost: int = 0

    def hand(self, event: Event) -> None:
        if len(self.waiting) >= WAITING:
            self.lost += 1
        else:
            self.waiting.append(event)
        with contextlib.suppress(RuntimeError):  # its loop has ended with its process
            self.loop.call_soon_threadsafe(self.news.set)


class Events:
    """The row: the recent ones, and those who wait for the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._readers: set[_Reader] = set()
        # Microseconds of the calendar: beyond every number that an earlier process has given.
        self._last = time.time_ns() // 1000

    def say(self, kind: str, level: str, message: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Something happened here; in the engine's form, which is returned."""
        told = {**fields, "time": round(time.time(), 3), "level": level, "message": message}
        self._add(kind, told)
        return {"kind": kind, **told}

    def _add(self, kind: str, fields: dict[str, Any]) -> None:
        with self._lock:
            self._last += 1
            event = Event(self._last, kind, fields)
            self._recent.append(event)
            for reader in self._readers:
                reader.hand(event)

    def recent(self, after: int = 0) -> list[Event]:
        """The latest events with a number above `after`, oldest first."""
        with self._lock:
            return [event for event in self._recent if event.number > after]

    async def follow(self, after: int, heartbeat: float) -> AsyncIterator[Event | int | None]:
        """The recent events and every further one; None when nothing came for a while, a number of lost ones."""
        reader = _Reader(asyncio.get_running_loop())
        with self._lock:
            reader.waiting.extend(event for event in self._recent if event.number > after)
            self._readers.add(reader)
        try:
            while True:
                while reader.waiting:
                    yield reader.waiting.popleft()
                with self._lock:
                    lost, reader.lost = reader.lost, 0
                if lost:
                    yield lost
                reader.news.clear()
                if reader.waiting:
                    continue
                try:
                    await asyncio.wait_for(reader.news.wait(), heartbeat)
                except TimeoutError:
                    yield None
        finally:
            with self._lock:
                self._readers.discard(reader)

    def read_engine(self, engine: Engine) -> None:
        """Takes the engine's events for ever; meant for a thread of its own."""
        while True:
            with contextlib.suppress(OSError, Refusal):
                for given in engine.events():
                    self._add(str(given.pop("kind", "unknown")), given)
            time.sleep(AGAIN)
