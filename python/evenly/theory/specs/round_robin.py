"""Definition 2.1.1: round_robin(N, i) = n_{i mod |N|}.

N is a list in a fixed order, i is memory. A node that is not fit is stepped over, and i moves past it too: with i + 1
alone its successor would get its turns as well (of four nodes with one out: 1000, 0, 2000, 1000 of 4000).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from evenly.theory.model import Membership, Request
from evenly.theory.specs.rule import Lottery, Rule


@dataclass(frozen=True, slots=True)
class RoundRobin(Rule):
    """Memory: i mod |N|, or None while it may be anything: a round begins anywhere."""

    name = "round_robin"

    def odds(self, memory: int | None, request: Request, nodes: Membership) -> Lottery:
        """The first fit node from n_i on."""
        starts = range(len(nodes)) if memory is None else [memory]
        turns = ([*nodes[start:], *nodes[:start]] for start in starts)
        found = [next((node.id for node in turn if node.fit), None) for turn in turns]
        return Lottery(tuple((Fraction(1, len(found)), (node,)) for node in found if node))

    def then(self, memory: int | None, request: Request, nodes: Membership, given: str) -> int:
        """I moves past the node that was given."""
        return ([node.id for node in nodes].index(given) + 1) % len(nodes)

    def moved(self, memory: int | None, before: Membership, nodes: Membership) -> int | None:
        """I goes on counting; i mod |N| with another |N| is another place, which is known again after a pick."""
        return memory if len(before) == len(nodes) else None
