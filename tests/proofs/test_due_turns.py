"""Earliest deadline among those that are due: the engine lends as the proved model does."""

from __future__ import annotations

import random

from evenly.theory.laws.ground import cluster, lend
from tests.proofs.model import Coq, listed

FINE = 1 << 20
"""The engine keeps lags in parts of 1 / (sum of weights · 2**20)."""
PICKS = 300

LAID_OUT = [[5, 1, 1], [1, 27, 243, 243], [100, *[1] * 100], [7, 7, 7, 7], [12, 12, 3, 1, 1]]
"""Their periods are short enough for the engine to lay them out in advance."""
LIVE = [[65_535, 1], [65_535, 65_534, 1, 2], [4_000, 333, 1_001], [1_000, 999, 998, 997, 996, 995]]
"""Periods beyond 4,096: the engine keeps the lags themselves."""


def drawn(seed: int) -> list[list[int]]:
    """Random weights, light and heavy."""
    rng = random.Random(seed)
    heaviest = [9, 30, 1_000, 65_535]
    return [[rng.randint(1, most) for _ in range(rng.randint(2, 9))] for most in heaviest * 5]


def test_the_engine_lends_whom_the_proved_deadlines_lend(coq: Coq) -> None:
    """Pick by pick, from laid-out periods and from lags that are kept, ties and all."""
    vectors = [*LAID_OUT, *LIVE, *drawn(5)]
    asked = [
        f"DueTurns.run_due (Z.pos {FINE}) {listed(f'Z.pos {each}' for each in weights)} {PICKS}"
        for weights in vectors
    ]
    lent = []
    for weights in vectors:
        balancer = cluster(weights, "deadline")
        lent.append([lend(balancer) for _ in range(PICKS)])
    assert coq.compute_all("DueTurns", asked) == lent
