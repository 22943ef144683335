"""When requests come. Rates are requests per second over the whole cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from evenly.simulate.faults import Found
from evenly.simulate.part import (
    FROM_ZERO,
    Count,
    Moment,
    Part,
    Positive,
    Seconds,
    Share,
    moment,
    read_part,
    sequence,
)

__all__ = [
    "ARRIVALS",
    "Arrivals",
    "Bursty",
    "Closed",
    "Diurnal",
    "Poisson",
    "Steady",
    "Trace",
    "as_arrivals",
]


@dataclass(frozen=True, slots=True)
class Poisson(Part):
    """Requests of many independent users: gaps between them are exponential."""

    kind: ClassVar[str] = "poisson"
    rate: Positive

    @property
    def mean_rate(self) -> float:
        """Requests per second in the long run."""
        return self.rate


@dataclass(frozen=True, slots=True)
class Steady(Part):
    """One request after another at equal distances."""

    kind: ClassVar[str] = "steady"
    rate: Positive

    @property
    def mean_rate(self) -> float:
        """Requests per second."""
        return self.rate

    def engine(self) -> dict[str, Any]:
        """The engine's word is the queueing one."""
        return {"kind": "deterministic", "rate": self.rate}


@dataclass(frozen=True, slots=True)
class Bursty(Part):
    """Poisson whose rate jumps from one of `rates` to the next (MMPP), staying about `dwell` seconds in each.

    A rate of 0 is a silence. The dwell times are exponential; their means are given, one for each rate.
    """

    kind: ClassVar[str] = "bursty"
    rates: Annotated[Sequence[float], sequence(FROM_ZERO, "a list of rates", 2)]
    dwell: Annotated[Sequence[float], sequence(moment(zero=False), "a list of seconds", 2)]

    def together(self) -> list[Found]:
        """One dwell time for each rate, and not silence alone."""
        if len(self.rates) != len(self.dwell):
            what = f"must hold one time for each of the {len(self.rates)} rates"
            return [(("dwell",), f"{what}, not {len(self.dwell)}")]
        return [] if any(self.rates) else [(("rates",), "must hold one rate above 0")]

    @property
    def mean_rate(self) -> float:
        """Requests per second in the long run: rates weighted by their dwell times."""
        pairs = zip(self.rates, self.dwell, strict=True)
        return sum(rate * stay for rate, stay in pairs) / sum(self.dwell)

    def engine(self) -> dict[str, Any]:
        """The engine's word is the queueing one."""
        return {"kind": "mmpp", "rates": list(self.rates), "dwell": list(self.dwell)}


@dataclass(frozen=True, slots=True)
class Diurnal(Part):
    """Poisson whose rate swings about `rate` like a sine: by `amplitude` (share of it), once in `period` seconds."""

    kind: ClassVar[str] = "diurnal"
    rate: Positive
    amplitude: Share = 0.5
    period: Seconds = 86_400.0

    @property
    def mean_rate(self) -> float:
        """Requests per second in the long run."""
        return self.rate


@dataclass(frozen=True, slots=True)
class Trace(Part):
    """Requests at these moments, in seconds from the start, in order."""

    kind: ClassVar[str] = "trace"
    times: Annotated[Sequence[float], sequence(moment(zero=True), "a list of seconds")]

    def together(self) -> list[Found]:
        """Time does not run backwards."""
        for position in range(1, len(self.times)):
            if self.times[position] < self.times[position - 1]:
                what = f"comes before the one ahead of it ({self.times[position - 1]:g}): sort them"
                return [(("times", position), what)]
        return []

    @property
    def mean_rate(self) -> float | None:
        """Requests per second from first to last; None for requests that come all at once."""
        span = self.times[-1] - self.times[0]
        return (len(self.times) - 1) / span if span > 0 else None

    def engine(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"kind": "trace", "times": list(self.times)}


@dataclass(frozen=True, slots=True)
class Closed(Part):
    """`clients` that each wait for the answer, think for `think` seconds on average, and ask again."""

    kind: ClassVar[str] = "closed"
    clients: Count
    think: Moment = 0.0

    @property
    def mean_rate(self) -> None:
        """Not known beforehand: it hangs on how fast answers come."""
        return None


Arrivals = Poisson | Steady | Bursty | Diurnal | Trace | Closed
ARRIVALS: tuple[type[Arrivals], ...] = (Poisson, Steady, Bursty, Diurnal, Trace, Closed)
"""One class for each way requests come."""


def as_arrivals(value: object) -> Arrivals:
    """Read arrivals from their class, a table, or a number: Poisson of that rate."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = {"kind": "poisson", "rate": value}
    return read_part(ARRIVALS, value)
