"""The least loaded by what nodes tell of themselves: the engine lends whom the proved scan lends."""

from __future__ import annotations

import random
from itertools import product

from evenly.theory.laws.ground import cluster, give_back
from tests.proofs.model import Coq, listed


def walk(seed: int) -> list[tuple[list[int], int]]:
    """The loads when a request came, and the node it was given to, which then tells the larger load."""
    rng = random.Random(seed)
    count = rng.randint(1, 6)
    balancer = cluster(count, {"name": "least_connections", "load": "reported"}, seed)
    loads, seen = [0] * count, []
    for node in range(count):
        balancer.report(str(node), load=0)
    for _ in range(40):
        pick = balancer.pick()
        give_back(pick)
        seen.append(([*loads], int(pick.id)))
        loads[int(pick.id)] += rng.choice([1, 2, 3, 9])
        balancer.report(pick.id, load=loads[int(pick.id)])
    return seen


def test_the_engine_lends_one_of_those_that_some_lots_give(coq: Coq) -> None:
    """Request by request, over 1 to 6 nodes and requests of sizes 1, 2, 3 and 9."""
    walks = [walk(seed) for seed in range(12)]
    lots = listed(listed(drawn) for drawn in product((0, 1), repeat=5))
    got = coq.compute_all(
        "ListScheduling",
        [
            f"let lots := {lots} in [seq undup [seq least 0 None 1 drawn loads | drawn <- lots] | loads <- "
            f"{listed(listed(loads) for loads, _ in seen)}]"
            for seen in walks
        ],
    )
    for seen, possible in zip(walks, got, strict=True):
        assert all(node in nodes for (_, node), nodes in zip(seen, possible, strict=True))
    assert sum(len(nodes) == 1 for possible in got for nodes in possible) > 200
