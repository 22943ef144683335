"""One comparison: a scenario, what theory says of it, and how far the simulation is from that."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evenly.simulate import Estimate, Result, simulate

__all__ = ["Case", "Expected", "Finding", "enough", "run"]

BATCHES = 32
GRAIN = 0.00025
"""Quantiles are read from a histogram of three digits: half a step of it, relative."""


@dataclass(frozen=True)
class Expected:
    """What theory says, and its standard error where it comes from a simulation itself."""

    value: float
    error: float = 0.0


@dataclass(frozen=True)
class Case:
    """A scenario with one strategy, and the figures of it that theory knows."""

    table: str
    row: str
    at: float
    """The utilisation; in the table of ageing loads the age in mean services."""
    requests: int
    expected: Mapping[str, Expected]
    """`mean`, `p50`, `p95`, `p99` in mean services, `throughput` in requests per mean service."""
    scenario: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """`round robin, 4 at 0.9`."""
        return f"{self.row} at {self.at:g}"

    @property
    def seed(self) -> int:
        """Chance of its own: cases that met the same arrivals would all be far off together."""
        return zlib.crc32(f"{self.table}: {self.name}".encode())


@dataclass(frozen=True)
class Finding:
    """A figure beside what theory says of it."""

    table: str
    row: str
    at: float
    figure: str
    expected: Expected
    found: Estimate
    requests: int

    @property
    def z(self) -> float:
        """Distance in standard errors of both; beyond 4.5 by chance less than once in 5,000 (t, 31 batches)."""
        grain = 0.0 if self.figure in ("mean", "throughput") else GRAIN * self.expected.value
        error = math.hypot(self.found.se, self.expected.error, grain)
        return (self.found.value - self.expected.value) / error


def enough(rho: float, *, queues: int = 1, pooled: bool = False, cv2: float = 1.0) -> int:
    """How many requests make batches that know nothing of each other.

    A queue forgets within about 1/(1 − √ρ)² mean services (the relaxation time of M/M/1), and each of 32 batches has
    fifteen times that: with fewer the batches are skewed, and a run without a long queue would think itself exact. At
    .99 it is five, or no run would end.
    `queues` are served apart, unless `pooled`: then they forget together, that much sooner.
    """
    memory = (1 + cv2) / 2 / (1 - math.sqrt(rho)) ** 2
    rate = rho if pooled else rho * queues
    times = 15 if rho <= 0.95 else 5
    return max(200_000, int(BATCHES * times * memory * rate / 0.9))


def run(case: Case, share: float = 1.0) -> list[Finding]:
    """Play the case with that share of its requests, on one core."""
    requests = max(20_000, int(case.requests * share))
    (result,) = simulate(**case.scenario, requests=requests, seed=case.seed, cores=1)
    return [
        Finding(case.table, case.row, case.at, figure, expected, read(result, figure), requests)
        for figure, expected in case.expected.items()
    ]


def read(result: Result, figure: str) -> Estimate:
    """The figure of that name."""
    found = getattr(result, figure)
    assert isinstance(found, Estimate)
    return found
