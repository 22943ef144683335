"""Definition 1.1.1: the five-tuple LB = (N, S, M, A, C), with allocation as a state machine.

As written, A: N × S → N sees no request and remembers nothing, so it sends every request to one place and round robin
is none of its values. Here A takes a request, a state and the membership, and gives a node or none, and the next
state. It is a pure function: the same trace gives the same picks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Protocol

from evenly.theory.model.ledger import Ledger
from evenly.theory.model.load import StepFunction, load_dist

__all__ = ["LB", "Arrival", "Departure", "Membership", "Node", "Request", "Run", "Strategy"]


@dataclass(frozen=True, slots=True)
class Node:
    """One node of N as an allocation sees it."""

    id: str
    weight: int = 1
    """Its share beside the others, from 1."""
    capacity: int | None = None
    """C(n): the most load at a time, in requests; None for no limit. C caps, weights share."""
    in_flight: int = 0
    """load(n): requests that are out."""
    healthy: bool = True
    """Whether health lets it take requests."""
    ejected: bool = False
    """Whether it was put out for its failures alone, so that it may be asked when nobody else can be."""
    tried: bool = False
    """Whether this very request was here before."""
    told: float | None = None
    """The load it reports itself, in a unit that all share; None before the first report."""
    latency: float | None = None
    """Average seconds of its successes; None before the first."""
    peak: float | None = None
    """The same seen pessimistically: see `specs.estimates`."""
    expected: float | None = None
    """Seconds that the next request may expect: see `specs.estimates`."""
    alone: bool = False
    """Whether it had no request for a second and nobody waits there."""
    ails: bool = False
    """Whether it failed twice running."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.weight < 1:
            raise ValueError(f"node {self.id!r}: weight {self.weight}: write a whole number from 1")
        if self.capacity is not None and self.capacity < 1:
            raise ValueError(
                f"node {self.id!r}: capacity {self.capacity}: write a whole number from 1, or None for no limit"
            )
        if self.in_flight < 0:
            raise ValueError(f"node {self.id!r}: {self.in_flight} in flight: a load is ≥ 0")

    @property
    def fit(self) -> bool:
        """Whether it may be given the request: healthy, not tried, and with room."""
        return self.healthy and self.open

    @property
    def open(self) -> bool:
        """Whether it has room and was not tried, whatever its health."""
        full = self.capacity is not None and self.in_flight >= self.capacity
        return not self.tried and not full


Membership = tuple[Node, ...]
"""N at one moment, in the order the nodes were listed, no id twice."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an allocation may know of a request, and the chance it may use."""

    key: bytes | None = None
    """What a hash strategy goes by."""
    chance: Fraction = Fraction(1, 2)
    """A number in [0, 1): the dice, thrown before. A strategy that draws is a function of it."""
    now: float = 0.0
    """Seconds, on a clock with an arbitrary start."""


class Strategy(Protocol):
    """One member of S: an allocation A, and the state it begins with."""

    def begin(self, nodes: Membership) -> Any:
        """The state before the first request."""
        ...

    def allocate(self, request: Request, state: Any, nodes: Membership) -> tuple[str | None, Any]:
        """A: Request × State × Membership → (a node of `nodes` that is fit, or None) × State."""
        ...


Metric = Callable[[list[float], list[float]], float]
"""A member of M: a function of loads and capacities, such as `balance_ratio`."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request arrives at `at` seconds."""

    at: float
    key: bytes | None = None
    chance: Fraction = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Departure:
    """The request that arrived as number `arrival`, counted from 0, leaves at `at` seconds."""

    at: float
    arrival: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a trace."""

    picks: tuple[str | None, ...]
    """The node of each arrival; None when it was refused."""
    ledgers: Mapping[str, Ledger]
    """The books of each node."""
    refused: int
    load: Mapping[str, StepFunction]
    """load_dist: each node's requests in flight over time."""

    @property
    def ledger(self) -> Ledger:
        """The books of all together (axiom 1.3.1)."""
        return sum(self.ledgers.values(), Ledger(refused=self.refused))


@dataclass(frozen=True, slots=True)
class LB:
    """The five-tuple: nodes N, strategies S, metrics M, the allocation A in force, capacities C.

    A is named by `allocation`, one of `strategies`; C is the nodes' own `capacity`. M is used by `measure` alone: no
    theorem of the document needs it.
    """

    nodes: Membership
    strategies: Mapping[str, Strategy]
    allocation: str
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """N is a finite, nonempty set, and A is in S."""
        ids = [node.id for node in self.nodes]
        if not ids:
            raise ValueError("N is empty: write at least one Node")
        if len(set(ids)) < len(ids):
            twice = next(one for one in ids if ids.count(one) > 1)
            raise ValueError(f"node {twice!r} is listed twice: N is a set: give one another id")
        if self.allocation not in self.strategies:
            raise ValueError(
                f"allocation {self.allocation!r} is not in S: write one of {', '.join(self.strategies)}"
            )

    def capacity(self, node: str) -> int | None:
        """C: N → ℕ⁺ ∪ {∞}, in requests; None for ∞. `node` is an id of N."""
        return next(one.capacity for one in self.nodes if one.id == node)

    def select(self, request: Request, state: Any) -> tuple[str | None, Any]:
        """Definition 1.4.1, corrected: one of the *set* N, or None when nobody is fit; and the next state.

        As written, select_strategy takes one node and returns a node. Raises ValueError when the strategy names a
        node that may not be given the request: theorem 3.1.1 is this check.
        """
        choice, after = self.strategies[self.allocation].allocate(request, state, self.nodes)
        fit = [node.id for node in self.nodes if node.fit]
        if choice is not None and choice not in fit:
            raise ValueError(
                f"strategy {self.allocation!r} gave {choice!r}, and fit are: {', '.join(fit) or 'none'}"
            )
        return choice, after

    def measure(self, metric: str) -> float:
        """One of M, of the loads as they stand; a node without a limit has its weight for a capacity."""
        capacities = [float(node.capacity or node.weight) for node in self.nodes]
        return self.metrics[metric]([float(node.in_flight) for node in self.nodes], capacities)

    def run(self, trace: Iterable[Arrival | Departure]) -> Run:
        """Carry out a trace from the nodes as they stand; books are kept from here on."""
        system, picks = self, list[str | None]()
        state = self.strategies[self.allocation].begin(self.nodes)
        ledgers = {node.id: Ledger() for node in self.nodes}
        changes = [(float("-inf"), node.id, node.in_flight) for node in self.nodes]
        out = dict[int, str]()
        for event in trace:
            if isinstance(event, Arrival):
                request = Request(event.key, event.chance, event.at)
                choice, state = system.select(request, state)
                picks.append(choice)
                if choice is None:
                    continue
                out[len(picks) - 1] = node = choice
                ledgers[node] = ledgers[node].accept()
                change = 1
            else:
                if event.arrival not in out:
                    raise ValueError(
                        f"arrival {event.arrival} is not in flight: a request leaves exactly once, after it came"
                    )
                node, change = out.pop(event.arrival), -1
                ledgers[node] = ledgers[node].leave(failed=event.failed)
            changes.append((event.at, node, change))
            system = replace(
                system,
                nodes=tuple(
                    replace(one, in_flight=one.in_flight + change) if one.id == node else one
                    for one in system.nodes
                ),
            )
        refused = picks.count(None)
        return Run(tuple(picks), ledgers, refused, load_dist(ledgers, changes))
