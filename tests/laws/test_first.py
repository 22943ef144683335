"""First that has room."""

from __future__ import annotations

import random
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from evenly import Node, Pick
from evenly.testing import VirtualClock
from tests.laws.clusters import cluster, give_back, lend


@given(capacities=st.lists(st.integers(1, 5), min_size=1, max_size=6), seed=st.integers(0, 2**32))
def test_as_many_nodes_are_used_as_the_peak_needs(capacities: list[int], seed: int) -> None:
    """Never one more: with at most `peak` in flight, nodes 1 to m are used for the least m that holds them."""
    rng = random.Random(seed)
    nodes = [
        Node(f"10.0.0.{at + 1}:80", id=str(at), capacity=capacity)
        for at, capacity in enumerate(capacities)
    ]
    balancer = VirtualClock(1).balancer(nodes, strategy="first")
    held: list[Pick] = []
    used, peak = 0, 0
    for _ in range(60):
        if len(held) == sum(capacities) or (held and rng.random() < 0.4):
            give_back(held.pop(rng.randrange(len(held))))
            continue
        held.append(balancer.pick())
        used, peak = max(used, int(held[-1].id) + 1), max(peak, len(held))
        needed = next(m for m, room in enumerate(accumulate(capacities), 1) if room >= peak)
        assert used == needed


def test_without_a_capacity_the_others_stand_in() -> None:
    """The first node takes everything; when it is drained the second does."""
    balancer = cluster(3, "first")
    assert {lend(balancer) for _ in range(50)} == {0}
    balancer.drain("0")
    assert {lend(balancer) for _ in range(50)} == {1}
