"""A key's own order as proved and as built: whoever is out, the engine lends the first of the rest."""

from __future__ import annotations

import random

from evenly import NoNodeAvailable
from evenly.theory.laws.bounded_load import order_of
from evenly.theory.laws.ground import cluster, lend
from evenly.theory.laws.hashing import ORDERED
from tests.proofs.model import Coq, listed


def lent(name: str, seed: int) -> tuple[list[str], list[int | None]]:
    """Keys on a cluster with some nodes out: walks of the model, and whom the engine lent."""
    rng = random.Random(seed)
    weights = [rng.randint(1, 4) for _ in range(rng.randint(1, 6))]
    balancer = cluster(weights, name, hash_seed=seed)
    orders = {key: order_of(balancer, key) for key in range(8)}
    walks: list[str] = []
    given: list[int | None] = []
    for _ in range(6):
        out = rng.sample(range(len(weights)), rng.randint(0, len(weights)))
        for node in out:
            balancer.drain(str(node))
        for key, order in orders.items():
            walks.append(
                f"walk {listed(order)} [pred node | node \\notin ({listed(out)} : seq nat)]"
            )
            try:
                given.append(lend(balancer, key))
            except NoNodeAvailable:
                given.append(None)
        for node in out:
            balancer.undrain(str(node))
    return walks, given


def test_the_engine_walks_a_keys_order_as_the_proved_walk_does(coq: Coq) -> None:
    """Random weights, keys and nodes out, down to none that is in."""
    runs = [lent(name, seed) for name in ORDERED for seed in range(8)]
    found = coq.compute_all("Choice", [listed(walks) for walks, _ in runs])
    assert found == [given for _, given in runs]
    assert any(None in given for _, given in runs)
