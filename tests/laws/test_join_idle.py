"""Join the idle queue: nobody waits while somebody is idle."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenly import Pick
from tests.laws.clusters import cluster, give_back


@pytest.mark.parametrize("nodes", [1, 2, 10, 32, 33, 60])
def test_an_idle_node_is_lent_whenever_there_is_one(nodes: int) -> None:
    """Found by a scan up to 32 nodes and by a tree above."""
    rng = random.Random(nodes)
    balancer = cluster(nodes, "join_idle", nodes)
    held: list[Pick] = []
    for _ in range(400):
        if held and rng.random() < 0.45:
            give_back(held.pop(rng.randrange(len(held))))
            continue
        before = [node.in_flight for node in balancer.nodes]
        pick = balancer.pick()
        held.append(pick)
        assert before[int(pick.id)] == 0 or min(before) > 0


@given(nodes=st.integers(2, 8), seed=st.integers(0, 2**32))
def test_when_nobody_is_idle_the_busiest_of_all_is_never_lent(nodes: int, seed: int) -> None:
    """Then it is the less loaded of two different nodes."""
    balancer = cluster(nodes, "join_idle", seed)
    for _ in range(6 * nodes):
        before = [node.in_flight for node in balancer.nodes]
        pick = balancer.pick()
        if before.count(max(before)) == 1:
            assert before[int(pick.id)] < max(before)
