"""Least latency: the least expected wait."""

from __future__ import annotations

import pytest

from evenly import Node
from evenly.testing import VirtualClock
from tests.laws.clusters import cluster, give_back


@pytest.mark.parametrize("factor", [0.00001, 0.0001, 0.001])
def test_in_flight_is_spread_by_speed_whatever_the_unit(factor: float) -> None:
    """Latencies 1, 2 and 4: with 35 requests in flight the waits are level at 20, 10 and 5 of them."""
    clock = VirtualClock(1)
    nodes = [Node(f"10.0.0.{at + 1}:80", id=str(at)) for at in range(3)]
    balancer = clock.balancer(nodes, strategy="least_latency")
    waiting = sorted((balancer.pick() for _ in range(3)), key=lambda pick: int(pick.id))
    now = 0.0
    for at, pick in enumerate(waiting):
        clock.advance(2**at * factor - now)
        now = 2**at * factor
        give_back(pick)
    held = [balancer.pick() for _ in range(35)]
    assert [sum(pick.id == str(at) for pick in held) for at in range(3)] == [20, 10, 5]


def test_a_node_that_fails_at_once_gets_one_try_a_second() -> None:
    """Fast errors are not speed: without ejection too the failing node has a try in each second and no more."""
    clock = VirtualClock(2)
    nodes = [Node(f"10.0.0.{at + 1}:80", id=str(at)) for at in range(3)]
    balancer = clock.balancer(nodes, strategy="least_latency", ejection=None)
    tries = [0] * 20
    for turn in range(20_000):
        with balancer.pick() as pick:
            if pick.id == "0":
                tries[turn // 1000] += 1
                pick.fail()
            else:
                clock.advance(0.001)
        if pick.id == "0":
            clock.advance(0.001)
    assert tries[0] <= 3
    assert all(count <= 1 for count in tries[2:])
    assert sum(tries) >= 15


def test_idle_nodes_without_a_sample_are_alike() -> None:
    """Nothing is known, so chance decides: each of four has a quarter within 5 standard deviations."""
    counts = [0] * 4
    for seed in range(2000):
        counts[int(cluster(4, "least_latency", seed).pick().id)] += 1
    sigma = (2000 * 0.25 * 0.75) ** 0.5
    assert all(abs(count - 500) <= 5 * sigma for count in counts)
