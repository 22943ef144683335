"""The ground that laws and counterexamples stand on: the engine on a virtual clock, and a little arithmetic."""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from evenly import _engine
from evenly.balancer.virtual import VirtualClock
from evenly.node import Node

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from evenly.balancer import Balancer
    from evenly.strategy import StrategyLike

__all__ = [
    "cluster",
    "drained",
    "give_back",
    "harmonic",
    "keyless",
    "lend",
    "members",
    "registered",
    "shares_of",
    "subsets",
]


def members(
    weights: int | Sequence[int], capacities: Sequence[int | None] | None = None
) -> list[Node]:
    """So many nodes, or one for each weight, called "0", "1", …"""
    each = [1] * weights if isinstance(weights, int) else list(weights)
    limits = capacities or [None] * len(each)
    return [
        Node(f"10.0.{at >> 8}.{at & 255}:80", id=str(at), weight=weight, capacity=limit)
        for at, (weight, limit) in enumerate(zip(each, limits, strict=True))
    ]


def cluster(
    weights: int | Sequence[int],
    strategy: StrategyLike,
    seed: int = 0,
    *,
    capacities: Sequence[int | None] | None = None,
    **options: Any,
) -> Balancer:
    """Make a balancer over such nodes on a clock of its own that stands still; new nodes take their share at once."""
    options.setdefault("slow_start", 0)
    nodes = members(weights, capacities)
    return VirtualClock(seed).balancer(nodes, strategy=strategy, **options)


def lend(balancer: Balancer, key: str | bytes | int | None = None) -> int:
    """Pick and give back at once; the number of the node."""
    pick = balancer.pick(key=key)
    give_back(pick)
    return int(pick.id)


def give_back(pick: _engine.Pick) -> None:
    """Leave as one does after success."""
    pick.__exit__(None, None, None)


@contextmanager
def drained(balancer: Balancer, nodes: Collection[int]) -> Iterator[None]:
    """Within it these nodes are not lent."""
    for node in nodes:
        balancer.drain(str(node))
    yield
    for node in nodes:
        balancer.undrain(str(node))


def registered() -> list[str]:
    """Name every strategy of the engine."""
    return [entry["name"] for entry in _engine.strategies()]


def keyless() -> list[str]:
    """Name those that ask for no key."""
    return [entry["name"] for entry in _engine.strategies() if not entry["uses_key"]]


def harmonic(count: int) -> Fraction:
    """H_n = 1 + 1/2 + … + 1/n, exactly."""
    return sum((Fraction(1, rank) for rank in range(1, count + 1)), Fraction(0))


def shares_of(weights: Sequence[int]) -> list[Fraction]:
    """Each weight over the sum of weights, exactly."""
    total = sum(weights)
    return [Fraction(weight, total) for weight in weights]


def subsets(count: int) -> Iterator[tuple[int, ...]]:
    """Every subset of 0 … count - 1."""
    for mask in range(1 << count):
        yield tuple(at for at in range(count) if mask >> at & 1)
