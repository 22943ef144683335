"""Smooth weighted round robin: the engine lends whom the proved program lends, whatever its weights."""

from __future__ import annotations

import random

from evenly.theory.laws.ground import cluster, lend
from tests.proofs.model import Coq, listed

PICKS = 400


def weights_of(seed: int) -> list[int]:
    """Some whose period is laid out, some too long for that, and now and then all alike."""
    rng = random.Random(seed)
    heaviest = rng.choice([1, 3, 30, 1000, 65_535])
    return [rng.randint(1, heaviest) for _ in range(rng.randint(1, 12))]


def positive(weights: list[int]) -> str:
    """Weights as Coq reads them."""
    return listed(f"Z.pos {weight}" for weight in weights)


def test_the_engine_lends_whom_the_proved_program_lends(coq: Coq) -> None:
    """Pick by pick from the beginning, over 60 vectors of weights, in the engine's unit and in nginx's."""
    vectors = [[5, 1, 1], [65_535] * 3, [1], *map(weights_of, range(57))]
    asked, lent = [], []
    for at, weights in enumerate(vectors):
        unit = "SmoothInteger.engine_fine" if at % 2 else "1"
        asked.append(f"SmoothInteger.run {unit} {positive(weights)} {PICKS}")
        balancer = cluster(weights, "weighted_round_robin", at)
        lent.append([lend(balancer) for _ in range(PICKS)])
    assert coq.compute_all("SmoothInteger", asked) == lent


def changing(seed: int, picks: int) -> tuple[list[list[int]], list[int]]:
    """The weights at each pick, often others than at the one before, and who was lent."""
    rng = random.Random(seed)
    heaviest = rng.choice([3, 30, 65_535])
    weights = [rng.randint(1, heaviest) for _ in range(rng.randint(1, 9))]
    balancer = cluster(weights, "weighted_round_robin", seed)
    history, lent = [], []
    for _ in range(picks):
        while rng.random() < 0.4:
            node = rng.randrange(len(weights))
            weights[node] = rng.randint(1, heaviest)
            balancer.update(str(node), weight=weights[node])
        history.append(list(weights))
        lent.append(lend(balancer))
    return history, lent


def test_the_engine_rounds_as_the_proved_program_rounds(coq: Coq) -> None:
    """Pick by pick while weights change, over 30 clusters: lags are reckoned anew and levelled alike."""
    walks = [changing(seed, 150) for seed in range(30)]
    asked = [
        f"SmoothChanges.run_changing SmoothInteger.engine_fine {len(history[0])} "
        f"{listed(map(positive, history))}"
        for history, _ in walks
    ]
    found = coq.compute_all("SmoothInteger SmoothChanges", asked)
    assert found == [lent for _, lent in walks]


def test_the_engine_passes_over_the_turns_that_the_proof_passes_over(coq: Coq) -> None:
    """Pick by pick while 1 to k - 1 nodes are drained, over 40 vectors of weights whose period is laid out."""
    rng = random.Random(5)
    asked, lent = [], []
    for at in range(40):
        weights = [rng.randint(1, 30) for _ in range(rng.randint(2, 9))]
        out = rng.sample(range(len(weights)), rng.randint(1, len(weights) - 1))
        given = f"(fun i => i \\in {listed(out)}) 1 {positive(weights)} {PICKS}"
        asked.append(f"SmoothOut.run_without {given}")
        balancer = cluster(weights, "weighted_round_robin", at)
        for node in out:
            balancer.drain(str(node))
        lent.append([lend(balancer) for _ in range(PICKS)])
    walked = coq.compute_all("SmoothInteger SmoothOut", asked)
    assert walked == [each[: len(proved)] for each, proved in zip(lent, walked, strict=True)]
    assert sum(map(len, walked)) > 5000
