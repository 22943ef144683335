"""Little's law as proved and as measured: the model keeps the engine's books, at every stop of a run."""

from __future__ import annotations

import random

from evenly import _engine
from evenly.balancer.virtual import VirtualClock
from evenly.theory.laws.ground import give_back, members
from tests.proofs.model import Coq, listed

TICK = 1 / 1024


def run(seed: int) -> list[tuple[str, tuple[int, int, int, int]]]:
    """A run that is stopped now and then: what happened, and the area, the time spent, the clock and who is out."""
    rng, clock = random.Random(seed), VirtualClock(seed)
    balancer = clock.balancer(members(3), strategy="least_connections", slow_start=0)
    held: list[tuple[int, _engine.Pick]] = []
    events: list[str] = []
    stops = []
    area = spent = now = 0
    for step in range(60):
        ticks = rng.randint(0, 6)
        area += ticks * sum(node.in_flight for node in balancer.nodes)
        clock.advance(ticks * TICK)
        now += ticks
        events.append(f"Pass {ticks}%Z")
        if held and rng.random() < 0.5:
            at = rng.randrange(len(held))
            since, pick = held.pop(at)
            give_back(pick)
            spent += now - since
            events.append(f"Back {at}")
        else:
            held.insert(0, (now, balancer.pick()))
            events.append("Lend")
        if step % 20 == 19:
            stops.append((listed(events), (area, spent, now, len(held))))
    return stops


def test_the_model_keeps_the_engines_books(coq: Coq) -> None:
    """The number in flight over time, the times of those that are back, the moment, and how many are out."""
    stops = [stop for seed in range(6) for stop in run(seed)]
    books = "let m := log {} in (area m, spent m, now m, size (since m))"
    found = coq.compute_all("Little", [books.format(events) for events, _ in stops])
    assert found == [expected for _, expected in stops]
