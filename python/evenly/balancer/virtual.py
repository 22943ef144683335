"""Balancers on a clock of their own, for tests and for the laws of the theory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly import _engine
from evenly.balancer import Balancer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evenly.node import NodeLike

__all__ = ["VirtualClock"]


class VirtualClock:
    """Time and chance in the hands of a test.

    Balancers made by `balancer(…)` read this clock and draw from `seed`, so the same test gives the same picks each
    time, and nothing happens between two calls of `advance`: no checks are made, no ejection ends.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._clock = _engine.Clock()
        self._balancers: list[Balancer] = []

    @property
    def now(self) -> float:
        """Seconds since this clock was made."""
        return self._clock.now

    def balancer(self, nodes: Iterable[NodeLike], **options: Any) -> Balancer:
        """Make a balancer that lives on this clock."""
        made = Balancer._on_a_clock(self._clock, self.seed, nodes, options)
        self._balancers.append(made)
        return made

    def advance(self, seconds: float) -> None:
        """Let time pass; what falls due meanwhile is done by the balancers at its end."""
        self._clock.advance(seconds)
        for balancer in self._balancers:
            balancer._tick()
