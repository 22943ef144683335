"""Subsets: the engine deals the hands that the proved model deals."""

from __future__ import annotations

import random

from evenly.theory.laws.ground import cluster
from evenly.theory.specs.xxh3 import xxh3
from tests.proofs.model import Coq, listed


def lap(number: int, nodes: int, seed: int) -> list[int]:
    """The order of a lap, the top first: by hash, the largest first, as the specification of the hash says."""
    own = xxh3(seed, number.to_bytes(8, "little"))
    deck = sorted(range(nodes), key=lambda node: (xxh3(own, str(node).encode()), str(node)))
    return deck[::-1]


def test_the_engine_deals_the_hands_that_the_proved_model_deals(coq: Coq) -> None:
    """Every caller of 16 fleets, whether or not hands fill whole laps; also when all nodes are kept."""
    rng = random.Random(12)
    fleets = [(rng.randint(1, 12), rng.randint(1, 20)) for _ in range(14)] + [(7, 3), (6, 12)]
    asked, dealt = [], []
    for nodes, callers in fleets:
        size = rng.randint(1, nodes)
        laps = [lap(number, nodes, 0) for number in range(callers * size // nodes + 2)]
        orders = listed(map(listed, laps))
        asked.append(
            f"[seq sort leq (kept (iota 0 {nodes}) (nth [::] {orders}) {size} caller) "
            f"| caller <- iota 0 {callers}]"
        )
        hands = []
        for caller in range(callers):
            subset = {"size": size, "instance": caller, "instances": callers}
            kept = cluster(nodes, "random", 0, subset=subset).nodes
            hands.append(sorted(int(node.id) for node in kept))
        dealt.append(hands)
    assert coq.compute_all("Subsets", asked) == dealt
