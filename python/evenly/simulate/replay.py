"""A log, replayed: what each strategy would have given for these very requests, and what if a node dies.

The nodes work as the log shows (`evenly.simulate.fit`), the requests come when they came, with the keys they had.
Nothing else is taken from the log: who got which request is the strategy's business now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from evenly.simulate.arrivals import Trace
from evenly.simulate.faults import InvalidScenario, unknown
from evenly.simulate.fit import NodeFit, fit_nodes
from evenly.simulate.keys import KeyTrace
from evenly.simulate.logs import LogUnreadable
from evenly.simulate.nodes import SimNode
from evenly.simulate.run import Interrupted, simulate
from evenly.simulate.service import Empirical
from evenly.simulate.timeline import Event, Fail, Kill

if TYPE_CHECKING:
    from evenly.node import Node
    from evenly.simulate.logs import Log, Record
    from evenly.simulate.result import Results
    from evenly.simulate.run import Progress
    from evenly.strategy import StrategyLike

__all__ = ["Logged", "Replay", "replay"]

COMPARED = ("random", "round_robin", "least_connections", "power_of_two")
"""What is tried beside the strategies that are asked for."""

LEAST_FAILURE = 0.0005
"""Seconds that a failing node takes at least: logs cut below a millisecond."""


@dataclass(frozen=True)
class Logged:
    """What the log itself says, to hold the simulation against. Times are seconds."""

    requests: int
    failed: int
    mean: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Replay:
    """What a log has given, and what it would have."""

    log: Log
    logged: Logged
    fits: Mapping[str, NodeFit]
    """The nodes as fitted, by id."""
    calm: Results
    """Each strategy, with the nodes as they were."""
    dead: Mapping[str, Results]
    """The same with a node that dies halfway, by the node's id."""
    dies_at: float
    """When it dies, in seconds from the first request."""
    runs: int
    """How many runs were wanted: Ctrl-C leaves out the rest."""
    notes: tuple[str, ...] = field(default=())
    """What a reader must know about the fit."""

    @property
    def complete(self) -> bool:
        """Whether every run came to its end."""
        runs = [self.calm, *self.dead.values()]
        return all(results.complete for results in runs) and len(runs) == self.runs

    def __str__(self) -> str:
        """Say it all: the log, the nodes, and a table for each run."""
        from evenly.simulate.replay_text import lines

        return "\n".join(lines(self))

    def json(self) -> dict[str, Any]:
        """Everything as JSON values; the samples of work as their mean."""
        nodes = {
            name: {
                "requests": fit.requests,
                "failures": fit.failures,
                "mean_work": fit.mean_work,
                "concurrency": fit.concurrency,
                "most_at_once": fit.most_at_once,
            }
            for name, fit in self.fits.items()
        }
        return {
            "format": self.log.format,
            "logged": asdict(self.logged),
            "nodes": nodes,
            "notes": list(self.notes),
            "calm": self.calm.json(),
            "dies_at": self.dies_at,
            "dead": {node: results.json() for node, results in self.dead.items()},
        }


def replay(
    log: Log,
    *,
    nodes: Sequence[Node] | None = None,
    strategies: Iterable[StrategyLike] | Mapping[str, StrategyLike] = COMPARED,
    key: str = "client_ip",
    kill: Sequence[str] | None = None,
    settings: Mapping[str, object] | None = None,
    timeout: float | None = None,
    cluster: str | None = None,
    faster: float = 1.0,
    seed: int = 0,
    progress: Progress | None = None,
    cores: int | None = None,
) -> Replay:
    """Replay a log.

    `nodes` are those of the configuration, found in the log by id or address; by default those that the log names.
    `key` is what hash strategies place requests by: "client_ip", "path" or "query:NAME". `kill` names the nodes of
    which each dies halfway in a run of its own; by default the one with most requests; `[]` for none. `faster`
    lets the same requests come so many times as fast. `timeout` is in seconds.

    Raises `LogUnreadable` when the log has no request of that cluster or those nodes, and `InvalidScenario` for
    arguments that cannot be.
    """
    records, notes = _of_cluster(log, cluster)
    members, said = _members(nodes, fit_nodes(_renamed(records, nodes)))
    notes += said
    if faster <= 0:
        raise InvalidScenario([(("faster",), f"must be a number above 0, not {faster:g}")])
    start = records[0].at
    times = tuple((record.at - start) / faster for record in records)
    halfway = times[-1] / 2
    troubles = [_failing(fit) for fit in members.values() if fit.work and fit.failures]
    keys, told = _keys(records, key)
    notes += told

    def run(*events: Event) -> Results:
        return simulate(
            strategies,
            nodes=[_node(fit, nodes) for fit in members.values()],
            arrivals=Trace(times),
            requests=len(times),
            keys=KeyTrace(keys),
            settings=settings,
            timeout=timeout,
            timeline=[*troubles, *events],
            warmup=0,
            seed=seed,
            progress=progress,
            cores=cores,
        )

    if kill is None:
        kill = [max(members.values(), key=lambda fit: fit.requests).id] if len(members) > 1 else []
    if strange := [name for name in kill if name not in members]:
        raise InvalidScenario([(("kill",), unknown("node", strange[0], members))])
    found: list[Results] = []
    try:
        found.append(run())
        found.extend(run(Kill(halfway, name)) for name in kill)
    except Interrupted as stopped:
        # Ctrl-C: what is done is kept, and nothing further is begun.
        found.append(stopped.results)
    calm, dead = found[0], dict(zip(kill, found[1:], strict=False))
    return Replay(log, _logged(records), members, calm, dead, halfway, 1 + len(kill), tuple(notes))


def _of_cluster(log: Log, cluster: str | None) -> tuple[list[Record], list[str]]:
    """The requests to be replayed, and what is to be said of the log.

    nginx names no cluster, and HAProxy its own backend: where there is but one, that is the one.
    """
    notes = []
    records = [
        record for record in log.records if cluster is None or record.cluster in (cluster, "")
    ]
    if not records:
        found = sorted({record.cluster for record in log.records})
        if log.format == "evenly" or len(found) > 1:
            raise LogUnreadable(
                f"the log has no request of cluster {cluster!r}, only of {', '.join(found)}"
            )
        records = list(log.records)
        notes.append(f"the log calls it {found[0]}: taken for the cluster {cluster}")
    if log.unread:
        notes.append(f"{log.unread:,} lines of the log are no requests and were passed over")
    if log.spread:
        notes.append("the log knows whole seconds only: requests were spread evenly within each")
    if log.more:
        notes.append(f"the log goes on: its first {len(log.records):,} requests were taken")
    return records, notes


def _renamed(records: Iterable[Record], nodes: Sequence[Node] | None) -> Iterable[Record]:
    """The records with each node under its id, also where the log knows its address."""
    ids = {node.address: node.id for node in nodes or ()}
    for record in records:
        yield replace(record, node=ids.get(record.node, record.node)) if record.node else record


def _members(
    nodes: Sequence[Node] | None, fits: dict[str, NodeFit]
) -> tuple[dict[str, NodeFit], list[str]]:
    """The nodes that take part, each with its fit, and what is to be said of them."""
    wanted = [node.id for node in nodes] if nodes else list(fits)
    measured = [fits[name] for name in wanted if name in fits and fits[name].work]
    if not measured:
        raise LogUnreadable(
            f"none of the nodes {', '.join(wanted) or '(none)'} has answered well in the log; it names "
            f"{', '.join(fits) or 'no node at all'}"
        )
    notes, members = [], {}
    strangers = [fit for name, fit in fits.items() if name not in wanted]
    if strangers:
        names = ", ".join(fit.id for fit in strangers)
        count = sum(fit.requests for fit in strangers)
        notes.append(
            f"{count:,} requests went to {names}, not in the configuration: dealt to its nodes"
        )
    typical = sorted(measured, key=lambda fit: fit.mean_work)[len(measured) // 2]
    for name in wanted:
        fit = fits.get(name)
        if fit is None or not fit.work:
            why = "has answered nothing well" if fit else "is not in the log"
            notes.append(f"{name} {why}: taken to work like {typical.id}")
            fit = replace(typical, id=name, requests=0, failures=0)
        if fit.concurrency is None:
            notes.append(
                f"{name} never let a request wait, with up to {fit.most_at_once} at once: taken as without limit"
            )
        members[name] = fit
    return members, notes


def _node(fit: NodeFit, nodes: Sequence[Node] | None) -> SimNode:
    told = next((node for node in nodes or () if node.id == fit.id), None)
    return SimNode(
        id=fit.id,
        weight=told.weight if told else 1,
        capacity=told.capacity if told else None,
        concurrency=fit.concurrency,
        service=Empirical(fit.work),
    )


def _failing(fit: NodeFit) -> Fail:
    return Fail(0.0, fit.id, fit.failures / fit.requests, max(fit.failure_seconds, LEAST_FAILURE))


def _keys(records: Sequence[Record], key: str) -> tuple[tuple[str, ...], list[str]]:
    """What each request is placed by, and what is to be said when the log does not know it."""
    kind, _, name = key.partition(":")
    if kind == "path":
        return tuple(record.path for record in records), []
    if kind == "query":
        return tuple(_parameter(record.path, name) or record.client for record in records), []
    clients = tuple(record.client for record in records)
    told = f"the log does not hold {key}: keys are the clients' addresses"
    return clients, [] if kind == "client_ip" else [told]


def _parameter(path: str, name: str) -> str:
    return parse_qs(urlsplit(path).query).get(name, [""])[0]


def _logged(records: Sequence[Record]) -> Logged:
    good = sorted(record.total for record in records if record.ok)
    if not good:
        raise LogUnreadable("no request of the log was answered well")

    def at(share: float) -> float:
        return good[min(len(good) - 1, int(share * len(good)))]

    failed = sum(not record.ok and not record.gone for record in records)
    return Logged(len(records), failed, fmean(good), at(0.5), at(0.99))
