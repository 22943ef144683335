"""Bounded load as proved and as built: the same requests go to the same nodes."""

from __future__ import annotations

import random

import pytest

from evenly import NoNodeAvailable, _engine
from evenly.theory.laws.bounded_load import order_of
from evenly.theory.laws.ground import cluster, give_back
from evenly.theory.laws.hashing import ORDERED
from tests.proofs.model import Coq, listed

STEPS = 150
KEYS = 5

pytestmark = pytest.mark.timeout(1800)


def walked(name: str, seed: int) -> tuple[str, list[int | None]]:
    """A random run of the engine, as an expression of the model, and whom the engine lent at each step."""
    rng = random.Random(seed)
    weights = [rng.randint(1, 5) for _ in range(rng.randint(1, 6))]
    millionths = rng.choice([1_000_000, 1_100_000, 1_250_000, 2_000_000])
    free = cluster(weights, name, hash_seed=seed)
    orders = [order_of(free, key) for key in range(KEYS)]
    strategy = {"name": name, "bounded_load": millionths / 1e6}
    balancer = cluster(weights, strategy, hash_seed=seed)
    fits = [True] * len(weights)
    held: list[_engine.Pick] = []
    steps: list[str] = []
    given: list[int | None] = []
    for _ in range(STEPS):
        if rng.random() < 0.15:
            node = rng.randrange(len(weights))
            (balancer.drain if fits[node] else balancer.undrain)(str(node))
            fits[node] = not fits[node]
        if held and rng.random() < 0.4:
            pick = held.pop(rng.randrange(len(held)))
            give_back(pick)
            event = f"End {pick.id}"
            given.append(None)
        else:
            key = rng.randrange(KEYS)
            event = f"Ask {listed(orders[key])}"
            try:
                held.append(balancer.pick(key=key))
                given.append(int(held[-1].id))
            except NoNodeAvailable:
                given.append(None)
        steps.append(f"({listed(fits)}, {event})")
    nodes = f"(idle (map Z.of_nat {listed(weights)}))"
    return f"replay {millionths} {nodes} {listed(steps)}", given


def test_the_engine_lends_whom_the_proved_model_lends(coq: Coq) -> None:
    """Hot keys, weights, bounds, drained nodes: step by step, up to the requests that nobody may have."""
    runs = [walked(name, seed) for name in ORDERED for seed in range(10)]
    found = coq.compute_all("BoundedLoad", [expression for expression, _ in runs])
    assert found == [given for _, given in runs]
    lent = [node for _, given in runs for node in given]
    assert len(lent) == len(ORDERED) * 10 * STEPS
    assert lent.count(None) < len(lent) * 3 // 4
