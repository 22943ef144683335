"""Joining the idle: the engine lends whom the proved scan finds, with the same random bits."""

from __future__ import annotations

import random

from evenly import Pick
from evenly.theory.laws.ground import cluster, give_back
from tests.proofs.bits import Bits
from tests.proofs.model import Coq


def walk(seed: int, weights: list[int], steps: int) -> tuple[list[str], list[int | None]]:
    """The scan that belongs to each pick, and whom that lent: None where nobody was idle, so that the scan is left."""
    rng, bits = random.Random(seed), Bits(seed)
    balancer = cluster(weights, "join_idle", seed)
    asked: list[str] = []
    lent: list[int | None] = []
    held: list[Pick] = []
    for _ in range(steps):
        nodes = balancer.nodes
        idle = [view.in_flight == 0 and view.serving for view in nodes]
        if held and (not any(idle) or rng.random() < 0.4):
            give_back(held.pop(rng.randrange(len(held))))
        elif rng.random() < 0.2 or not any(idle):
            node = rng.choice(nodes)
            (balancer.drain if node.serving else balancer.undrain)(node.id)
        else:
            bits.begin()
            drawn, lots = [0] * len(nodes), 0
            for at, weight in enumerate(weights):
                lots += weight * idle[at]
                if idle[at] and lots != weight:
                    drawn[at] = bits.below(lots)
            bits.end()
            held.append(balancer.pick())
            asked.append(scan(drawn, weights, [view.in_flight for view in nodes], idle))
            lent.append(int(held[-1].id))
    for node in balancer.nodes:
        balancer.undrain(node.id)
    while any(view.in_flight == 0 for view in balancer.nodes):
        held.append(balancer.pick())
    in_flight = [view.in_flight for view in balancer.nodes]
    asked.append(scan([0] * len(weights), weights, in_flight, [True] * len(weights)))
    lent.append(None)
    return asked, lent


def scan(drawn: list[int], weights: list[int], in_flight: list[int], fit: list[bool]) -> str:
    """The model's scan."""
    nodes = "; ".join(
        f"Node {count} {weight} {str(may).lower()}"
        for count, weight, may in zip(in_flight, weights, fit, strict=True)
    )
    return f"scan (nth 0 [:: {'; '.join(map(str, drawn))}]) [:: {nodes}] 0 0 None"


def test_the_engine_lends_the_idle_node_that_the_proved_scan_finds(coq: Coq) -> None:
    """Pick by pick over 2 to 32 nodes that are lent, given back and drained; lots fall by the same bits."""
    rng = random.Random(11)
    asked: list[str] = []
    lent: list[int | None] = []
    for seed, count in enumerate((2, 7, 20, 32)):
        scans, picks = walk(seed, [rng.choice((1, 2, 3, 12)) for _ in range(count)], 250)
        asked += scans
        lent += picks
    assert coq.compute_all("JoinIdle", asked) == lent
    assert None in lent
    assert len(set(lent)) > 24
