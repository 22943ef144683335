"""Strategies under comparison: each in any of its forms, each under a label of its own."""

from __future__ import annotations

import pytest

import evenly
from evenly.simulate.contenders import as_contenders
from evenly.simulate.part import Wrong

IN_FLIGHT = {"name": "power_of_two", "load": "in_flight"}


def first(view: evenly.View) -> evenly.NodeView:
    """Always the first node."""
    return view.nodes[0]


class Turns:
    """The nodes in turn, by a counter of its own."""

    def __init__(self) -> None:
        self.count = 0

    def pick(self, view: evenly.View) -> evenly.NodeView:
        """The next node."""
        self.count += 1
        return view.nodes[self.count % len(view.nodes)]


def labels(given: object) -> list[str]:
    """What tables would call them."""
    return [one.label for one in as_contenders(given)]


def test_a_strategy_may_be_written_in_every_form() -> None:
    """As for a balancer: name, table, class, instance, function, and a class of one's own."""
    given = ["random", IN_FLIGHT, evenly.RoundRobin, evenly.LeastConnections(), first, Turns]
    assert labels(given) == [
        "random",
        "power_of_two(load=in_flight)",
        "round_robin",
        "least_connections",
        "first",
        "Turns",
    ]
    assert [one.in_python for one in as_contenders(given)] == [False] * 4 + [True] * 2


@pytest.mark.parametrize("alone", ["random", IN_FLIGHT, evenly.RoundRobin, first, Turns()], ids=str)
def test_one_strategy_needs_no_list(alone: object) -> None:
    """A single one is a list of one."""
    assert len(as_contenders(alone)) == 1


def test_two_of_one_name_are_told_apart_by_their_options() -> None:
    """Only options that differ from the defaults are said; the defaults written out are the defaults."""
    given = [
        evenly.PowerOfTwo(),
        IN_FLIGHT,
        {"name": "power_of_two", "load": "latency"},
        evenly.ConsistentHash(virtual_nodes=160),
        evenly.ConsistentHash(virtual_nodes=40),
    ]
    assert labels(given) == [
        "power_of_two",
        "power_of_two(load=in_flight)",
        "power_of_two(load=latency)",
        "consistent_hash",
        "consistent_hash(virtual_nodes=40)",
    ]


def test_labels_may_be_given() -> None:
    """Then the same strategy may even stand twice."""
    assert labels({"now": "round_robin", "then": IN_FLIGHT, "again": "round_robin"}) == [
        "now",
        "then",
        "again",
    ]


def test_a_strategy_with_state_begins_anew_in_each_run() -> None:
    """What one run has left must not reach the next."""
    (turns,) = as_contenders(Turns)
    assert turns.fresh() is not turns.fresh()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], 'must hold at least one strategy, such as "power_of_two"'),
        (7, 'must be a list of strategies such as ["random"], not 7'),
        (
            ["random", "random"],
            'lists random twice: give each a label: {"before": …, "after": …}',
        ),
        (["rndom"], 'unknown strategy "rndom". Did you mean "random"?'),
        (
            [{"name": "random", "load": "in_flight"}],
            'strategy "random" has no option "load"',
        ),
    ],
)
def test_what_is_no_strategy_is_said(given: object, said: str) -> None:
    """The engine's own words where it knows better."""
    with pytest.raises(Wrong) as caught:
        as_contenders(given)
    assert said in caught.value.faults[0][1]
