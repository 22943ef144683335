"""What a log says about its nodes: how many requests each works on at a time, and how long one takes it.

A log tells how long a node was busy with a request, waiting inside the node included. A replay needs the work alone:
with another strategy the waiting would have been another. For a node that works on c requests at a time, first come
first served, the beginning of the work follows from the log: the request begins when fewer than c of those before it
are left. What remains until its end is the work. c itself is not in the log; it is the number for which the work does
not depend on how many others the request found: too few servers make the work of a busy node look short (or end
before it begins), too many make it look long.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from itertools import groupby
from math import fsum, sqrt
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evenly.simulate.logs import Record

CANDIDATES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64, 96, 128, 192, 256)
"""Numbers of servers that are tried; between them a node behaves much the same."""

LOOKED_AT = 20_000
"""Requests of a node that decide: enough to tell a dependence of a thousandth from chance."""

KEPT = 5_000
"""Samples of work that are kept, at equal steps of their rank: the law to a fiftieth of a percent."""

_NEGATIVE = 0.02
"""Share of requests whose work may come out below zero before a number is ruled out: clocks differ, and real servers do
not take everybody in the order in which he came.
"""

_NOTHING = 0.02
"""Share of the spread that is no waiting, however many requests show it: a busy machine is a little slower."""


@dataclass(frozen=True)
class NodeFit:
    """One node, as the log shows it."""

    id: str
    requests: int
    failures: int
    failure_seconds: float
    """Mean time a failure took."""
    concurrency: int | None
    """Requests it works on at a time; None when the log never shows a request waiting inside it."""
    most_at_once: int
    """Requests in flight on it, at most."""
    work: tuple[float, ...]
    """Seconds of work, without waiting: a sorted sample of its law. Empty when it never answered well."""

    @property
    def mean_work(self) -> float:
        """Mean seconds of work; 0 when it never answered well."""
        return fmean(self.work) if self.work else 0.0


def fit_nodes(records: Iterable[Record]) -> dict[str, NodeFit]:
    """Fit every node that a log names. Pure: the same records give the same fit."""
    by_node: dict[str, list[Record]] = {}
    for record in records:
        if record.node is not None:
            by_node.setdefault(record.node, []).append(record)
    return {node: fit_node(node, own) for node, own in sorted(by_node.items())}


def fit_node(node: str, records: Sequence[Record]) -> NodeFit:
    """Fit one node from the requests that it got."""
    failed = [record.took for record in records if not record.ok and not record.gone]
    spans = sorted((record.began, record.began + record.took) for record in records if record.ok)
    failures, spent = len(failed), fmean(failed) if failed else 0.0
    if not spans:
        return NodeFit(node, len(records), failures, spent, None, 0, ())
    looked_at = spans[:LOOKED_AT]
    found = in_flight_found(looked_at)
    most = max(found) + 1
    concurrency = _concurrency(looked_at, found, most)
    work = sorted(max(seconds, 0.0) for seconds in works(spans, concurrency or most))
    return NodeFit(node, len(records), failures, spent, concurrency, most, _thinned(work))


def in_flight_found(spans: Sequence[tuple[float, float]]) -> list[int]:
    """How many others each request found on the node; spans are (begin, end), sorted."""
    ends: list[float] = []
    found = []
    for begin, end in spans:
        while ends and ends[0] <= begin:
            ends.pop(0)
        found.append(len(ends))
        insort(ends, end)
    return found


def works(spans: Sequence[tuple[float, float]], servers: int) -> list[float]:
    """Seconds of work of each request if the node works on `servers` at a time, first come first served."""
    latest: list[float] = []
    work = []
    for begin, end in spans:
        # The last `servers` ends of those before: when the earliest of them has gone, a server is free.
        start = max(begin, latest[0]) if len(latest) == servers else begin
        work.append(end - start)
        insort(latest, end)
        if len(latest) > servers:
            latest.pop(0)
    return work


def _concurrency(
    spans: Sequence[tuple[float, float]], found: Sequence[int], most: int
) -> int | None:
    """The number of servers for which the work depends least on what a request found; None when it never did."""
    best, least = None, _dependence(found, works(spans, most))
    if least <= _NOTHING or least <= _chance(len(spans), len(set(found))):
        return None
    for servers in (number for number in CANDIDATES if number < most):
        work = works(spans, servers)
        if sum(seconds < -1e-3 for seconds in work) > _NEGATIVE * len(work):
            continue
        dependence = _dependence(found, work)
        if dependence < least:
            best, least = servers, dependence
    return best


def _dependence(found: Sequence[int], work: Sequence[float]) -> float:
    """How much of the work's spread follows from what a request found, beyond chance: epsilon squared of the test by
    Kruskal and Wallis (1952).

    Ranks, so that one huge request does not decide: work is often heavy-tailed. Groups and no line through them,
    because with too few servers whoever found nobody took his whole time, whoever found one the rest of another's,
    and whoever found many a full turn again: a line through that may well be flat.
    """
    ranks = _ranks(work)
    middle = (len(ranks) - 1) / 2
    spread = fsum((rank - middle) ** 2 for rank in ranks)
    if spread == 0:
        return 0.0
    groups: dict[int, list[float]] = {}
    for others, rank in zip(found, ranks, strict=True):
        groups.setdefault(others, []).append(rank)
    means = ((len(group), fmean(group)) for group in groups.values())
    between = fsum(size * (mean - middle) ** 2 for size, mean in means)
    return between / spread - (len(groups) - 1) / (len(ranks) - 1)


def _chance(requests: int, groups: int) -> float:
    """What dependence shows by chance where there is none: three standard deviations of its law, a chi square with
    one degree less than there are groups.
    """
    return 3 * sqrt(2 * max(groups - 1, 1)) / max(requests - 1, 1)


def _ranks(values: Sequence[float]) -> list[float]:
    """The place of each value in their order; equals share the middle of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    first = 0
    for _, group in groupby(order, key=values.__getitem__):
        same = list(group)
        for index in same:
            ranks[index] = first + (len(same) - 1) / 2
        first += len(same)
    return ranks


def _thinned(ordered: list[float]) -> tuple[float, ...]:
    if len(ordered) <= KEPT:
        return tuple(ordered)
    step = len(ordered) / KEPT
    return tuple(ordered[int((turn + 0.5) * step)] for turn in range(KEPT))
