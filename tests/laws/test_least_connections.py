"""Least connections: the running peak is the least that any policy can reach."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.clusters import cluster, give_back


@pytest.mark.parametrize("nodes", [1, 2, 3, 10, 32, 33, 100])
def test_the_running_peak_is_the_least_possible(nodes: int) -> None:
    """Theorem 2.2.1, corrected: max over time of the fullest node = max over time of ceil(active / k).

    At least that is needed by pigeonhole, whatever the policy knows; whoever leaves is up to chance here. Both the
    scan (up to 32 nodes) and the tree above it are held to it.
    """
    rng = random.Random(nodes)
    balancer = cluster(nodes, "least_connections", nodes)
    active, peak, needed = [], 0, 0
    for _ in range(600):
        if active and rng.random() < 0.45:
            give_back(active.pop(rng.randrange(len(active))))
        else:
            active.append(balancer.pick())
        peak = max(peak, *(node.in_flight for node in balancer.nodes))
        needed = max(needed, -(-len(active) // nodes))
        assert peak == needed


@given(weights=st.lists(st.integers(1, 9), min_size=1, max_size=6), seed=st.integers(0, 2**32))
def test_the_node_lent_has_the_least_load_per_weight(weights: list[int], seed: int) -> None:
    """(in flight + 1) / weight of the chosen node is the least of all, at every pick."""
    balancer = cluster(weights, "least_connections", seed)
    held = []
    for _ in range(40):
        before = [(node.in_flight + 1) / node.weight for node in balancer.nodes]
        pick = balancer.pick()
        held.append(pick)
        assert before[int(pick.id)] == min(before)


def test_ties_fall_to_chance_and_not_to_list_order() -> None:
    """Four idle nodes, 4,000 independent ties: each node has 1/4 of them within 5 standard deviations."""
    balancer = cluster(4, "least_connections", 7)
    counts = [0] * 4
    for _ in range(4000):
        pick = balancer.pick()
        counts[int(pick.id)] += 1
        give_back(pick)
    sigma = (4000 * 0.25 * 0.75) ** 0.5
    assert all(abs(count - 1000) <= 5 * sigma for count in counts)
