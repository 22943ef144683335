"""simpy and ciw, written by others for other ends, give what our simulator gives."""

from __future__ import annotations

import math
import statistics
from typing import Any

import ciw  # type: ignore[import-untyped]
import pytest

from benchmarks.simulate import by_simpy
from evenly.simulate import Exponential, Poisson, SimNode, simulate

BATCHES = 20
FAR = 4.5
"""Joint standard errors; Student's t with some 20 batches passes it by chance once in some 4,000 times."""
CLUSTERS = {
    "one queue, three servers": ("random", 1, 3, 2.4),
    "round robin over three": ("round_robin", 3, 1, 2.4),
    "the shortest of three queues": ("least_connections", 3, 1, 2.4),
    "the better of two of four": ("power_of_two", 4, 1, 3.2),
}
"""Strategy, nodes, servers on each, arrivals per mean service: each at 80 %."""


def ours(strategy: str, nodes: int, servers: int, rate: float) -> tuple[float, float]:
    """Mean response and its standard error by our simulator."""
    table: dict[str, str] = {"name": strategy}
    if strategy == "power_of_two":
        table["load"] = "in_flight"
    (result,) = simulate(
        [table],
        nodes=[SimNode(concurrency=servers) for _ in range(nodes)],
        arrivals=Poisson(rate),
        service=Exponential(1.0),
        requests=1_000_000,
        seed=7,
    )
    return result.mean.value, result.mean.se


def summed_up(times: list[float]) -> tuple[float, float]:
    """Mean of the times and its standard error by batches; the first tenth was filled from empty."""
    rest = times[len(times) // 10 :]
    size = len(rest) // BATCHES
    means = [statistics.fmean(rest[i * size : (i + 1) * size]) for i in range(BATCHES)]
    return statistics.fmean(means), statistics.stdev(means) / math.sqrt(BATCHES)


def agree(one: tuple[float, float], other: tuple[float, float]) -> None:
    """Assert that the difference is what chance explains."""
    assert abs(one[0] - other[0]) <= FAR * math.hypot(one[1], other[1]), (one, other)


@pytest.mark.parametrize("name", CLUSTERS)
def test_simpy_agrees(name: str) -> None:
    """Mean response within the joint error of 60,000 requests there and a million here."""
    strategy, nodes, servers, rate = CLUSTERS[name]
    times = by_simpy.play(
        strategy, nodes=nodes, servers=servers, rate=rate, requests=60_000, seed=1
    )
    agree(ours(strategy, nodes, servers, rate), summed_up(times))


@pytest.mark.parametrize("name", [name for name in CLUSTERS if "two" not in name])
def test_ciw_agrees(name: str) -> None:
    """Mean response within the joint error of some 30,000 requests there and a million here."""
    strategy, nodes, servers, rate = CLUSTERS[name]
    agree(ours(strategy, nodes, servers, rate), summed_up(by_ciw(strategy, nodes, servers, rate)))


class ShortestQueue(ciw.routing.JoinShortestQueue):  # type: ignore[misc]  # ciw has no types
    """ciw counts only who waits, so that an idle server and a busy one look alike; ours counts who is served, too."""

    def get_queue_size(self, node_index: int) -> int:
        """Waiting or served."""
        return int(self.simulation.nodes[node_index].number_of_individuals)


def by_ciw(strategy: str, nodes: int, servers: int, rate: float) -> list[float]:
    """Response times in the order of arrival, from a network whose first station only sends on."""
    places = list(range(2, nodes + 2))
    routers: dict[str, Any] = {
        "random": lambda: ciw.routing.Probabilistic(places, [1 / nodes] * nodes),
        "round_robin": lambda: ciw.routing.Cycle(places),
        "least_connections": lambda: ShortestQueue(places),
    }
    leave = [ciw.routing.Leave() for _ in places]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate), *([None] * nodes)],
        service_distributions=[
            ciw.dists.Deterministic(0.0),
            *([ciw.dists.Exponential(1.0)] * nodes),
        ],
        number_of_servers=[math.inf, *([servers] * nodes)],
        routing=ciw.routing.NetworkRouting([routers[strategy](), *leave]),
    )
    ciw.seed(5)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(30_000)
    served = [record for record in simulation.get_all_records() if record.node != 1]
    served.sort(key=lambda record: record.arrival_date)
    return [record.exit_date - record.arrival_date for record in served]
