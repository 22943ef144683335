"""The scenarios: what happens to four nodes, and what a play is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rig import Request

NODES = 4
ODD = NODES - 1  # the node to which it happens
NAME = "abcdefgh"[ODD]
CONNECTIONS = 32
FAST, SLOW = 5, 100  # milliseconds

Scores = dict[str, float]
Event = tuple[float, str]


@dataclass(frozen=True)
class Column:
    """One figure of a table: how it is written, and what Evenly's must be."""

    key: str
    title: str
    form: str
    unit: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Scenario:
    """One of them."""

    id: str
    title: str
    says: str
    seconds: float
    judge: Callable[[Sequence[Request]], Scores]
    columns: tuple[Column, ...]
    before: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    connections: int = CONNECTIONS
    patience: float = 10.0
    rate: float = 0.0  # requests a second whatever the answers; 0: each client waits for its answer
    places: int | None = None
    rounds: int = 1
    alone: bool = False  # its figures depend on the processor being the product's own
    at_least_as: str | None = None  # whose first figure Evenly is to reach
    kinds: frozenset[str] = field(default=frozenset({"default", "best"}))


EVERY = frozenset({"default", "algorithm", "best"})


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies; of nothing 0."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else 0.0


def per_second(requests: Sequence[Request], begin: float, end: float) -> float:
    """Good answers a second."""
    return sum(one.good and begin <= one.ended < end for one in requests) / (end - begin)


def share(requests: Sequence[Request], begin: float, end: float) -> float:
    """Percentage of the answers of nodes that came from the odd one."""
    named = [one.node for one in requests if begin <= one.ended < end and one.node != "-"]
    return 100 * named.count(NAME) / max(len(named), 1)


def p99(requests: Sequence[Request], begin: float = 0.0) -> float:
    """99th percentile of good answers, in milliseconds."""
    return 1e3 * quantile([one.took for one in requests if one.good and one.at >= begin], 0.99)


def failed(requests: Sequence[Request]) -> float:
    """How many clients saw a failure."""
    return sum(not one.good for one in requests)


def delays(*milliseconds: float) -> tuple[str, ...]:
    """Commands that give the nodes these delays in their order."""
    return tuple(f"delay {node} {value}" for node, value in enumerate(milliseconds))


EQUAL = delays(*[FAST] * NODES)
A_WARM, A_END = 0.5, 2.5
B_END = 2.0
C_FAST, C_END = 2.0, 12.0
FAIR = 100 / NODES


def slow_node(requests: Sequence[Request]) -> Scores:
    return {
        "rate": per_second(requests, A_WARM, A_END),
        "p99": p99(requests, A_WARM),
        "share": share(requests, A_WARM, A_END),
        "failed": failed(requests),
    }


def failing_node(requests: Sequence[Request]) -> Scores:
    total = max(len(requests), 1)
    return {
        "failed_share": 100 * failed(requests) / total,
        "failed": failed(requests),
        "rate": per_second(requests, 0, B_END),
    }


def recovered(requests: Sequence[Request]) -> Scores:
    """The share is looked at second by second: when it is first 80 % of a fair one."""
    seconds = [share(requests, C_FAST + i, C_FAST + i + 1) for i in range(int(C_END - C_FAST))]
    back = next((i + 1 for i, one in enumerate(seconds) if one >= 0.8 * FAIR), float("inf"))
    return {
        "early": share(requests, C_FAST, C_FAST + 2),
        "middle": share(requests, C_FAST + 2, C_FAST + 6),
        "late": share(requests, C_FAST + 6, C_END),
        "back": back,
        "failed": failed(requests),
    }


def gradual(requests: Sequence[Request]) -> Scores:
    return {
        "rate": per_second(requests, 1, 11),
        "p99": p99(requests, 1),
        "share": share(requests, 9, 11),
        "failed": failed(requests),
    }


def failures(requests: Sequence[Request]) -> Scores:
    end = max((one.ended for one in requests), default=1.0)
    return {
        "failed": failed(requests),
        "rate": per_second(requests, 1.0, end),
        "p99": p99(requests),
        "worst": 1e3 * max((one.took for one in requests if one.good), default=0.0),
    }


PLACES, WORK = 16, 40  # requests at a time on each node, and milliseconds for each of them
FULL = NODES * PLACES * 1000 / WORK
O_WARM, O_END = 2.0, 6.0


def overload(requests: Sequence[Request]) -> Scores:
    """Judged from two seconds on: before, queues have not filled."""
    late = [one for one in requests if O_WARM <= one.ended < O_END]
    refused = [one for one in late if one.status >= 400]
    return {
        "goodput": 100 * per_second(requests, O_WARM, O_END) / FULL,
        "p50": 1e3 * quantile([one.took for one in late if one.good], 0.5),
        "p99": p99(late),
        "refused": 100 * len(refused) / max(len(late), 1),
        "refusal": 1e3 * quantile([one.took for one in refused], 0.99),
        "reason": 100 * sum(one.reason != "-" for one in refused) / max(len(refused), 1),
        "lost": 100 * sum(one.status <= 0 for one in late) / max(len(late), 1),
    }


def each_in_turn() -> tuple[Event, ...]:
    """Every node is killed and is back two seconds later; the next follows a second after."""
    return tuple(
        event
        for node in range(NODES)
        for event in ((1.0 + 3 * node, f"down {node}"), (3.0 + 3 * node, f"up {node}"))
    )


RATE = Column("rate", "requests/s", ",.0f")
P99 = Column("p99", "p99", ",.0f", " ms")
NONE_FAILED = Column("failed", "failed", ",.0f", most=0)

SCENARIOS = (
    Scenario(
        "a",
        "A: one slow node",
        f"Three nodes answer in {FAST} ms and one in {SLOW} ms. Goal: as many requests per second as nginx least_time, "
        "and at most 0.5 % of them to the slow node.",
        A_END,
        slow_node,
        (RATE, P99, Column("share", "to the slow node", ".2f", " %", most=0.5)),
        before=delays(FAST, FAST, FAST, SLOW),
        rounds=3,
        alone=True,
        at_least_as="nginx 1.31, least_time",
        kinds=EVERY,
    ),
    Scenario(
        "b",
        "B: one node that fails at once",
        f"Three nodes answer in {FAST} ms and one answers 503 at once. Goal: at most 0.1 % failed requests, the first "
        "moments included.",
        B_END,
        failing_node,
        (
            Column("failed_share", "failed", ".2f", " %", most=0.1),
            Column("rate", "good answers/s", ",.0f"),
        ),
        before=(*EQUAL, f"delay {ODD} 0", f"status {ODD} 503"),
        rounds=2,
        alone=True,
        kinds=EVERY,
    ),
    Scenario(
        "c",
        "C: the slow node becomes fast again",
        f"As A for two seconds; then all nodes answer in {FAST} ms, and {FAIR:.0f} % is fair. Goal: 80 % of that "
        "within 10 s.",
        C_END,
        recovered,
        (
            Column("early", "share after 0–2 s", ".1f", " %"),
            Column("middle", "2–6 s", ".1f", " %"),
            Column("late", "6–10 s", ".1f", " %", least=0.8 * FAIR),
            Column("back", "seconds to 80 % of fair", ".0f", most=10),
        ),
        before=delays(FAST, FAST, FAST, SLOW),
        events=((C_FAST, f"delay {ODD} {FAST}"),),
        kinds=EVERY,
    ),
    Scenario(
        "gradual",
        "Gradual slowdown",
        f"One node slows down from {FAST} to 200 ms over ten seconds.",
        11.0,
        gradual,
        (RATE, P99, Column("share", "to the slow node at the end", ".2f", " %")),
        before=EQUAL,
        events=tuple(
            (1 + i / 10, f"delay {ODD} {FAST + (200 - FAST) * i / 100}") for i in range(101)
        ),
    ),
    Scenario(
        "flapping",
        "A flapping node",
        "One node is killed, is back after two seconds, and so on: connections are reset, then refused.",
        8.0,
        failures,
        (NONE_FAILED, RATE, P99),
        before=EQUAL,
        events=tuple((1.0 + 2 * i, f"{'up' if i % 2 else 'down'} {ODD}") for i in range(4)),
    ),
    Scenario(
        "one_left",
        "All but one down",
        "Three of four nodes are killed at the same moment. Goal: no failure.",
        3.5,
        failures,
        (NONE_FAILED, RATE, P99),
        before=EQUAL,
        events=tuple((1.0, f"down {node}") for node in range(1, NODES)),
        rounds=2,
    ),
    Scenario(
        "rolling",
        "Rolling restart",
        "Every node in turn is killed without a word and is back two seconds later, three seconds apart. Goal: no "
        "failure.",
        12.5,
        failures,
        (NONE_FAILED, RATE, P99, Column("worst", "slowest answer", ",.0f", " ms")),
        before=EQUAL,
        events=each_in_turn(),
    ),
    Scenario(
        "overload",
        "Overload",
        f"Each node works on {PLACES} requests at a time for {WORK} ms and lets others wait: {FULL:,.0f} a second in "
        "all. One and a half times as many come, whatever becomes of those before, from clients with two seconds of "
        "patience. Goal: goodput of at least 95 % of capacity, the rest refused fast and with a reason. Every "
        f"product is told what a node takes: `capacity = {PLACES}` (Evenly), `max_conns` (nginx), `maxconn` and "
        "`timeout queue 1s` (HAProxy), `max_connections` of circuit breakers (Envoy), `inFlightReq` (Traefik), "
        "`unhealthy_request_count` (Caddy).",
        O_END,
        overload,
        (
            Column("goodput", "goodput", ".1f", " % of capacity", least=95),
            Column("p50", "median", ",.0f", " ms"),
            P99,
            Column("refused", "refused", ".1f", " %"),
            Column("refusal", "p99 of a refusal", ",.0f", " ms", most=100),
            Column("reason", "with a reason", ".0f", " %", least=100),
            Column("lost", "no answer", ".1f", " %", most=0),
        ),
        before=(
            *delays(*[WORK] * NODES),
            *(f"places {node} {PLACES}" for node in range(NODES)),
        ),
        connections=12000,
        patience=2.0,
        rate=1.5 * FULL,
        places=PLACES,
        alone=True,
    ),
)
