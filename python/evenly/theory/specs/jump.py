"""Jump consistent hashing (Lamping, Veach 2014): a key jumps forward from bucket to bucket until it leaves the list.

With n buckets it stays in bucket b with probability (b + 1)/(b + 2) · … · (n − 1)/n, so each has 1/n of the keys, and
one more takes 1/(n + 1) from each. A node has as many buckets as its weight, in the order of the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from evenly.theory.model import Membership
from evenly.theory.specs.tables import Table


@dataclass(frozen=True, slots=True)
class Jump(Table):
    """No memory."""

    name = "jump"

    def owner(self, place: int, nodes: Membership, memory: Any) -> str:
        """Whose bucket it is."""
        ends = list(accumulate(node.weight for node in nodes))
        bucket = jump(place, ends[-1])
        return next(node.id for node, end in zip(nodes, ends, strict=True) if bucket < end)


def jump(key: int, buckets: int) -> int:
    """The paper's figure 1, word for word."""
    b, j = -1, 0
    while j < buckets:
        b = j
        key = (key * 2862933555777941757 + 1) % (1 << 64)
        j = int((b + 1) * (float(1 << 31) / float((key >> 33) + 1)))
    return b
