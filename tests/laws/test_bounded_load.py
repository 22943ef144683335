"""Bounded load: the option of every hash strategy that keeps a hot key from drowning its node."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenly import InvalidStrategy, Pick, _engine
from evenly.testing import obeys_laws
from tests.laws.clusters import cluster, give_back

NAMES = [entry["name"] for entry in _engine.strategies() if entry["uses_key"]]
every = pytest.mark.parametrize("name", NAMES)


@every
def test_a_bound_breaks_none_of_the_laws_of_all(name: str) -> None:
    """Capacities hold and every place is found, whatever the bound."""
    for bound in (1, 1.25, 3):
        obeys_laws({"name": name, "bounded_load": bound}, rounds=10)


@every
@settings(max_examples=20)
@given(
    weights=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    percent=st.integers(100, 300),
    seed=st.integers(0, 1000),
)
def test_no_load_exceeds_its_limit(name: str, weights: list[int], percent: int, seed: int) -> None:
    """At each pick the chosen node has at most ceil(c · m · w / W) of the m loans, itself included."""
    balancer = cluster(weights, {"name": name, "bounded_load": percent / 100})
    dice = random.Random(seed)
    held: list[Pick] = []
    for _ in range(120):
        if held and dice.random() < 0.4:
            give_back(held.pop(dice.randrange(len(held))))
            continue
        held.append(balancer.pick(key=dice.choice(["hot", dice.randrange(9)])))
        own = int(held[-1].id)
        limit = -(-percent * len(held) * weights[own] // (100 * sum(weights)))
        assert balancer.nodes[own].in_flight <= limit


@every
def test_without_a_bound_a_hot_key_stays_where_it_is(name: str) -> None:
    """What the bound is for: 100 requests of one key, all on one node or spread by 1.25."""
    for bound, most in ((0, 100), (1.25, 32)):
        balancer = cluster(4, {"name": name, "bounded_load": bound})
        held = [balancer.pick(key="hot") for _ in range(100)]
        assert max(node.in_flight for node in balancer.nodes) == most
        assert len(held) == 100


@every
def test_a_bound_below_one_is_refused(name: str) -> None:
    """Half of its share for everybody leaves no room for all."""
    with pytest.raises(InvalidStrategy, match="from 1 to 1000"):
        cluster(2, {"name": name, "bounded_load": 0.5})
