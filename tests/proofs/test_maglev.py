"""Maglev: the engine's table is the proved one, entry by entry."""

from __future__ import annotations

import random

from evenly.errors import InvalidNode
from evenly.theory.laws.ground import cluster
from evenly.theory.laws.maglev import read
from evenly.theory.specs.xxh3 import xxh3
from tests.proofs.model import Coq, listed


def order(node: str, hash_seed: int, size: int) -> tuple[int, int]:
    """Offset and skip."""
    own = xxh3(hash_seed, node.encode())
    return own % size, xxh3(own, b"") % (size - 1) + 1


def test_the_engine_fills_the_table_that_the_proved_model_fills(coq: Coq) -> None:
    """For random weights and sizes, also such with too few entries, where both refuse."""
    rng, asked = random.Random(11), []
    tables: list[list[int] | None] = []
    for trial in range(60):
        size, highest = rng.choice((2, 3, 7, 11, 29, 101, 251)), rng.choice((1, 2, 5, 60))
        weights = [rng.randint(1, highest) for _ in range(rng.randint(1, 9))]
        try:
            balancer = cluster(weights, {"name": "maglev", "table_size": size}, hash_seed=trial)
        except InvalidNode:
            tables.append(None)
        else:
            tables.append([int(node) for node in read(balancer, size, trial)])
        orders = listed(order(str(node), trial, size) for node in range(len(weights)))
        asked.append(f"table {size} {orders} {listed(weights)}")
    assert coq.compute_all("Maglev", asked) == tables
    assert 5 < tables.count(None) < 30
