"""How long a request takes on a node of speed 1 that serves nothing else. All times are in seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated, Any, ClassVar

from evenly.simulate.faults import Found
from evenly.simulate.part import (
    Moment,
    Part,
    Positive,
    Read,
    Seconds,
    moment,
    number,
    read_part,
    sequence,
)

__all__ = [
    "SERVICE",
    "BoundedPareto",
    "Deterministic",
    "Empirical",
    "Exponential",
    "HyperExponential",
    "LogNormal",
    "Service",
    "Uniform",
    "as_service",
]


@dataclass(frozen=True, slots=True)
class Exponential(Part):
    """Memoryless: how long it still takes does not hang on how long it took. Coefficient of variation 1."""

    kind: ClassVar[str] = "exponential"
    mean: Seconds


@dataclass(frozen=True, slots=True)
class Deterministic(Part):
    """Always the same time."""

    kind: ClassVar[str] = "deterministic"
    mean: Seconds


@dataclass(frozen=True, slots=True)
class LogNormal(Part):
    """Most are quick, a few slow: what web services measure. `cv` is standard deviation / mean."""

    kind: ClassVar[str] = "log_normal"
    mean: Seconds
    cv: Positive = 1.0


@dataclass(frozen=True, slots=True)
class BoundedPareto(Part):
    """A heavy tail between `low` and `high` seconds; the smaller `shape`, the heavier (1.1 is common)."""

    kind: ClassVar[str] = "bounded_pareto"
    shape: Positive
    low: Seconds
    high: Seconds

    def together(self) -> list[Found]:
        """The ends stand in order."""
        return _ordered(self.low, self.high)

    @property
    def mean(self) -> float:
        """Seconds on average (Harchol-Balter, Performance Modeling, section 20.4)."""
        a, low, high = self.shape, self.low, self.high
        if abs(a - 1) < 1e-9:
            return math.log(high / low) * low * high / (high - low)
        cut: float = 1 - (low / high) ** a
        mean: float = low**a / cut * a / (a - 1) * (low ** (1 - a) - high ** (1 - a))
        return mean


CV2 = number("a number from 1 (1 is exponential)", lambda value: value >= 1)


@dataclass(frozen=True, slots=True)
class HyperExponential(Part):
    """Two kinds of requests, short and long, each exponential and bringing half of the work (balanced means).

    `cv2` is the squared coefficient of variation, from 1.
    """

    kind: ClassVar[str] = "hyper_exponential"
    mean: Seconds
    cv2: Annotated[float, CV2] = 4.0

    def engine(self) -> dict[str, Any]:
        """The engine writes it in one word."""
        return {"kind": "hyperexponential", "mean": self.mean, "cv2": self.cv2}


@dataclass(frozen=True, slots=True)
class Empirical(Part):
    """Drawn from measured times, each as likely as the other."""

    kind: ClassVar[str] = "empirical"
    samples: Annotated[Sequence[float], sequence(moment(zero=True), "a list of seconds")]

    @property
    def mean(self) -> float:
        """Seconds on average."""
        return fmean(self.samples)

    def engine(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"kind": "empirical", "samples": list(self.samples)}


@dataclass(frozen=True, slots=True)
class Uniform(Part):
    """Any time between `low` and `high` seconds, all as likely."""

    kind: ClassVar[str] = "uniform"
    low: Moment
    high: Seconds

    def together(self) -> list[Found]:
        """The ends stand in order."""
        return _ordered(self.low, self.high)

    @property
    def mean(self) -> float:
        """Seconds on average."""
        return (self.low + self.high) / 2


def _ordered(low: float, high: float) -> list[Found]:
    return [] if low < high else [(("high",), f"must be above low ({low:g}), not {high:g}")]


Service = (
    Exponential | Deterministic | LogNormal | BoundedPareto | HyperExponential | Empirical | Uniform
)
SERVICE: tuple[type[Service], ...] = (
    Exponential,
    Deterministic,
    LogNormal,
    BoundedPareto,
    HyperExponential,
    Empirical,
    Uniform,
)
"""One class for each distribution of service times."""


def as_service(value: object) -> Service:
    """Read service times from their class or from a table."""
    return read_part(SERVICE, value)


def _maybe(value: object) -> Service | None:
    return None if value is None else as_service(value)


OWN_SERVICE = Read(_maybe, "service times, as a class or a table")
"""For a node that does not work like the others."""
