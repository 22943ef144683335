"""A scenario: everything that a simulation hangs on. The same scenario always gives the same result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from evenly.simulate.arrivals import Arrivals, Trace, as_arrivals
from evenly.simulate.contenders import Contender, as_contenders
from evenly.simulate.faults import Found, unknown
from evenly.simulate.keys import Keys, as_keys
from evenly.simulate.nodes import SimNode, as_nodes
from evenly.simulate.part import (
    COUNT,
    Count,
    Moment,
    Part,
    Read,
    moment,
    number,
    optional,
)
from evenly.simulate.service import Exponential, Service, as_service
from evenly.simulate.settings import Settings, as_settings
from evenly.simulate.timeline import Event, as_timeline

__all__ = ["QUANTILES", "REQUESTS", "Scenario"]

REQUESTS = 1_000_000
"""How many requests a run has unless said: the p99.9 then rests on a thousand."""

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
"""The quantiles of the response time that are kept."""

POINTS = 120
"""How many points a picture over time aims at."""

BATCHES = 32
"""Parts that a run is cut into for its confidence intervals."""

EXPONENTIAL = Exponential(1.0)
AS_USUAL = Settings()

TIME = optional(moment(zero=False))
SEED = number("a whole number from 0", lambda value: 0 <= value < 1 << 64, whole=True)
WARMUP = number("a share from 0, below 1", lambda value: 0 <= value < 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Part):
    """What is simulated. Times are seconds on the virtual clock, rates requests per second.

    `strategies`: what is compared: names, tables, typed classes, or functions and classes of your own; each meets
    the same requests. A table from labels to strategies names them yourself.
    `nodes`: their number, or a list of `SimNode`s.
    `arrivals`: when requests come, over the whole cluster. `service`: how long one takes on a node of speed 1.
    `requests`, `seconds`: how long each replication runs: until either is reached.
    `seed`: where chance begins. `replications`: independent runs that are pooled.
    `keys`: what requests are about, for strategies that hash.
    `delay`: seconds on the way to a node, and again on the way back.
    `dispatchers`: independent balancers that share the requests; each knows only of its own.
    `report_every`: seconds between reports of each node's load to all balancers, for `load="reported"`.
    `settings`: options of the balancer, as of `evenly.Balancer`: `health`, `ejection`, `slow_start`, `retries`, …
    `timeout`: seconds after which a try is given up and counts as its node's failure.
    `timeline`: events such as `Kill(at=10, node="n0")`.
    `warmup`: share of each run that is left out of the figures, since it began empty.
    `series_every`: seconds between points over time; with a timeline, by default, so that there are about 120.

    Raises `InvalidScenario` with every fault.
    """

    kind: ClassVar[str] = "a scenario"
    strategies: Annotated[tuple[Contender, ...], Read(as_contenders, "a list of strategies")]
    nodes: Annotated[tuple[SimNode, ...], Read(as_nodes, "a number or a list of nodes")]
    arrivals: Annotated[Arrivals, Read(as_arrivals, "arrivals, as a class or a table")]
    service: Annotated[Service, Read(as_service, "service times, as a class or a table")] = (
        EXPONENTIAL
    )
    requests: Annotated[int | None, optional(COUNT)] = None
    seconds: Annotated[float | None, TIME] = None
    seed: Annotated[int, SEED] = 0
    replications: Count = 1
    keys: Annotated[Keys | None, optional(Read(as_keys, "keys, as a class or a table"))] = None
    delay: Moment = 0.0
    dispatchers: Count = 1
    report_every: Annotated[float | None, TIME] = None
    settings: Annotated[Settings, Read(as_settings, "a table of options")] = AS_USUAL
    timeout: Annotated[float | None, TIME] = None
    timeline: Annotated[tuple[Event, ...], Read(as_timeline, "a list of events")] = ()
    warmup: Annotated[float, WARMUP] = 0.1
    series_every: Annotated[float | None, TIME] = None

    def together(self) -> list[Found]:
        """Events name nodes, and nodes that are no members at first can become some."""
        ids = [node.id for node in self.nodes]
        few = ids if len(ids) <= 20 else []
        faults: list[Found] = [
            (("timeline", position, "node"), unknown("node", event.node, few))
            for position, event in enumerate(self.timeline)
            if event.node not in ids
        ]
        if not any(node.joins for node in self.nodes):
            faults.append(
                (("nodes",), "must have one member from the start: all say joins = false")
            )
        return faults

    @property
    def load(self) -> float | None:
        """Work that arrives beside the work that all nodes can do; None where that is not known beforehand.

        From 1 the nodes cannot keep up: what waits grows for as long as the run lasts.
        """
        rate = self.arrivals.mean_rate
        members = [node for node in self.nodes if node.joins]
        if rate is None or any(node.concurrency is None for node in members):
            return None
        # A node with service times of its own can do another number of requests per second.
        able = sum(
            node.speed * (node.concurrency or 0) / (node.service or self.service).mean
            for node in members
        )
        return rate / able

    @property
    def length(self) -> float | None:
        """About how many seconds on the virtual clock one replication takes; None where nobody knows."""
        rate = self.arrivals.mean_rate
        ends = [self.seconds] if self.seconds else []
        if rate and (self.requests or not ends):
            ends.append((self.requests or REQUESTS) / rate)
        if isinstance(self.arrivals, Trace):
            ends.append(self.arrivals.times[-1])
        return min(ends, default=None)

    @property
    def interval(self) -> float | None:
        """Seconds between points over time; None for none."""
        if self.series_every or not self.timeline:
            return self.series_every
        last = max(event.at for event in self.timeline)
        return _nice(max(self.length or 2 * last, last) / POINTS)

    @property
    def summary(self) -> str:
        """One line that says what was simulated, for the head of a picture."""
        nodes = f"{len(self.nodes)} node{'' if len(self.nodes) == 1 else 's'}"
        if self.load is not None:
            nodes += f" at {self.load:.0%} load"
        rate = self.arrivals.mean_rate
        arrivals = f"{_words(self.arrivals)} arrivals" + (f", {rate:,.4g}/s" if rate else "")
        service = f"{_words(self.service)} service of {_time(self.service.mean)}"
        if all(node.service for node in self.nodes):
            service = "service times of each node's own"
        runs = f"{self.requests or REQUESTS:,} requests"
        if self.seconds and not self.requests:
            runs = f"{self.seconds:g} s"
        if self.replications > 1:
            runs = f"{self.replications} × {runs}"
        return f"{nodes} · {arrivals} · {service} · {runs} each · seed {self.seed}"

    def with_strategy(self, contender: Contender) -> dict[str, Any]:
        """The scenario with one of its strategies, as `_engine.simulate` reads it."""
        requests = self.requests or (None if self.seconds else REQUESTS)
        return {
            "nodes": [node.engine() for node in self.nodes],
            "strategy": contender.table,
            "arrivals": self.arrivals.engine(),
            "service": self.service.engine(),
            "keys": self.keys and self.keys.engine(),
            "delay": self.delay,
            "dispatchers": self.dispatchers,
            "report_every": self.report_every,
            "settings": dict(self.settings.engine),
            "timeout": self.timeout,
            "requests": requests,
            "seconds": self.seconds,
            "warmup": self.warmup,
            "batches": BATCHES,
            "timeline": [event.engine() for event in self.ordered],
            "series_every": self.interval,
            "quantiles": list(QUANTILES),
        }

    @property
    def ordered(self) -> tuple[Event, ...]:
        """The events in the order of time."""
        return tuple(sorted(self.timeline, key=lambda event: event.at))


def _nice(seconds: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, … seconds (or parts of one), so that points stand at even moments."""
    power = 10.0 ** math.floor(math.log10(seconds))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= seconds * (1 - 1e-9))


def _words(part: Part) -> str:
    """Its kind as one says it; only Poisson and Pareto are names of people."""
    said = part.kind.replace("_", " ")
    return said.replace("poisson", "Poisson").replace("pareto", "Pareto")


def _time(seconds: float) -> str:
    """`12.5 ms`, for people."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.4g} {unit}"
    return f"{seconds * 1e6:.4g} µs"
