"""Strategies in all the forms one may write them, and those written in Python."""

from __future__ import annotations

import dataclasses
import itertools
import random
import threading

import pytest

import evenly
from evenly import Balancer, InvalidStrategy, NodeView, StrategyFault, View, _engine
from evenly.strategy import BUILT_IN
from evenly.testing import LawBroken, VirtualClock, obeys_laws

NODES = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]


def emptiest(view: View) -> NodeView:
    """Least connections, in Python."""
    return min(view.nodes, key=lambda node: (node.in_flight, view.rng.random()))


class Turns:
    """Round robin, in Python: a class with state."""

    def __init__(self) -> None:
        self.turn = itertools.count()

    def pick(self, view: View) -> NodeView:
        return view.nodes[next(self.turn) % len(view.nodes)]


def test_the_typed_classes_are_the_engines_table() -> None:
    """Same names, same options, same defaults, same choices: a strategy is registered once."""
    entries = {entry["name"]: entry for entry in _engine.strategies()}
    assert sorted(entries) == sorted(kind.name for kind in BUILT_IN)
    for kind in BUILT_IN:
        options = {option["name"]: option["default"] for option in entries[kind.name]["options"]}
        written = {field.name: str(field.default) for field in dataclasses.fields(kind)}
        assert written == options


def test_every_strategy_has_its_five_headings() -> None:
    """They are what docs and `evenly strategies` show."""
    for entry in _engine.strategies():
        assert list(entry["headings"]) == ["does", "suits", "fails", "costs", "promise"]
        assert entry["summary"]


@pytest.mark.parametrize("kind", BUILT_IN)
def test_name_table_class_and_instance_are_the_same_strategy(kind: type) -> None:
    """Each form gives the same picks from the same seed."""

    def picks(strategy: object) -> list[str]:
        balancer = VirtualClock(5).balancer(NODES, strategy=strategy)
        return [balancer.pick(key=key).id for key in range(50)]

    forms = [kind.name, {"name": kind.name}, kind, kind(), dataclasses.replace(kind())]
    assert all(picks(form) == picks(kind.name) for form in forms)


def test_a_function_chooses() -> None:
    """It sees the nodes that can be lent, with their counts."""
    balancer = Balancer(NODES, strategy=emptiest)
    held = [balancer.pick() for _ in range(6)]
    assert [node.in_flight for node in balancer.nodes] == [2, 2, 2]
    balancer.drain(NODES[0])
    assert NODES[0] not in {balancer.pick().id for _ in range(20)}
    del held


def test_a_class_keeps_its_state_and_each_balancer_its_own() -> None:
    """The class is instantiated once per balancer."""
    first, second = Balancer(NODES, strategy=Turns), Balancer(NODES, strategy=Turns)
    assert [first.pick().id for _ in range(4)] == [*NODES, NODES[0]]
    assert second.pick().id == NODES[0]


def test_a_decorated_strategy_goes_by_its_name() -> None:
    """In snake case, as the engine's do."""

    @evenly.strategy
    class FirstOfAll:
        def pick(self, view: View) -> NodeView:
            return view.nodes[0]

    @evenly.strategy
    def last_of_all(view: View) -> NodeView:
        return view.nodes[-1]

    balancer = Balancer(NODES, strategy="first_of_all")
    assert balancer.pick().id == NODES[0]
    balancer.strategy = {"name": "last_of_all"}
    assert balancer.pick().id == NODES[2]
    assert FirstOfAll().pick is not None
    assert callable(last_of_all)


def test_the_view_carries_key_time_and_chance() -> None:
    """The key as it is hashed; chance and time from the balancer's own."""
    seen: list[View] = []

    def watch(view: View) -> NodeView:
        seen.append(view)
        return view.rng.choice(view.nodes)

    clock = VirtualClock(1)
    balancer = clock.balancer(NODES, strategy=watch)
    balancer.pick(key=42)
    clock.advance(1.5)
    balancer.pick()
    assert [view.key for view in seen] == [b"42", None]
    assert seen[1].now - seen[0].now == pytest.approx(1.5)
    assert isinstance(seen[0].rng, random.Random)


def test_what_a_strategy_raises_comes_out_of_the_pick() -> None:
    """And no place stays taken by it."""

    def broken(view: View) -> NodeView:
        raise LookupError("my bug")

    balancer = Balancer(NODES, strategy=broken)
    with pytest.raises(LookupError, match="my bug"):
        balancer.pick()
    assert sum(node.in_flight for node in balancer.nodes) == 0
    balancer.strategy = "random"
    balancer.pick()


@pytest.mark.parametrize("answer", [None, 7, "10.0.0.9:80", evenly.Node("10.0.0.9:80")])
def test_an_answer_that_is_no_node_is_a_fault(answer: object) -> None:
    """It says which strategy, what it answered and what to return."""
    balancer = Balancer(NODES, strategy=lambda view: answer)  # type: ignore[arg-type, return-value]
    with pytest.raises(StrategyFault, match=r"return one of view\.nodes"):
        balancer.pick()


def test_a_strategy_may_ask_its_balancer() -> None:
    """Nothing is locked while it runs: nodes, reports and even changes of membership are allowed."""
    balancer: Balancer

    def curious(view: View) -> NodeView:
        balancer.report(NODES[0], load=len(balancer.nodes))
        balancer.update(NODES[1], weight=2)
        return view.nodes[0]

    balancer = Balancer(NODES, strategy=curious)
    assert balancer.pick().id == NODES[0]


def test_threads_pick_by_a_python_strategy() -> None:
    """What one raises never comes out of another's pick."""

    def moody(view: View) -> NodeView:
        if view.key == b"bad":
            raise LookupError
        return view.nodes[0]

    balancer = Balancer(NODES, strategy=moody)
    raised = dict.fromkeys(("good", "bad"), 0)

    def work(key: str) -> None:
        for _ in range(200):
            try:
                with balancer.pick(key=key):
                    pass
            except LookupError:
                raised[key] += 1

    threads = [threading.Thread(target=work, args=(key,)) for key in raised]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == {"good": 0, "bad": 200}


@pytest.mark.parametrize("thing", [7, "name", object()])
def test_only_functions_and_classes_are_decorated(thing: object) -> None:
    """And a class needs its method."""
    with pytest.raises(InvalidStrategy):
        evenly.strategy(thing)  # type: ignore[call-overload]  # that is the point
    with pytest.raises(InvalidStrategy, match="has no method pick"):
        evenly.strategy(type("NoPick", (), {}))  # type: ignore[type-var]  # that is the point


def test_a_name_of_the_engine_is_not_taken_over() -> None:
    """Otherwise "random" would mean two things."""

    def random(view: View) -> NodeView:
        return view.nodes[0]

    with pytest.raises(InvalidStrategy, match="give yours another name"):
        evenly.strategy(random)


@pytest.mark.parametrize("strategy", [emptiest, Turns, "round_robin"])
def test_good_strategies_obey_the_laws(strategy: object) -> None:
    """As users check theirs."""
    obeys_laws(strategy, rounds=20)  # type: ignore[arg-type]  # object for the parametrization


def test_the_laws_find_chance_from_elsewhere() -> None:
    """A strategy that draws from the module `random` cannot be replayed."""
    chance = random.Random()

    def careless(view: View) -> NodeView:
        return chance.choice(view.nodes)

    with pytest.raises(LawBroken, match=r"draw from view\.rng"):
        obeys_laws(careless)
