"""Who plays, and what happens: two quick nodes, a slow one, and one that fails for a while."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """One node: how long it takes to answer, and whether it is the one that fails."""

    name: str
    delay: float
    fails: bool = False


CAST = (
    Actor("a", 0.010),
    Actor("b", 0.010),
    Actor("c", 0.100),
    Actor("d", 0.010, fails=True),
)

CLIENTS = 32
"""Connections that ask without a pause: the setting of the published comparisons of balancers."""


def trouble(seconds: float) -> tuple[float, float]:
    """When the failing node fails. It ends before an ejection (5 s) does, so that the return is seen too."""
    begins = 0.25 * seconds
    return begins, begins + min(3.0, 0.15 * seconds)
