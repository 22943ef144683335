"""Least connections: the engine lends whom the proved scan lends."""

from __future__ import annotations

import random
from itertools import product

from evenly import Pick
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back
from tests.proofs.model import Coq, listed

PRIMES = [11, 13, 17, 19, 23, 29]
"""No two levels (in flight + 1) / weight are equal while fewer than ten are in flight at each node."""


def walk(seed: int) -> tuple[list[int], list[str], list[list[int]]]:
    """Weights, comings and goings, and how many each node of the engine had in flight after each."""
    rng = random.Random(seed)
    weights = PRIMES[: 2 + seed % 5]
    rng.shuffle(weights)
    balancer = cluster(weights, "least_connections", seed)
    held: list[Pick] = []
    events: list[str] = []
    loads = [[0] * len(weights)]
    for _ in range(300):
        if held and (len(held) == 4 * len(weights) or rng.random() < 0.45):
            pick = held.pop(rng.randrange(len(held)))
            give_back(pick)
            events.append(f"Go {pick.id}")
        else:
            held.append(balancer.pick())
            events.append("Come [::]")
        loads.append([node.in_flight for node in balancer.nodes])
    return weights, events, loads


def moments(seed: int) -> tuple[list[str], list[int | None]]:
    """Clusters with ties and with nodes that are out, as Coq writes them, and whom the engine lends of each."""
    rng = random.Random(seed)
    count = rng.randint(1, 6)
    weights = [rng.choice([1, 1, 2, 3]) for _ in range(count)]
    balancer = cluster(weights, "least_connections", seed, capacities=[3] * count)
    drained: set[int] = set()
    seen: list[str] = []
    lent: list[int | None] = []
    held: list[Pick] = []
    for _ in range(60):
        for node in range(count):
            if rng.random() < 0.2:
                (balancer.undrain if node in drained else balancer.drain)(str(node))
                drained ^= {node}
        loads = [node.in_flight for node in balancer.nodes]
        fits = [
            node not in drained and load < 3 for node, load in zip(range(count), loads, strict=True)
        ]
        nodes = zip(loads, weights, fits, strict=True)
        seen.append(
            listed([f"Node {load} {weight} {str(fit).lower()}" for load, weight, fit in nodes])
        )
        try:
            held.append(balancer.pick())
            lent.append(int(held[-1].id))
        except NoNodeAvailable:
            lent.append(None)
        while held and rng.random() < 0.4:
            give_back(held.pop(rng.randrange(len(held))))
    return seen, lent


def test_the_engine_carries_what_the_proved_rule_carries(coq: Coq) -> None:
    """Event by event over 2 to 6 nodes, with weights among which there are no ties."""
    walks = [walk(seed) for seed in range(10)]
    got = coq.compute_all(
        "LeastConnections",
        [
            f"let w := {listed(weights)} in run w (empty w) {listed(events)}"
            for weights, events, _ in walks
        ],
    )
    assert got == [loads for *_, loads in walks]


def test_the_engine_lends_one_of_those_that_some_lots_give(coq: Coq) -> None:
    """With ties, and with nodes that are drained or full: nobody exactly when the proved scan finds nobody."""
    trials = [moments(seed) for seed in range(24)]
    lots = listed([listed(drawn) for drawn in product((0, 1), repeat=5)])
    got = coq.compute_all(
        "LeastConnections",
        [
            f"let lots := {lots} in [seq undup [seq scan nodes drawn | drawn <- lots] | nodes <- {listed(seen)}]"
            for seen, _ in trials
        ],
    )
    ties = 0
    for (_, lent), possible in zip(trials, got, strict=True):
        for node, nodes in zip(lent, possible, strict=True):
            assert node in nodes
            ties += len(nodes) > 1
    assert ties > 100
    assert any(None in lent for _, lent in trials)
