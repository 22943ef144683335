"""What the laws of all hash strategies need: who owns which key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from evenly import Balancer, Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evenly.strategy import StrategyLike

KEYS = [f"key-{number}" for number in range(400)]
names = st.lists(
    st.text("abcdefgh0123456789.-", min_size=1, max_size=12), min_size=2, max_size=6, unique=True
)
members = st.dictionaries(
    st.text("abcdefgh0123456789.-", min_size=1, max_size=12),
    st.integers(1, 6),
    min_size=2,
    max_size=6,
)


def hashing(weights: Mapping[str, int], strategy: StrategyLike) -> Balancer:
    """A balancer over nodes with these ids and weights; addresses play no part."""
    nodes = [
        Node(f"10.0.0.{at + 1}:80", id=name, weight=weight)
        for at, (name, weight) in enumerate(weights.items())
    ]
    return Balancer(nodes, strategy=strategy, slow_start=0)


def owners(balancer: Balancer) -> dict[str, str]:
    """Who owns which key."""
    found = {}
    for key in KEYS:
        with balancer.pick(key=key) as pick:
            found[key] = pick.id
    return found
