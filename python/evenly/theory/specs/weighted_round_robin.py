"""Definition 2.4.1 with the time and the memory that it lacks: smooth weighted round robin.

At each request every fit node is owed its share p = w / W more, the node that is owed most is given the request and
pays one for it. What a node is owed is its lag; lags add up to 0. Bound: −(1 − 1/k) ≤ lag ≤ H_k − 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from evenly.theory.model import Membership, Request
from evenly.theory.specs.rule import Lottery, Rule, any_of, fit

Lags = Mapping[str, Fraction]

CLOSE = Fraction(1, 1 << 16)
"""Lags this near to each other, in requests, are equal: who keeps them in whole numbers must round."""


@dataclass(frozen=True, slots=True)
class WeightedRoundRobin(Rule):
    """Memory: the lag of each node in requests."""

    name = "weighted_round_robin"

    def begin(self, nodes: Membership) -> Lags:
        """Nobody is owed anything."""
        return {node.id: Fraction(0) for node in nodes}

    def odds(self, memory: Lags, request: Request, nodes: Membership) -> Lottery:
        """One of those who are owed most."""
        now = owed(memory, nodes)
        most = max((now[node.id] for node in fit(nodes)), default=Fraction(0))
        return any_of(node for node in fit(nodes) if now[node.id] >= most - CLOSE)

    def then(self, memory: Lags, request: Request, nodes: Membership, given: str) -> Lags:
        """Who was given the request pays one."""
        now = owed(memory, nodes)
        return {**now, given: now[given] - 1}

    def moved(self, memory: Lags, before: Membership, nodes: Membership) -> Lags:
        """Lags come along by id."""
        return levelled(memory, nodes)


def owed(lags: Lags, nodes: Membership) -> dict[str, Fraction]:
    """Lags with this request's shares in them; a node that is not fit has no share."""
    total = sum(node.weight for node in fit(nodes))
    return {
        node.id: lags[node.id] + (Fraction(node.weight, total) if node.fit else 0) for node in nodes
    }


def levelled(lags: Lags, nodes: Membership) -> Lags:
    """The lags of another membership: who leaves takes its lag along, and the others share the difference alike."""
    kept = {node.id: lags.get(node.id, Fraction(0)) for node in nodes}
    over = sum(kept.values(), Fraction(0)) / max(len(kept), 1)
    return {node: lag - over for node, lag in kept.items()}
