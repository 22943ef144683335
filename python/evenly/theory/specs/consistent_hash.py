"""Definition 2.3.1 with the wrap-around that it lacks: the node with the least clockwise distance from the key.

argmin over nodes n and their points of (h(point) − h(key)) mod 2^64, ties by id. As written, hash(n) ≥ hash(k), a key
above the largest hash has no node. A node that is not fit is out of the argmin: nobody else's keys move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from evenly.theory.model import Membership, Request
from evenly.theory.specs.rule import Lottery, Rule, fit, sure
from evenly.theory.specs.xxh3 import xxh3

CIRCLE = 1 << 64


Hash = Callable[[int, bytes], int]
"""A function of a seed and bytes to a number below 2^64."""


@dataclass(frozen=True, slots=True)
class ConsistentHash(Rule):
    """No memory."""

    name = "consistent_hash"
    virtual_nodes: int = 160
    seed: int = 0
    hash: Hash = xxh3

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """The node next to the key, clockwise; without a key each node with the length of its arcs."""
        points = [
            (point, node)
            for node in fit(nodes)
            for point in points_of(self.hash, self.seed, node.id, node.weight * self.virtual_nodes)
        ]
        if request.key is None:
            return _arcs([(point, node.id) for point, node in points])
        key = self.hash(self.seed, request.key)
        nearest = min(points, key=lambda it: ((it[0] - key) % CIRCLE, it[1].id), default=None)
        return sure(nearest[1]) if nearest else Lottery()


@lru_cache(4096)
def points_of(hashed: Hash, seed: int, node: str, count: int) -> tuple[int, ...]:
    """Where a node stands on the circle: `virtual_nodes` points for each unit of weight."""
    own = hashed(seed, node.encode())
    return tuple(hashed(own, number.to_bytes(8, "little")) for number in range(count))


def _arcs(points: list[tuple[int, str]]) -> Lottery:
    """Each node with the share of the circle from which it is the next point clockwise."""
    ring = sorted(points)
    shares = dict.fromkeys((node for _, node in ring), Fraction(0))
    for (start, _), (end, node) in pairwise([*ring[-1:], *ring]):
        shares[node] += Fraction((end - start) % CIRCLE or CIRCLE * (len(ring) == 1), CIRCLE)
    return Lottery(tuple((share, (node,)) for node, share in shares.items()))
