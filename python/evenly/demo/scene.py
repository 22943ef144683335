"""What there is to see at one moment: the proxy's own view of its nodes beside what the clients see."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from evenly.demo.cast import CAST, Actor

FAILS = "fails at once"


@dataclass
class Row:
    """One node."""

    actor: Actor
    failing: bool = False
    """What it really does; the proxy is not told."""
    has_failed: bool = False
    picks: int = 0
    share: float = 0.0
    """Share of the picks of the last second."""
    in_flight: int = 0
    latency: float | None = None
    serving: bool = True
    reason: str = ""
    history: deque[int] = field(default_factory=lambda: deque(maxlen=6))

    @property
    def does(self) -> str:
        """What this node is like right now."""
        return FAILS if self.failing else f"{self.actor.delay * 1000:.0f} ms"


@dataclass(frozen=True)
class Event:
    """Something worth a line."""

    at: float
    text: str
    good: bool


@dataclass
class Scene:
    """All that is shown."""

    seconds: float
    strategy: str = ""
    began: float | None = None
    ended: float | None = None
    rows: dict[str, Row] = field(default_factory=lambda: {a.name: Row(a) for a in CAST})
    events: list[Event] = field(default_factory=list)

    def begin(self) -> None:
        """Starts the clock."""
        self.began = time.monotonic()

    def end(self) -> None:
        """Stops it."""
        self.ended = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning, until the end."""
        if self.began is None:
            return 0.0
        return (self.ended or time.monotonic()) - self.began

    def happens(self, text: str, *, good: bool) -> None:
        """Notes an event."""
        self.events.append(Event(self.elapsed, text, good))

    def total(self) -> int:
        """All picks so far."""
        return sum(row.picks for row in self.rows.values())

    def take(self, state: Any, names: dict[str, str]) -> None:
        """What `/v1/clusters` says now."""
        (cluster,) = state["clusters"]
        self.strategy = cluster["strategy"]
        for node in cluster["nodes"]:
            self._take_node(self.rows[names[node["address"]]], node)
        lately = {name: row.history[-1] - row.history[0] for name, row in self.rows.items()}
        total = sum(lately.values())
        for name, row in self.rows.items():
            row.share = lately[name] / total if total else 0.0

    def _take_node(self, row: Row, node: dict[str, Any]) -> None:
        row.picks = node["picks"]
        row.history.append(row.picks)
        row.in_flight = node["in_flight"]
        row.latency = node["latency"]
        serving, reason = node["serving"], node["reason"]
        if serving != row.serving:
            what = "is back" if serving else f"gets no more requests: {reason}"
            self.happens(f"node {row.actor.name} {what}", good=serving)
        row.serving, row.reason = serving, reason
