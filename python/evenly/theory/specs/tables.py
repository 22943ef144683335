"""Hash strategies where a table, or an arithmetic, gives a key's node at once, and what a key does when that is out.

Then its next place is drawn by hash from the first, and so on; after 16 places the rest of its order is the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from evenly.theory.model import Membership, Node
from evenly.theory.specs.hashing import Hashing
from evenly.theory.specs.rule import Lottery, any_of

PLACES = 16


@dataclass(frozen=True, slots=True)
class Table(Hashing):
    """What differs is who owns a place."""

    def place(self, key: bytes) -> int:
        """The first place of a key: a number below 2^64, or what the table counts in."""
        return self.hash(self.seed, key)

    def owner(self, place: int, nodes: Membership, memory: Any) -> str:
        """The node at a place."""
        raise NotImplementedError

    def shares(self, nodes: Membership, memory: Any) -> dict[str, Fraction]:
        """Which share of all places each node owns."""
        total = sum(node.weight for node in nodes)
        return {node.id: Fraction(node.weight, total) for node in nodes}

    def order(self, key: bytes, nodes: Membership, memory: Any = None) -> Sequence[Node]:
        """Place by place, and then the list from one of them on."""
        first = self.place(key)
        drawn = [self.hash(turn, first.to_bytes(8, "little")) for turn in range(1, PLACES + 1)]
        owners = [self.owner(place, nodes, memory) for place in (first, *drawn[:-1])]
        start = drawn[-1] % len(nodes)
        by_id = {node.id: node for node in nodes}
        rest = [node.id for node in (*nodes[start:], *nodes[:start])]
        return [by_id[owner] for owner in dict.fromkeys([*owners, *rest])]

    def lottery(self, may: Membership, nodes: Membership, memory: Any = None) -> Lottery:
        """A place by chance; when its owner is out, one of the others, and the places to come say which."""
        shares = self.shares(nodes, memory)
        own = [(shares[node.id], (node.id,)) for node in may]
        lost = 1 - sum((share for share, _ in own), Fraction(0))
        return Lottery((*own, *((lost, part) for _, part in any_of(may).parts if lost)))
