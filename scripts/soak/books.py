"""What the clients wrote down: every request has a number, and each number has one fate."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from dataclasses import dataclass
from enum import IntEnum


class Fate(IntEnum):
    """How a request ended for its client."""

    OPEN = 0
    """It has not ended."""
    GOOD = 1
    """Answered 200 with exactly what was asked for."""
    LEFT = 2
    """The client went away on purpose after it had sent the whole head."""
    BROKEN = 3
    """The answer had begun, with 200 or 101, and was cut short."""
    REFUSED = 4
    """Another status than was asked for."""
    LOST = 5
    """No answer at all."""


@dataclass(frozen=True)
class Failure:
    """A request that did not get what it asked for."""

    number: int
    kind: str
    fate: Fate
    idempotent: bool
    what: str


class Books:
    """The clients' side. Written by one thread only, that of the clients."""

    def __init__(self) -> None:
        self.fates = array("b", [Fate.OPEN])  # numbers begin with 1
        self.began = array("d", [0.0])
        self.ended = array("d", [0.0])
        self.kinds: Counter[str] = Counter()
        self.good: Counter[str] = Counter()
        self.failures: list[Failure] = []

    def begin(self, kind: str) -> int:
        """Open an account for one request and return its number."""
        self.kinds[kind] += 1
        self.fates.append(Fate.OPEN)
        self.began.append(time.time())
        self.ended.append(float("inf"))
        return len(self.fates) - 1

    def end(
        self, number: int, kind: str, fate: Fate, what: str = "", *, again: bool = True
    ) -> None:
        """Close the account; `again` says whether the request may be repeated (is idempotent)."""
        assert self.fates[number] == Fate.OPEN, f"request {number} ends twice"
        self.fates[number] = fate
        self.ended[number] = time.time()
        if fate is Fate.GOOD:
            self.good[kind] += 1
        elif fate is not Fate.LEFT:
            self.failures.append(Failure(number, kind, fate, again, what))

    @property
    def total(self) -> int:
        """Requests begun."""
        return len(self.fates) - 1

    def open(self) -> list[int]:
        """Requests without an end: none when the clients have gone home."""
        return [number for number in range(1, len(self.fates)) if self.fates[number] == Fate.OPEN]
