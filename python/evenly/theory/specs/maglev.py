"""Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): nodes fill a table by turns, each in an order of its own.

The order of a node begins at its offset and goes on by its skip; the number of entries is prime, so it meets all. Each
node has its weight's share of the entries, rounded up or down. Not monotone: a key may move between two that stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from evenly.theory.model import Membership
from evenly.theory.specs.hashing import Hash
from evenly.theory.specs.tables import Table

Weights = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Maglev(Table):
    """`table_size` is prime."""

    name = "maglev"
    table_size: int = 65_537

    def table(self, nodes: Membership) -> tuple[str, ...]:
        """The node of each entry; turns go by the order of ids, not of the list."""
        weights = tuple(sorted((node.id, node.weight) for node in nodes))
        return filled(self.hash, self.seed, self.table_size, weights)

    def owner(self, place: int, nodes: Membership, memory: Any) -> str:
        """The entry is the upper end of place × size."""
        return self.table(nodes)[place * self.table_size >> 64]

    def shares(self, nodes: Membership, memory: Any) -> dict[str, Fraction]:
        """By entries."""
        table = self.table(nodes)
        return {node.id: Fraction(table.count(node.id), len(table)) for node in nodes}


@lru_cache(256)
def filled(hashed: Hash, seed: int, size: int, weights: Weights) -> tuple[str, ...]:
    """The table."""
    own = {node: hashed(seed, node.encode()) for node, _ in weights}
    skip = {node: hashed(own[node], b"") % (size - 1) + 1 for node in own}
    orders = {node: _order(own[node] % size, skip[node], size) for node in own}
    table: list[str | None] = [None] * size
    for node in turns(size, weights):
        entry = next(entry for entry in orders[node] if table[entry] is None)
        table[entry] = node
    return tuple(node for node in table if node is not None)


def _order(offset: int, skip: int, size: int) -> Iterator[int]:
    return ((offset + turn * skip) % size for turn in range(size))


def quotas(size: int, weights: Weights) -> dict[str, int]:
    """Entries by weight, rounded down; what is left goes to those with none, then to the largest remainders."""
    total = sum(weight for _, weight in weights)
    quota = {node: size * weight // total for node, weight in weights}
    left = size - sum(quota.values())
    first = sorted(weights, key=lambda it: (quota[it[0]] > 0, -(size * it[1] % total)))
    for node, _ in first[:left]:
        quota[node] += 1
    return quota


def turns(size: int, weights: Weights) -> list[str]:
    """The heaviest have a turn in each round, a lighter one in as many fewer as its weight says.

    Its (j + 1)-th turn is in round 1 + ⌊j · heaviest / weight⌋; within a round they go by id.
    """
    heaviest = max(weight for _, weight in weights)
    if len({weight for _, weight in weights}) == 1:
        return [weights[turn % len(weights)][0] for turn in range(size)]
    all_turns = [
        (turn * heaviest // weight + 1, node)
        for (node, weight), quota in zip(weights, quotas(size, weights).values(), strict=True)
        for turn in range(quota)
    ]
    return [node for _, node in sorted(all_turns)]
