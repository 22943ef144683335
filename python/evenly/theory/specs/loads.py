"""How loaded is a node? One number for each notion of load, per unit of weight; the less the better.

C means weight here, and capacity only caps: (x + 1) / w is the load *with* the request that is being placed, which is
what makes least connections optimal for its running peak (theorem 2.2.1, corrected).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from statistics import fmean, median_high

from evenly.theory.model import Membership, Node

__all__ = ["LEARNING", "loads"]

LEARNING = frozenset({"latency", "peak_ewma"})
"""Loads that learn from answers alone, and so must now and then ask a node that looks bad."""


def loads(name: str, nodes: Membership) -> dict[str, float | Fraction]:
    """The load `name` of each node. One that nothing is known of counts as typical of the others.

    `in_flight`: requests per weight, exact. `latency`: seconds per weight. `peak_ewma`: request-seconds per weight.
    `reported`: the unit that the nodes use, per weight.
    """
    return {node.id: LOADS[name](node, nodes) for node in nodes}


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


def _reported(node: Node, nodes: Membership) -> float:
    told = [one.told for one in nodes if one.told is not None]
    own = node.told if node.told is not None else fmean(told or [1.0])
    return own / node.weight


LOADS: Mapping[str, Callable[[Node, Membership], float | Fraction]] = {
    "in_flight": _in_flight,
    "latency": _latency,
    "peak_ewma": _peak_ewma,
    "reported": _reported,
}
