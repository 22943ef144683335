"""Figures: what the simulator, which runs the engine, measures of a statement, beside what theory says it must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from evenly.theory.closed import mm1, mmc, reference, round_robin, split
from evenly.theory.laws.scenario import simulated

__all__ = ["BEYOND", "Figure", "Measured"]

BEYOND = 4.5
"""Standard errors beyond which a figure is not what theory says: by chance, 7 in a million."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One number."""

    says: str
    expected: float
    uncertain: float
    """Standard error of what is expected: 0 of a closed form, its own of a reference run."""
    run: Callable[[int], Measured]
    """Takes a seed."""

    def off(self, measured: Measured) -> float:
        """How far what was measured is from what is expected, in standard errors of both."""
        return abs(measured.value - self.expected) / sqrt(measured.error**2 + self.uncertain**2)


def response(
    strategy: Mapping[str, object], rate: float, nodes: Sequence[Mapping[str, object]]
) -> Callable[[int], Measured]:
    """Measure the mean response time."""

    def run(seed: int) -> Measured:
        mean = simulated(strategy, rate, nodes, seed)["response"]["mean"]
        return Measured(mean["value"], mean["se"])

    return run


def refused_share(seed: int) -> Measured:
    """Four nodes that take one request each, and 6 offered: the share that finds all of them busy."""
    report = simulated(
        {"name": "least_connections"},
        6.0,
        [{"capacity": 1}] * 4,
        seed,
        settings={"queue": {"length": 0}},
    )
    share = report["refused"] / report["requests"]
    # Refusals come in runs, a busy period's length: the variance is that of a coin times less than 2 (1 + a / c).
    return Measured(share, sqrt(5 * share * (1 - share) / report["requests"]))


def growth(seed: int) -> Measured:
    """Speeds 10, .1 and .1, 5 a second, two uniform choices: by how much a slow node grows in a second."""
    nodes = [{"speed": speed} for speed in (10.0, 0.1, 0.1)]
    strategy = {"name": "power_of_two", "load": "in_flight"}
    report = simulated(strategy, 5.0, nodes, seed, requests=100_000)
    slow = report["nodes"][1:]
    seconds = 100_000 / 5.0
    grown = sum(node["peak"] for node in slow) / 2 / seconds
    # Arrivals to the pair and departures from it are Poisson: 5/3 and .2 a second, half of each to one node.
    return Measured(grown, sqrt((5 / 3 + 0.2) / seconds) / 2)


TEN: list[dict[str, object]] = [{} for _ in range(10)]
SPEEDS = (1.0, 2.0, 4.0)
BEST = split.optimal(SPEEDS, 5.0)

ROUND_ROBIN = Figure(
    "mean response of round robin, 10 nodes, rho = .9",
    round_robin.mean_response(10, 0.9),
    0.0,
    response({"name": "round_robin"}, 9.0, TEN),
)
RANDOM = Figure(
    "mean response of random, 10 nodes, rho = .9",
    mm1.mean_response(0.9),
    0.0,
    response({"name": "random"}, 9.0, TEN),
)
SHORTEST_QUEUE = Figure(
    "mean response of least connections, 10 nodes, rho = .9",
    *reference.FEW_NODES["shortest queue", 10][0.9],
    response({"name": "least_connections"}, 9.0, TEN),
)
TWO_CHOICES = Figure(
    "mean response of two choices, 10 nodes, rho = .9",
    *reference.FEW_NODES["two choices", 10][0.9],
    response({"name": "power_of_two", "load": "in_flight"}, 9.0, TEN),
)
OVERLOAD = Figure(
    "share refused, 4 places, 6 offered",
    mmc.erlang_b(4, 6.0),
    0.0,
    refused_share,
)
PROPORTIONAL = Figure(
    "mean response, speeds 1, 2, 4, 5 a second, split by speed",
    split.mean_response(SPEEDS, split.proportional(SPEEDS, 5.0)),
    0.0,
    response(
        {"name": "random"},
        5.0,
        [{"speed": speed, "weight": int(speed)} for speed in SPEEDS],
    ),
)
OPTIMAL = Figure(
    "mean response, speeds 1, 2, 4, 5 a second, split at best",
    split.mean_response(SPEEDS, BEST),
    0.0,
    response(
        {"name": "random"},
        5.0,
        [
            {"speed": speed, "weight": round(share * 10_000)}
            for speed, share in zip(SPEEDS, BEST, strict=True)
        ],
    ),
)
UNSTABLE = Figure(
    "growth of a slow node per second, speeds 10, .1, .1, two uniform choices", 11 / 15, 0.0, growth
)
