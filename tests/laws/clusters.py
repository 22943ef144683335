"""Clusters on a virtual clock, for the laws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly import Balancer, Node, Pick
from evenly.testing import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Sequence


def cluster(
    nodes: int | Sequence[int], strategy: object, seed: int = 0, **options: Any
) -> Balancer:
    """A balancer over `nodes` nodes, or over nodes with these weights, called "0", "1", …"""
    weights = [1] * nodes if isinstance(nodes, int) else list(nodes)
    members = [
        Node(f"10.0.{index >> 8}.{index & 255}:80", id=str(index), weight=weight)
        for index, weight in enumerate(weights)
    ]
    return VirtualClock(seed).balancer(members, strategy=strategy, **options)


def lend(balancer: Balancer, key: str | bytes | int | None = None) -> int:
    """Pick and give back at once; the number of the node."""
    with balancer.pick(key=key) as pick:
        return int(pick.id)


def give_back(pick: Pick) -> None:
    """Leave as one does after success."""
    pick.__exit__(None, None, None)
