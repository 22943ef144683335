"""What is made of a log: how many requests a node works on at a time, and how long one takes it."""

from __future__ import annotations

import heapq
import random
from typing import TYPE_CHECKING

import pytest

from evenly.simulate.fit import fit_node, fit_nodes, in_flight_found, works
from evenly.simulate.logs import Record

if TYPE_CHECKING:
    from collections.abc import Callable

LAWS: dict[str, Callable[[random.Random], float]] = {
    "exponential": lambda rng: rng.expovariate(1),
    "deterministic": lambda _: 1.0,
    "log-normal": lambda rng: rng.lognormvariate(-0.5, 1),
}


def logged(servers: int, utilisation: float, law: str, requests: int, seed: int) -> list[Record]:
    """The log of one node with so many servers, first come first served, under Poisson arrivals."""
    rng, at = random.Random(seed), 0.0
    free = [0.0] * servers
    records = []
    for _ in range(requests):
        at += rng.expovariate(servers * utilisation)
        end = max(at, heapq.heappop(free)) + LAWS[law](rng)
        heapq.heappush(free, end)
        records.append(Record(at, "a", at, end - at, end - at, ok=True))
    return records


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("servers", [1, 2, 4, 8])
@pytest.mark.parametrize("utilisation", [0.6, 0.9])
def test_the_number_of_servers_is_found_from_the_log_alone(
    servers: int, utilisation: float, law: str
) -> None:
    """Whatever the law of the work, and although waiting and work stand in the log as one number."""
    fit = fit_node("a", logged(servers, utilisation, law, 10_000, seed=servers))
    assert fit.concurrency == servers


def out_of_turn(seed: int, requests: int = 520) -> list[Record]:
    """The log of a server of threads: two places, work of 25 ms, and whoever wakes first is next."""
    rng, at = random.Random(seed), 0.0
    arrivals = []
    for _ in range(requests):
        at += sum(rng.expovariate(190) for _ in range(3))
        arrivals.append(at)
    records: list[Record] = []
    free, waiting, later = [0.0, 0.0], [], arrivals[::-1]
    while later or waiting:
        start = heapq.heappop(free)
        if not waiting:
            start = max(start, later[-1])
        while later and later[-1] <= start:
            waiting.append(later.pop())
        came = waiting.pop(0 if rng.random() < 0.85 else rng.randrange(len(waiting)))
        end = start + 0.025 + rng.expovariate(2_000)
        heapq.heappush(free, end)
        records.append(Record(came, "a", came, end - came, end - came, ok=True))
    return records


@pytest.mark.parametrize("seed", range(12))
def test_a_short_log_of_a_server_of_threads_tells_its_places(seed: int) -> None:
    """Real servers do not take everybody in his turn, and a few seconds of traffic must do."""
    assert fit_node("a", out_of_turn(seed)).concurrency == 2


def test_the_work_is_recovered_exactly_when_the_number_of_servers_is_known() -> None:
    """Half of the time of a request at utilisation 0.9 is waiting; none of it is left."""
    rng = random.Random(3)
    free, at, drawn, spans = [0.0] * 3, 0.0, [], []
    for _ in range(5_000):
        at += rng.expovariate(2.7)
        work = rng.expovariate(1)
        end = max(at, heapq.heappop(free)) + work
        heapq.heappush(free, end)
        drawn.append(work)
        spans.append((at, end))
    assert works(spans, 3) == pytest.approx(drawn, abs=1e-9)


def test_a_node_on_which_nothing_waits_is_taken_as_unlimited() -> None:
    """Sixty-four servers with two in use: the log cannot know how many more there are."""
    fit = fit_node("a", logged(64, 2 / 64, "exponential", 5_000, seed=5))
    assert fit.concurrency is None
    assert fit.most_at_once < 64


def test_failures_are_counted_and_are_no_measure_of_the_work() -> None:
    """A refusal is quick; as work it would make the node look fast."""
    good = logged(1, 0.5, "deterministic", 100, seed=1)
    bad = [Record(1000.0 + n, "a", 1000.0 + n, 0.001, 0.001, ok=False) for n in range(50)]
    fit = fit_node("a", good + bad)
    assert (fit.requests, fit.failures) == (150, 50)
    assert fit.failure_seconds == pytest.approx(0.001)
    assert min(fit.work) == pytest.approx(1.0)


def test_a_client_that_left_is_neither_a_failure_nor_a_measure() -> None:
    """It gave up after a second; the node might have taken ten."""
    good = logged(1, 0.5, "deterministic", 100, seed=1)
    left = [Record(1000.0, "a", 1000.0, 0.2, 0.2, ok=False, gone=True)]
    fit = fit_node("a", good + left)
    assert (fit.requests, fit.failures) == (101, 0)
    assert min(fit.work) == pytest.approx(1.0)


def test_a_node_that_never_answered_well_has_no_work() -> None:
    """And it breaks nothing."""
    fit = fit_node("a", [Record(float(n), "a", float(n), 0.1, 0.1, ok=False) for n in range(3)])
    assert (fit.work, fit.mean_work, fit.concurrency) == ((), 0.0, None)


def test_requests_that_reached_nobody_belong_to_no_node() -> None:
    """They were refused before a node was found."""
    assert fit_nodes([Record(0.0, None, 0.0, 0.0, 0.0, ok=False)]) == {}


def test_in_flight_is_counted_at_the_moment_a_request_begins() -> None:
    """One that ends at this very moment is gone."""
    assert in_flight_found([(0, 2), (1, 3), (2, 4), (5, 6)]) == [0, 1, 1, 0]
