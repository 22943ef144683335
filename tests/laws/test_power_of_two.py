"""Power of two choices."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenly import Node
from evenly.testing import VirtualClock
from tests.laws.clusters import cluster, give_back

IN_FLIGHT = {"name": "power_of_two", "load": "in_flight"}


@given(nodes=st.integers(2, 8), seed=st.integers(0, 2**32))
def test_the_busiest_of_all_is_never_lent(nodes: int, seed: int) -> None:
    """Whoever is drawn beside the only busiest node is less loaded, so its share is zero."""
    rng = random.Random(seed)
    balancer = cluster(nodes, IN_FLIGHT, seed)
    held = []
    for _ in range(60):
        if held and rng.random() < 0.4:
            give_back(held.pop(rng.randrange(len(held))))
            continue
        before = [node.in_flight for node in balancer.nodes]
        pick = balancer.pick()
        held.append(pick)
        if before.count(max(before)) == 1:
            assert before[int(pick.id)] < max(before)


def test_equal_nodes_are_lent_alike() -> None:
    """Ties go to fewer recent picks, then to chance: shares lie closer together than independent draws would."""
    balancer = cluster(5, IN_FLIGHT, 3)
    counts = [0] * 5
    for _ in range(5000):
        pick = balancer.pick()
        counts[int(pick.id)] += 1
        give_back(pick)
    sigma = (5000 * 0.2 * 0.8) ** 0.5
    assert all(abs(count - 1000) <= 5 * sigma for count in counts)


@pytest.mark.parametrize("factor", [0.0001, 0.001, 1.0])
def test_the_faster_of_two_is_lent_whatever_the_unit(factor: float) -> None:
    """Latency 1 against 9, in units of 100 microseconds, a millisecond or a second: only the ratio counts."""
    clock = VirtualClock(1)
    nodes = [Node("10.0.0.1:80", id="fast"), Node("10.0.0.2:80", id="slow")]
    balancer = clock.balancer(nodes, strategy={"name": "power_of_two", "load": "latency"})
    took = {"fast": 1 * factor, "slow": 9 * factor}
    for _ in range(30):
        picks = [balancer.pick(), balancer.pick()]  # both, so that both are known
        for pick in sorted(picks, key=lambda pick: took[pick.id]):
            clock.advance(took[pick.id])
            give_back(pick)
    lent = []
    for _ in range(20):
        pick = balancer.pick()
        lent.append(pick.id)
        give_back(pick)
    # One pick a second may explore; this loop takes no time at all.
    assert lent.count("slow") <= 1


def test_the_reported_load_is_followed() -> None:
    """The node that tells the higher load is not lent while the other is there."""
    balancer = cluster(2, {"name": "power_of_two", "load": "reported"})
    balancer.report("0", load=0.9)
    balancer.report("1", load=0.2)
    assert {balancer.pick().id for _ in range(50)} == {"1"}
