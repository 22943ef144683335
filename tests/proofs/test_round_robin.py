"""Round robin: the engine lends whom the proved model lends, whoever is out or full meanwhile."""

from __future__ import annotations

import random

from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back
from tests.proofs.model import Coq, listed


def walk(seed: int, count: int, picks: int) -> tuple[list[list[bool]], list[int | None]]:
    """Who was fit at each pick, and who was lent. At the first all are fit: it shows where the cursor began."""
    rng = random.Random(seed)
    balancer = cluster(count, "round_robin", seed, capacities=[2] * count)
    drained: set[int] = set()
    fits: list[list[bool]] = []
    lent: list[int | None] = []
    held = []
    for turn in range(picks):
        for node in range(count) if turn else ():
            if rng.random() < 0.25:
                (balancer.undrain if node in drained else balancer.drain)(str(node))
                drained ^= {node}
        full = {int(node.id) for node in balancer.nodes if node.in_flight == 2}
        fits.append([node not in drained | full for node in range(count)])
        try:
            held.append(balancer.pick())
            lent.append(int(held[-1].id))
        except NoNodeAvailable:
            lent.append(None)
        if held and rng.random() < 0.55:
            give_back(held.pop(rng.randrange(len(held))))
    return fits, lent


def test_the_engine_lends_whom_the_proved_round_robin_lends(coq: Coq) -> None:
    """Pick by pick over 1 to 9 nodes that are drained, come back, fill up and empty; also when nobody is fit."""
    walks = [walk(seed, count, 200) for seed, count in enumerate(range(1, 10))]
    asked = []
    for fits, lent in walks:
        each = listed(map(listed, fits))
        asked.append(f"RoundRobin.run {each} {lent[0]}")
    assert coq.compute_all("RoundRobin", asked) == [lent for _, lent in walks]
    assert any(None in lent for _, lent in walks)
