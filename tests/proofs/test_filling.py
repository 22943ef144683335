"""Filling from the first: the engine lends whom the proved model lends."""

from __future__ import annotations

import random

from evenly import _engine
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back
from tests.proofs.model import Coq, listed


def walk(seed: int, capacities: list[int], turns: int) -> tuple[list[str], list[list[int]]]:
    """Who asked and who left, as the model writes it, and the requests in flight on each node after each of them."""
    rng = random.Random(seed)
    limits = [limit or None for limit in capacities]
    balancer = cluster(len(limits), "first", seed, capacities=limits)
    held: list[_engine.Pick] = []
    events, states = [], []
    for _ in range(turns):
        if held and rng.random() < 0.4:
            pick = held.pop(rng.randrange(len(held)))
            events.append(f"Leave {pick.id}")
            give_back(pick)
        else:
            events.append("Ask")
            try:
                held.append(balancer.pick())
            except NoNodeAvailable:
                assert None not in limits
        states.append([node.in_flight for node in balancer.nodes])
    return events, states


def test_the_engine_fills_up_as_the_proved_model_does(coq: Coq) -> None:
    """Event by event over 1 to 7 nodes, also when all are full, and with a node without a capacity (0) among them."""
    rng = random.Random(5)
    fleets = [[rng.randint(1, 4) for _ in range(count)] for count in range(1, 8)]
    fleets += [[2, 1, 0, 3], [0], [1, 1, 1, 0]]
    walks = [walk(seed, fleet, 120) for seed, fleet in enumerate(fleets)]
    got = coq.compute_all(
        "Filling",
        [
            f"[seq run {listed(fleet)} (take j {listed(events)}) | j <- iota 1 120]"
            for fleet, (events, _) in zip(fleets, walks, strict=True)
        ],
    )
    assert got == [states for _, states in walks]
