"""The tournament of least connections: the engine lends whom the proved model lends, with the same random bits."""

from __future__ import annotations

import random

from evenly import Pick
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back
from tests.proofs.bits import Bits
from tests.proofs.model import Coq


def walk(seed: int, weights: list[int], steps: int) -> tuple[list[str], list[int | None]]:
    """What happened, as the model's events, and who was lent."""
    rng, bits = random.Random(seed), Bits(seed)
    balancer = cluster(weights, "least_connections", seed)
    events: list[str] = []
    lent: list[int | None] = []
    held: list[Pick] = []
    drained, every = set[int](), set(range(len(weights)))
    for step in range(steps):
        chance = rng.random()
        if held and chance < 0.4:
            pick = held.pop(rng.randrange(len(held)))
            events.append(f"Back {pick.id}")
            give_back(pick)
        elif chance < 0.55 or step == steps // 2:
            # In the middle everybody is drained, so that nobody can be lent.
            nodes = {rng.randrange(len(weights))} if chance < 0.55 else every - drained
            for node in sorted(nodes):
                events.append(f"{'Undrain' if node in drained else 'Drain'} {node}")
                (balancer.undrain if node in drained else balancer.drain)(str(node))
            drained ^= nodes
        else:
            bits.begin()
            events.append(f"Pick {bits.draw()}")
            try:
                held.append(balancer.pick())
                lent.append(int(held[-1].id))
            except NoNodeAvailable:
                # Two draws, and two more when it is asked once again before it is refused.
                bits.draw()
                bits.end()
                bits.begin()
                bits.draw()
                bits.draw()
                lent.append(None)
            bits.end()
    return events, lent


def test_the_engine_lends_whom_the_proved_tournament_lends(coq: Coq) -> None:
    """Pick by pick over 33 to 300 nodes that are drained, come back, fill up and empty; ties fall by the same bits."""
    rng = random.Random(7)
    asked, walks = [], []
    for seed, count in enumerate((33, 48, 257, 300)):
        weights = [rng.choice((1, 2, 3, 4, 6, 12)) if seed % 2 else 1 for _ in range(count)]
        events, lent = walk(seed, weights, 500)
        walks.append(lent)
        each = "; ".join(str(weight) for weight in weights)
        asked.append(f"TournamentLeast.walk 12 [:: {each}] [:: {'; '.join(events)}]")
    assert coq.compute_all("TournamentLeast", asked) == walks
    assert any(None in lent for lent in walks)
