"""Smooth weighted round robin: the engine lends whom the proved program lends, whatever its weights."""

from __future__ import annotations

import random

from evenly.theory.laws.ground import cluster, lend
from tests.proofs.model import Coq

PICKS = 400


def weights_of(seed: int) -> list[int]:
    """Some whose period is laid out, some too long for that, and now and then all alike."""
    rng = random.Random(seed)
    heaviest = rng.choice([1, 3, 30, 1000, 65_535])
    return [rng.randint(1, heaviest) for _ in range(rng.randint(1, 12))]


def test_the_engine_lends_whom_the_proved_program_lends(coq: Coq) -> None:
    """Pick by pick from the beginning, over 60 vectors of weights, in the engine's unit and in nginx's."""
    vectors = [[5, 1, 1], [65_535] * 3, [1], *map(weights_of, range(57))]
    asked, lent = [], []
    for at, weights in enumerate(vectors):
        unit = "SmoothInteger.engine_fine" if at % 2 else "1"
        listed = "; ".join(f"Z.pos {weight}" for weight in weights)
        asked.append(f"SmoothInteger.run {unit} [:: {listed}] {PICKS}")
        balancer = cluster(weights, "weighted_round_robin", at)
        lent.append([lend(balancer) for _ in range(PICKS)])
    assert coq.compute_all("SmoothInteger", asked) == lent
