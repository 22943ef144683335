"""Definition 2.3.1 with the wrap-around that it lacks: the node with the least clockwise distance from the key.

argmin over nodes n and their points of (h(point) − h(key)) mod 2^64, ties by id. As written, hash(n) ≥ hash(k), a key
above the largest hash has no node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

from evenly.theory.model import Membership, Node
from evenly.theory.specs.hashing import Hash, Hashing
from evenly.theory.specs.rings import CIRCLES, counts
from evenly.theory.specs.rule import Lottery, any_of, fit


@dataclass(frozen=True, slots=True)
class ConsistentHash(Hashing):
    """Each node has `virtual_nodes` points for each unit of weight."""

    name = "consistent_hash"
    virtual_nodes: int = 160
    compatible: str = "none"

    def order(self, key: bytes, nodes: Membership, memory: Any = None) -> Sequence[Node]:
        """By the distance from the key to a node's next point, clockwise."""
        circle = CIRCLES[self.compatible]
        place = circle.place(key, self.hash, self.seed) + circle.after
        near: dict[str, tuple[int, int | str]] = {}
        for rank, node in enumerate(nodes):
            tie = node.id if self.compatible == "none" else -rank if circle.last else rank
            points = self._points(node.id, nodes)
            if points:
                near[node.id] = (min((point - place) % circle.size for point in points), tie)
        return sorted((node for node in nodes if node.id in near), key=lambda node: near[node.id])

    def lottery(self, may: Membership, nodes: Membership, memory: Any = None) -> Lottery:
        """Each node with the share of the circle from which it is the next clockwise."""
        size = CIRCLES[self.compatible].size
        ring = sorted((point, node.id) for node in may for point in self._points(node.id, nodes))
        if not ring:
            return any_of(fit(nodes))
        shares = dict.fromkeys((node for _, node in ring), Fraction(0))
        for (start, _), (end, node) in pairwise([*ring[-1:], *ring]):
            shares[node] += Fraction((end - start) % size or size * (len(ring) == 1), size)
        return Lottery(tuple((share, (node,)) for node, share in shares.items()))

    def _points(self, node: str, nodes: Membership) -> tuple[int, ...]:
        count = counts(self.compatible, self.virtual_nodes, nodes)[node]
        return _points(self.compatible, self.hash, self.seed, node, count)


@lru_cache(4096)
def _points(compatible: str, hashed: Hash, seed: int, node: str, count: int) -> tuple[int, ...]:
    return tuple(CIRCLES[compatible].points(node, count, hashed, seed))
