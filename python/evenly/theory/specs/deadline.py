"""Definition 2.4.1 by deadlines: the chairman assignment (Tijdeman 1980), optimal while weights stand.

With e = 1/(2k − 2), a node may be given a request when that leaves it less than 1 − e ahead of its share, and must be
before it is more than 1 − e behind. Of those that may, the one that must soonest is given it: |lag| ≤ 1 − e.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from evenly.theory.model import Membership, Node, Request
from evenly.theory.specs.rule import Lottery, Rule, any_of, fit
from evenly.theory.specs.weighted_round_robin import CLOSE, Lags, levelled, owed

Weights = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a node is behind, with which weights, and whether these have stood since nobody was behind."""

    lags: Lags
    weights: Weights = ()
    stood: bool = True


@dataclass(frozen=True, slots=True)
class Deadline(Rule):
    """While weights change nobody knows the deadlines to come, and no rule keeps everybody within one request.

    Then whoever is furthest behind may be preferred: it is what bounds the lag by H_k − 1.
    """

    name = "deadline"

    def begin(self, nodes: Membership) -> Memory:
        """Nobody is owed anything."""
        return Memory({node.id: Fraction(0) for node in nodes})

    def odds(self, memory: Memory, request: Request, nodes: Membership) -> Lottery:
        """Of those that may be given it, one that must soonest."""
        may = fit(nodes)
        if not may:
            return Lottery()
        now = owed(memory.lags, nodes)
        margin = Fraction(1, max(2 * len(may) - 2, 1))
        total = sum(node.weight for node in may)

        def left(node: Node) -> Fraction:
            """Requests until it must be given one."""
            return (1 - margin - now[node.id]) * total / node.weight

        near = Fraction(0) if memory.stood else CLOSE
        due = [node for node in may if now[node.id] >= margin]
        soonest = min((left(node) for node in due), default=Fraction(0))
        first = [
            node
            for node in may
            if now[node.id] >= margin - near and left(node) <= soonest + near * total / node.weight
        ]
        if due and self._stands(memory, nodes):
            return any_of(first)
        behind = max(now[node.id] for node in may)
        return any_of([*first, *(node for node in may if now[node.id] >= behind - near)])

    def then(self, memory: Memory, request: Request, nodes: Membership, given: str) -> Memory:
        """Who was given the request pays one."""
        lags = owed(memory.lags, nodes)
        return Memory(
            {**lags, given: lags[given] - 1}, _weights(nodes), self._stands(memory, nodes)
        )

    def moved(self, memory: Memory, before: Membership, nodes: Membership) -> Memory:
        """Lags come along by id."""
        return replace(memory, lags=levelled(memory.lags, nodes))

    @staticmethod
    def _stands(memory: Memory, nodes: Membership) -> bool:
        square = not any(memory.lags.values())
        return square or (memory.stood and memory.weights == _weights(nodes))


def _weights(nodes: Membership) -> Weights:
    return tuple((node.id, node.weight) for node in fit(nodes))
