"""What a simulation has shown: one `Result` for each strategy, all of them in `Results`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from evenly.simulate.estimate import Estimate

if TYPE_CHECKING:
    from evenly.simulate.contenders import Contender
    from evenly.simulate.scenario import Scenario
    from evenly.simulate.table import Table

__all__ = ["Point", "Result", "Results", "Served"]


@dataclass(frozen=True, slots=True)
class Served:
    """What one node has done in a run."""

    id: str
    picks: int
    """Tries it was given."""
    ok: int
    failed: int
    share: float
    """Its part of all tries, 0 to 1."""
    utilisation: float | None
    """Part of the time that it was busy, averaged over its servers; None without a bound on them."""
    in_system: float
    """Requests on it on average, waiting or in service."""
    peak: int
    """Most requests on it at a time."""
    response: float | None
    """Mean seconds of what it answered well; None if it never did."""


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of time, beginning at `at` seconds."""

    at: float
    ok: int
    failed: int
    mean: float | None
    """Mean response time in seconds of what ended well; None if nothing did."""
    p99: float | None
    picks: tuple[int, ...]
    """Tries that each node was given, in the order of the nodes."""
    in_system: tuple[float, ...]
    """Requests on each node."""
    failures: tuple[int, ...]
    """Failed tries of each node."""

    @property
    def lost_share(self) -> float | None:
        """Requests that did not end well as a share of those that ended; None if none did."""
        ended = self.ok + self.failed
        return self.failed / ended if ended else None


class Result:
    """What one strategy did. Times are seconds; every figure with chance in it is an `Estimate`."""

    def __init__(self, contender: Contender, found: dict[str, Any]) -> None:
        self.label = contender.label
        """What tables and plots call the strategy."""
        self.strategy = contender.name
        """Name of the strategy."""
        self.found = found
        """Everything the engine has said, as JSON values."""

    @property
    def mean(self) -> Estimate:
        """Mean response time: from arrival to answer, with network, waiting and retries."""
        return Estimate.read(self.found["response"]["mean"])

    def quantile(self, q: float) -> Estimate:
        """Response time that a share `q` of the requests stays within; one of `evenly.simulate.QUANTILES`."""
        kept = {float(text): entry for text, entry in self.found["response"]["quantiles"].items()}
        if q not in kept:
            raise KeyError(f"quantile {q:g} is not kept; there are {', '.join(map(str, kept))}")
        return Estimate.read(kept[q])

    @property
    def p50(self) -> Estimate:
        """Median response time."""
        return self.quantile(0.5)

    @property
    def p90(self) -> Estimate:
        """Response time that 9 of 10 requests stay within."""
        return self.quantile(0.9)

    @property
    def p95(self) -> Estimate:
        """Response time that 95 of 100 requests stay within."""
        return self.quantile(0.95)

    @property
    def p99(self) -> Estimate:
        """Response time that 99 of 100 requests stay within."""
        return self.quantile(0.99)

    @property
    def p999(self) -> Estimate:
        """Response time that 999 of 1,000 requests stay within."""
        return self.quantile(0.999)

    @property
    def max(self) -> float:
        """Longest response time."""
        return float(self.found["response"]["max"] or 0)

    @property
    def peak_to_mean(self) -> Estimate:
        """The busiest node beside the average one: requests on it for its size; 1 is even."""
        return Estimate.read(self.found["peak_to_mean"])

    @property
    def balance_ratio(self) -> Estimate:
        """The least busy node beside the busiest, 0 to 1; 1 is even."""
        return Estimate.read(self.found["balance_ratio"])

    @property
    def jain(self) -> Estimate:
        """Jain's index of fairness over the nodes, 1/n to 1; 1 is even."""
        return Estimate.read(self.found["jain"])

    @property
    def in_system(self) -> Estimate:
        """Requests on all nodes on average."""
        return Estimate.read(self.found["in_system"])

    @property
    def peak_in_flight(self) -> Estimate:
        """Most requests on one node at a time."""
        return Estimate.read(self.found["peak_in_flight"])

    @property
    def throughput(self) -> Estimate:
        """Requests per second that ended well."""
        return Estimate.read(self.found["throughput"])

    @property
    def complete(self) -> bool:
        """Whether it ran to its end; else the figures rest on what was done."""
        return bool(self.found["complete"])

    @property
    def requests(self) -> int:
        """Requests that were made."""
        return int(self.found["requests"])

    @property
    def ok(self) -> int:
        """Requests that ended well."""
        return int(self.found["ok"])

    @property
    def failed(self) -> int:
        """Requests that nodes failed, after all retries."""
        return int(self.found["failed"])

    @property
    def refused(self) -> int:
        """Requests for which there was no node."""
        return int(self.found["refused"])

    @property
    def lost(self) -> int:
        """Requests that did not end well: failed or refused."""
        return self.failed + self.refused

    @property
    def retries(self) -> int:
        """Tries beyond the first."""
        return int(self.found["retries"])

    @property
    def lost_share(self) -> float:
        """Lost requests as a share of all, 0 to 1."""
        return self.lost / self.requests if self.requests else 0.0

    @property
    def nodes(self) -> tuple[Served, ...]:
        """What each node has done."""
        names = Served.__slots__
        return tuple(Served(**{name: node[name] for name in names}) for node in self.found["nodes"])

    @property
    def series(self) -> tuple[Point, ...]:
        """The first replication over time; empty without `series_every` and timeline."""
        return tuple(
            Point(
                *(point[name] for name in ("at", "ok", "failed", "mean", "p99")),
                *(
                    tuple(node[name] for node in point["nodes"])
                    for name in ("picks", "in_system", "failed")
                ),
            )
            for point in self.found.get("series") or ()
        )

    def __repr__(self) -> str:
        """Say the strategy and its first figures."""
        return f"<{self.label}: mean {self.mean} s, p99 {self.p99} s>"


class Results(Sequence[Result]):
    """All strategies of one scenario, in the order they were given; by position, label or name."""

    def __init__(self, scenario: Scenario, results: Sequence[Result], notes: Sequence[str]) -> None:
        self.scenario = scenario
        """What was simulated."""
        self.notes = tuple(notes)
        """What a reader of the figures must know: that a run was stopped, that the cluster is overloaded."""
        self._results = tuple(results)

    @property
    def complete(self) -> bool:
        """Whether every strategy ran to its end."""
        every = len(self._results) == len(self.scenario.strategies)
        return every and all(result.complete for result in self._results)

    @overload
    def __getitem__(self, which: int | str) -> Result: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Result]: ...
    def __getitem__(self, which: int | str | slice) -> Result | Sequence[Result]:
        """One result, by position, by its label, or by the strategy's name where only one has it."""
        if not isinstance(which, str):
            return self._results[which]
        for result in self._results:
            if result.label == which:
                return result
        named = [result for result in self._results if result.strategy == which]
        if len(named) == 1:
            return named[0]
        labels = [result.label for result in (named or self._results)]
        if named:
            raise KeyError(f"{which!r} is the name of several: write one of {labels}")
        near = difflib.get_close_matches(which, labels, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {labels}"
        raise KeyError(f"no result {which!r}: {hint}")

    def __len__(self) -> int:
        """How many strategies have a result."""
        return len(self._results)

    def __iter__(self) -> Iterator[Result]:
        """Go through them in the order they were given."""
        return iter(self._results)

    def table(self, *columns: str) -> Table:
        """A table of these columns, one row for each strategy; `print` it.

        Columns: `mean`, `p50`, `p90`, `p95`, `p99`, `p999`, `max`, `peak_to_mean`, `balance_ratio`, `jain`,
        `in_system`, `peak_in_flight`, `throughput`, `requests`, `ok`, `lost`, `failed`, `refused`, `retries`.
        """
        from evenly.simulate.table import Table

        rows = [((result.label,), result) for result in self]
        return Table(rows, columns, notes=self.notes)

    def plot(self, path: str | Path, what: str | None = None) -> Path:
        """Draw the results into a file (PNG, SVG or PDF by its ending) and return its path.

        `what` is `"comparison"` (response times and shares side by side) or `"timeline"` (the run over time); unless
        said, the timeline where there is one. Needs matplotlib: `pip install evenly[plot]`.
        """
        from evenly.simulate.plots import draw

        return draw(self, Path(path), what)

    def json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "complete": self.complete,
            "seed": self.scenario.seed,
            "replications": self.scenario.replications,
            "notes": list(self.notes),
            "results": [
                {"label": result.label, "strategy": result.strategy, **result.found}
                for result in self._results
            ],
        }

    def __str__(self) -> str:
        """The table with its usual columns."""
        return str(self.table())

    __repr__ = __str__
