"""Why a pick goes where it goes: asked without picking."""

from __future__ import annotations

import json
import threading

import pytest

import evenly
from evenly import Balancer, _engine
from evenly.strategy import View
from evenly.testing import VirtualClock

NODES = [{"id": name, "address": f"10.0.0.{place}:80"} for place, name in enumerate("abcde", 1)]
every = pytest.mark.parametrize("name", [entry["name"] for entry in _engine.strategies()])


class Turns:
    """A strategy with a memory: the nodes in turn."""

    def __init__(self) -> None:
        self.turn = 0

    def pick(self, view: View) -> evenly.NodeView:
        """Take the next one."""
        self.turn += 1
        return view.nodes[self.turn % len(view.nodes)]


@every
def test_an_explanation_names_the_node_of_the_next_pick_however_often_one_asks(name: str) -> None:
    """It draws what the pick will draw, and leaves turns, places and counts as they are."""
    users = VirtualClock(seed=41).balancer(NODES, strategy=name)
    for turn in range(60):
        books = users.nodes
        told = {users.explain(key=turn).pick for _ in range(3)}
        assert books == users.nodes
        pick = users.pick(key=turn)
        assert told == {pick.id}
        if turn % 3:
            with pick:
                pass


def test_a_strategy_in_python_is_asked_as_a_copy() -> None:
    """Its memory stays as it is; one that cannot be copied says what to write."""
    users = Balancer(NODES, strategy=Turns)
    for _ in range(7):
        assert users.explain().pick == users.explain().pick == users.pick().id

    class Locked(Turns):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()

    with pytest.raises(evenly.StrategyFault, match="__deepcopy__"):
        Balancer(NODES, strategy=Locked).explain()


def test_it_says_who_is_out_and_why_and_what_was_compared() -> None:
    """In fields, as JSON, and in a table."""
    users = Balancer(NODES, strategy="least_connections", name="users")
    users.drain("a")
    out = [users.pick() for _ in range(3)]
    told = users.explain()
    assert (told.cluster, told.strategy, told.key) == ("users", {"name": "least_connections"}, None)
    assert (told.stage, told.reason) == ("normal", None)
    assert [node.excluded for node in told.candidates] == ["draining", None, None, None, None]
    scores = {node.id: node.score for node in told.candidates}
    assert scores == {node.id: node.in_flight + 1 for node in users.nodes}
    assert told.proposals[-1].id == told.pick
    text = str(told)
    assert text.startswith(
        f'"{told.pick}" is lent: least_connections proposed it, with a score of 1'
    )
    assert "draining" in text
    assert json.loads(json.dumps(told.as_dict())) == told.as_dict()
    del out


def test_a_refusal_is_explained_instead_of_raised() -> None:
    """Whoever wants to know why there is nothing must not be told so by an error."""
    users = Balancer(NODES[:1], capacity=1)
    out = users.pick()
    told = users.explain(key=b"\xff")
    assert (told.pick, told.reason, told.key) == (None, "at_capacity", "�")
    assert "1 at capacity" in told.sentence
    assert told.candidates[0].excluded == "at_capacity"
    del out


def test_options_and_another_strategy_are_told_as_they_are_in_force() -> None:
    """As a table, whatever way they were written."""
    users = Balancer(NODES, strategy=evenly.Maglev(table_size=101))
    assert users.explain(key="k").strategy["table_size"] == 101
    users.strategy = "first"
    assert users.explain().strategy == {"name": "first"}
    assert users.explain().pick == "a"
