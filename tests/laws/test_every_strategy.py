"""What holds for every registered strategy, by registration."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenly import Node, NoNodeAvailable, _engine
from evenly.testing import VirtualClock, obeys_laws
from tests.laws.clusters import cluster, give_back, lend

NAMES = [entry["name"] for entry in _engine.strategies()]
every = pytest.mark.parametrize("name", NAMES)


def others(name: str) -> set[int]:
    """Of three idle nodes those that are lent while node 1 is out: all, unless one is filled up before the next."""
    return {0} if name == "first" else {0, 2}


@every
def test_a_registered_strategy_has_its_laws(name: str) -> None:
    """A strategy without a file of laws is not finished."""
    laws = Path(__file__).with_name(f"test_{name}.py").read_text()
    assert laws.count("def test_") >= 2


@every
def test_a_registered_strategy_obeys_the_laws_of_all(name: str) -> None:
    """The same check that users run on theirs."""
    obeys_laws(name)


@every
def test_every_load_obeys_them_too(name: str) -> None:
    """Products of load and strategy are free, so each is held to the laws."""
    entry = next(entry for entry in _engine.strategies() if entry["name"] == name)
    for option in entry["options"]:
        for choice in option["choices"]:
            obeys_laws({"name": name, option["name"]: choice}, rounds=10)


@every
@given(capacities=st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_exactly_the_sum_of_capacities_is_lent(name: str, capacities: list[int]) -> None:
    """Not one less, and not one more: then the refusal says that all are at capacity."""
    nodes = [
        Node(f"10.0.0.{at + 1}:80", capacity=capacity) for at, capacity in enumerate(capacities)
    ]
    balancer = VirtualClock(1).balancer(nodes, strategy=name)
    held = [balancer.pick(key=turn) for turn in range(sum(capacities))]
    assert [node.in_flight for node in balancer.nodes] == capacities
    with pytest.raises(NoNodeAvailable) as refusal:
        balancer.pick()
    assert refusal.value.reason == "at_capacity"
    assert refusal.value.counts["at_capacity"] == len(capacities)
    give_back(held.pop())
    balancer.pick()


@every
def test_a_drained_node_is_never_lent(name: str) -> None:
    """The administrator's word holds, also when nobody else is left."""
    balancer = cluster(3, name)
    balancer.drain("1")
    assert {lend(balancer, key) for key in range(100)} == others(name)
    balancer.drain("0")
    balancer.drain("2")
    with pytest.raises(NoNodeAvailable) as refusal:
        balancer.pick()
    assert refusal.value.counts["draining"] == 3


@every
def test_an_ejected_node_is_not_lent_while_others_serve(name: str) -> None:
    """Five failures in a row eject; the two others take everything."""
    balancer = cluster(3, name)
    for key in range(5):
        # Drained while node 1 is found, serving when it fails: the last node is never ejected.
        for other in "02":
            balancer.drain(other)
        with balancer.pick(key=key) as pick:
            for other in "02":
                balancer.undrain(other)
            pick.fail("refused")
    assert balancer.nodes[1].reason == "breaker_open"
    assert {lend(balancer, key) for key in range(200)} == others(name)


@every
def test_each_attempt_goes_to_another_node(name: str) -> None:
    """As many attempts as nodes reach each node once."""
    balancer = cluster(4, name)
    met = []
    for attempt in balancer.attempts(9, key="k"):
        with attempt as pick:
            met.append(pick.id)
            pick.fail()
    assert sorted(met) == ["0", "1", "2", "3"]


@every
def test_a_trace_replayed_gives_the_same_picks(name: str) -> None:
    """Single-threaded, a pick is a function of snapshot, states, key, now and the random source."""

    def trace() -> list[str]:
        rng, clock = random.Random(9), VirtualClock(9)
        nodes = [Node(f"10.0.0.{at}:80", weight=at) for at in range(1, 5)]
        balancer = clock.balancer(nodes, strategy=name)
        held, lent = [], []
        for _ in range(300):
            clock.advance(rng.random() / 50)
            if held and rng.random() < 0.5:
                give_back(held.pop(rng.randrange(len(held))))
            else:
                held.append(balancer.pick(key=rng.randrange(50)))
                lent.append(held[-1].id)
        return lent

    assert trace() == trace()
