"""Prequal (Wydrowski et al., NSDI 2024): of the cold nodes that with the least latency, else that with the least load.

A node is hot when it has more in flight than a quantile of what was seen lately. Three nodes are looked at for each
request, and what was seen is kept for a while; with up to three nodes everything known is what is. With more of them
what was seen is chance that nobody can tell from outside, and any fit node may be right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from evenly.theory.model import Membership, Node, Request
from evenly.theory.specs.loads import NEAR
from evenly.theory.specs.rule import Lottery, Rule, any_of, fit

PROBES = 3


@dataclass(frozen=True, slots=True)
class Prequal(Rule):
    """No memory: the limit between cold and hot is left open.

    Whatever it is, a node is never given the request when another has both less in flight and less latency.
    """

    name = "prequal"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """By the rule, for some limit; or one that had no request for a second."""
        may = fit(nodes)
        if len(nodes) > PROBES:
            return any_of(may)
        well = [node for node in may if not node.ails] or list(may)
        limits = [Fraction(-1), *map(in_flight, well)]
        right = {node for limit in limits for node in hot_or_cold(well, limit)}
        return any_of(node for node in may if node in right or node.alone)


def in_flight(node: Node) -> Fraction:
    """Requests per weight."""
    return Fraction(node.in_flight, node.weight)


def hot_or_cold(seen: Sequence[Node], limit: Fraction) -> Iterable[Node]:
    """The rule, with `limit` requests per weight as the most that is cold: those that it may give."""
    cold = [node for node in seen if in_flight(node) <= limit]
    if not cold:
        least = min(map(in_flight, seen), default=Fraction(0))
        return [node for node in seen if in_flight(node) == least]
    shortest = min(_latency(node) for node in cold)
    return [node for node in cold if _latency(node) <= shortest * (1 + NEAR)]


def _latency(node: Node) -> float:
    """What is expected of its next answer in seconds; when nothing is known of it, any other may be better."""
    return node.expected or 0.0
