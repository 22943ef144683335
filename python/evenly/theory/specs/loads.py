"""How loaded is a node? One number for each notion of load, per unit of weight; the less the better.

C means weight here, and capacity only caps: (x + 1) / w is the load *with* the request that is being placed, which is
what makes least connections optimal for its running peak (theorem 2.2.1, corrected).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from statistics import fmean, median_high

from evenly.theory.model import Membership, Node

__all__ = ["LEARNING", "least_loaded", "loads"]

LEARNING = frozenset({"latency", "peak_ewma", "expected"})
"""Loads that learn from answers alone, and so must now and then ask a node that looks bad."""

NEAR = 1e-3
"""Estimates this near to each other, as a share, are equal: who keeps them in few bits must round."""


def loads(name: str, nodes: Membership) -> dict[str, float | Fraction]:
    """The load `name` of each node. One that nothing is known of counts as typical of the others.

    `in_flight`: requests per weight, exact. `latency`: seconds per weight. `peak_ewma`: request-seconds per weight.
    `reported`: the unit that the nodes use, per weight. `expected`: request-seconds per weight, of the average.
    """
    return {node.id: LOADS[name](node, nodes) for node in nodes}


def least_loaded(name: str, among: Iterable[Node], nodes: Membership) -> list[Node]:
    """Those of `among` with the least load; several when they are equal."""
    load, among = loads(name, nodes), list(among)
    least = min((load[node.id] for node in among), default=Fraction(0))
    near = least * (1 + NEAR) if name in LEARNING else least
    return [node for node in among if load[node.id] <= near]


def _in_flight(node: Node, nodes: Membership) -> Fraction:
    return Fraction(node.in_flight + 1, node.weight)


def _latency(node: Node, nodes: Membership) -> float:
    known = [one.latency for one in nodes if one.latency is not None]
    own = node.latency if node.latency is not None else median_high(known or [1.0])
    return own / node.weight


def _peak_ewma(node: Node, nodes: Membership) -> float:
    known = [one.latency for one in nodes if one.latency is not None]
    own = node.peak if node.peak is not None else median_high(known or [1.0])
    return own * (node.in_flight + 1) / node.weight


def _expected(node: Node, nodes: Membership) -> float:
    known = [one.expected for one in nodes if one.expected is not None]
    own = node.expected if node.expected is not None else median_high(known or [1.0])
    return own * (node.in_flight + 1) / node.weight


def _reported(node: Node, nodes: Membership) -> float:
    told = [one.told for one in nodes if one.told is not None]
    own = node.told if node.told is not None else fmean(told or [1.0])
    return own / node.weight


LOADS: Mapping[str, Callable[[Node, Membership], float | Fraction]] = {
    "in_flight": _in_flight,
    "latency": _latency,
    "peak_ewma": _peak_ewma,
    "reported": _reported,
    "expected": _expected,
}
