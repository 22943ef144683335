"""What holds of every plan, whatever the configurations."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenly import Balancer, Node, _engine
from evenly.plan import Plan, plan
from evenly.plan.keys import moves, sample

from .files import made

if TYPE_CHECKING:
    from evenly import config

HASHING = sorted(entry["name"] for entry in _engine.strategies() if entry["uses_key"])
NAMES = "abcdefgh"


@st.composite
def node_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to eight nodes, of which the same name may stand for another address."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True))
    return [
        {
            "id": name,
            "address": f"10.{draw(st.integers(0, 1))}.0.{NAMES.index(name) + 1}:80",
            "weight": draw(st.integers(1, 4)),
            **draw(st.sampled_from([{}, {"capacity": 9}])),
        }
        for name in names
    ]


CLUSTERS = st.fixed_dictionaries(
    {
        "nodes": node_lists(),
        "strategy": st.sampled_from([*HASHING, "random", {"name": "maglev", "key": "path"}]),
    },
    optional={
        "hash_seed": st.integers(0, 3),
        "slow_start": st.sampled_from([0, "1m"]),
        "health": st.sampled_from([{"tcp": True}, {"http": "/up", "rise": 1}]),
        "ejection": st.booleans(),
    },
)
FILES = CLUSTERS.map(lambda given: made(**given))


def said(found: config.Config) -> dict[str, tuple[Any, ...]]:
    """The nodes of `users` by id, with everything that is said of them."""
    nodes = found.cluster["users"].nodes
    return {node.name: (node.address, node.weight, node.capacity) for node in nodes}


def applied(found: Plan, nodes: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The nodes after a plan."""
    places = ("address", "weight", "capacity")
    usual = (None, 1, None)
    after = dict(nodes)
    (users,) = found.clusters
    for one in users.nodes:
        if one.fate == "leaves":
            del after[one.id]
            continue
        now = {
            place: change.after for change in one.changes for place in places if change.key == place
        }
        before = usual if one.fate == "joins" else after[one.id]
        after[one.id] = tuple(
            now.get(place, value) for place, value in zip(places, before, strict=True)
        )
    return after


@given(FILES)
def test_putting_the_same_in_force_changes_nothing(same: config.Config) -> None:
    """And nothing is found to move."""
    found = plan(same, same)
    assert found.empty
    assert found.moves == 0


@settings(deadline=None, max_examples=60)
@given(FILES, FILES)
def test_the_old_nodes_with_the_plan_applied_are_the_new_ones(
    old: config.Config, new: config.Config
) -> None:
    """Nothing is left out, and nothing invented."""
    assert applied(plan(old, new), said(old)) == said(new)


@settings(deadline=None, max_examples=60)
@given(FILES, FILES)
def test_a_plan_is_empty_only_for_what_the_engine_cannot_tell_apart(
    old: config.Config, new: config.Config
) -> None:
    """What the engine would be sent is the same, up to what a strategy has by default."""
    if plan(old, new).empty:
        assert old.engine() == new.engine()


@settings(deadline=None, max_examples=60)
@given(FILES, FILES)
def test_a_plan_is_the_same_after_json(old: config.Config, new: config.Config) -> None:
    """Nothing is lost on the way from the proxy to the command."""
    found = plan(old, new)
    assert Plan.of_dict(json.loads(json.dumps(found.as_dict()))) == found


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(HASHING), node_lists(), node_lists())
def test_the_share_of_moved_keys_is_that_of_other_keys_counted_one_by_one(
    name: str, old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> None:
    """Two samples of one share differ by less than five standard errors of their difference.

    The other keys are asked for without the plan: of a balancer whose nodes are replaced, one key after the other.
    """
    before, after = (made(nodes, name).cluster["users"] for nodes in (old, new))
    count = 20_000
    found = moves(before, after, keys=sample(count))
    assert found is not None
    balancer = Balancer(list(map(as_node, old)), strategy=name, slow_start=0)
    others = [f"user:{number * 7919}" for number in range(count)]
    homes = [balancer.owner(key) for key in others]
    balancer.replace(list(map(as_node, new)))
    moved = sum(balancer.owner(key) != home for key, home in zip(others, homes, strict=True))
    share = (found.moved + moved) / (2 * count)
    error = math.sqrt(2 * share * (1 - share) / count)
    assert abs(found.share - moved / count) <= 5 * error


def as_node(table: dict[str, Any]) -> Node:
    """A node of the library out of a table of the file."""
    return Node(table["address"], id=table["id"], weight=table["weight"])


@pytest.mark.parametrize("name", ["rendezvous", "maglev", "consistent_hash"])
@pytest.mark.parametrize("k", [2, 5, 9])
def test_no_hash_moves_fewer_keys_than_the_least(name: str, k: int) -> None:
    """A node that joins k others has to get 1/(k+1); tables and rings move somewhat more."""
    nodes = [{"id": f"n{at}", "address": f"10.0.0.{at + 1}:80"} for at in range(k + 1)]
    found = moves(*(made(some, name).cluster["users"] for some in (nodes[:k], nodes)))
    assert found is not None
    assert found.least == pytest.approx(1 / (k + 1))
    if name == "rendezvous":
        assert abs(found.share - found.least) < 5 * found.error
    else:
        # 160 points a node: its part of the ring has a relative standard error of about 1/√160 = 8 %.
        assert found.share > found.least * (1 - 4 * 0.08)
