"""A log, replayed: on the nodes it shows, with the requests it holds."""

from __future__ import annotations

import heapq
import random
from dataclasses import replace

import pytest

from evenly import Node
from evenly.simulate import InvalidScenario
from evenly.simulate.logs import Log, LogUnreadable, Record
from evenly.simulate.replay import replay

WORK = {"quick": 0.010, "slow": 0.040}
SERVERS = 2


def logged(requests: int = 4_000, rate: float = 80.0, seed: int = 1) -> list[Record]:
    """Requests dealt out in turn over a quick and a slow node with two servers each, exponential work."""
    rng, at = random.Random(seed), 0.0
    free = {node: [0.0] * SERVERS for node in WORK}
    records = []
    for turn in range(requests):
        at += rng.expovariate(rate)
        node = list(WORK)[turn % 2]
        end = max(at, heapq.heappop(free[node])) + rng.expovariate(1 / WORK[node])
        heapq.heappush(free[node], end)
        took = end - at
        records.append(Record(at, node, at, took, took, ok=True, client=f"10.0.0.{turn % 50}"))
    return records


def log_of(records: list[Record], **more: object) -> Log:
    """A log that holds them."""
    return replace(Log(tuple(records), "evenly", 0, spread=False, more=False), **more)


def test_what_was_is_predicted_from_its_log() -> None:
    """The mean of the replayed strategy agrees with the log's within its interval and 10 %."""
    found = replay(log_of(logged()), strategies=["round_robin"], kill=[])
    mean = found.calm["round_robin"].mean
    assert abs(mean.value - found.logged.mean) <= mean.half_width + 0.1 * found.logged.mean
    # On the quick node, busy a fifth of the time, hardly a request ever waited: the log need not know.
    assert found.fits["slow"].concurrency == SERVERS
    assert found.fits["quick"].concurrency in (SERVERS, None)


def test_a_better_strategy_is_told_from_the_log_of_a_worse() -> None:
    """The slow node is busy four fifths of the time when dealt out in turn: beyond chance, the others win."""
    found = replay(log_of(logged()), kill=[])
    assert found.calm["least_connections"].mean.below(found.calm["round_robin"].mean)
    assert found.calm["power_of_two"].mean.below(found.calm["round_robin"].mean)


def test_a_node_that_dies_gets_nothing_more_and_the_others_everything() -> None:
    """Halfway, and its share after that is zero but for the tries that find out."""
    found = replay(log_of(logged()), strategies=["round_robin"], kill=["quick"])
    assert list(found.dead) == ["quick"]
    late = [point for point in found.dead["quick"][0].series if point.at > 1.5 * found.dies_at]
    at = [node.id for node in found.dead["quick"][0].nodes].index("quick")
    tried = sum(point.picks[at] for point in late)
    assert tried <= 0.05 * sum(sum(point.picks) for point in late)
    assert found.complete


def test_the_same_log_gives_the_same_replay() -> None:
    """To the last digit."""
    one, two = (replay(log_of(logged(500)), seed=3).json() for _ in range(2))
    assert one == two


def test_twice_as_fast_is_twice_the_load() -> None:
    """The same requests in half of the time: they wait longer."""
    records = logged(rate=100)
    calm, hurried = (
        replay(log_of(records), strategies=["round_robin"], kill=[], faster=faster)
        for faster in (1, 2)
    )
    assert hurried.dies_at == pytest.approx(calm.dies_at / 2)
    assert calm.calm[0].mean.below(hurried.calm[0].mean)


def test_nodes_are_found_by_their_address_and_new_ones_work_like_the_others() -> None:
    """A log of addresses, a configuration with names and one node more."""
    nodes = [
        Node("10.0.0.1:80", id="a"),
        Node("10.0.0.2:80", id="b"),
        Node("10.0.0.3:80", id="new", weight=2),
    ]
    addresses = {"quick": "10.0.0.1:80", "slow": "10.0.0.2:80"}
    records = [replace(record, node=addresses[record.node or ""]) for record in logged(1_000)]
    found = replay(log_of(records), nodes=nodes, strategies=["round_robin"], kill=[])
    assert list(found.fits) == ["a", "b", "new"]
    assert any(note.startswith("new is not in the log") for note in found.notes)


def test_a_node_that_failed_in_the_log_fails_as_often_in_the_replay() -> None:
    """One answer in ten was a 503; without retries as many are lost again, within five standard deviations."""
    rng = random.Random(5)
    records = [
        replace(record, ok=rng.random() >= 0.1, took=record.took)
        if record.node == "quick"
        else record
        for record in logged()
    ]
    settings = {"retries": {"extra": 0}, "ejection": False}
    found = replay(log_of(records), strategies=["round_robin"], kill=[], settings=settings)
    expected = found.fits["quick"].failures
    assert found.calm[0].failed == pytest.approx(expected, abs=5 * expected**0.5)


def test_keys_of_the_log_reach_hash_strategies() -> None:
    """Fifty clients: each stays with one node, so the shares are multiples of a fiftieth."""
    found = replay(log_of(logged(1_000)), strategies=["consistent_hash"], kill=[])
    assert all(node.picks % 20 == 0 for node in found.calm[0].nodes)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kill": ["quck"]}, 'Did you mean "quick"'),
        ({"faster": 0}, "above 0"),
        ({"nodes": [Node("10.9.9.9:80")]}, "none of the nodes 10.9.9.9:80"),
        ({"cluster": "orders"}, "no request of cluster 'orders'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(wrong: dict[str, object], told: str) -> None:
    """Before anything runs."""
    records = [replace(record, cluster="users") for record in logged(100)]
    with pytest.raises((InvalidScenario, LogUnreadable), match=told):
        replay(log_of(records), **wrong)  # type: ignore[arg-type]


def test_only_the_requests_of_the_cluster_are_replayed() -> None:
    """Our log and HAProxy's name it; those of nginx, which names none, are of any."""
    records = [
        replace(record, cluster=("users", "orders")[turn % 2])
        for turn, record in enumerate(logged(200))
    ]
    assert replay(log_of(records), cluster="orders", kill=[]).logged.requests == 100
    assert replay(log_of(records), kill=[]).logged.requests == 200
    unnamed = log_of(logged(200), format="nginx")
    assert replay(unnamed, cluster="users", kill=[]).logged.requests == 200


def test_the_only_backend_of_haproxy_is_taken_for_the_cluster() -> None:
    """It has a name of its own, which is said; of several nobody knows which is meant."""
    records = [replace(record, cluster="be_users") for record in logged(200)]
    found = replay(log_of(records, format="haproxy"), cluster="users", kill=[])
    assert found.logged.requests == 200
    assert "the log calls it be_users: taken for the cluster users" in str(found)
    records[0] = replace(records[0], cluster="be_orders")
    with pytest.raises(LogUnreadable, match="only of be_orders, be_users"):
        replay(log_of(records, format="haproxy"), cluster="users", kill=[])


def test_what_was_done_to_the_log_is_said() -> None:
    """Lines passed over, whole seconds, an end that was cut."""
    found = replay(log_of(logged(200), unread=7, spread=True, more=True), kill=[])
    said = str(found)
    assert "7 lines of the log are no requests" in said
    assert "whole seconds only" in said
    assert "first 200 requests" in said
