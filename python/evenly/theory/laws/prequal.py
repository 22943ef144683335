"""Prequal: theorem E.15. What its pool keeps, and which of what it knows is lent."""

from __future__ import annotations

import random
from collections import deque
from fractions import Fraction
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from evenly.balancer.virtual import VirtualClock
from evenly.theory.laws.ground import cluster, give_back, members
from evenly.theory.laws.law import law, need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly import _engine
    from evenly.balancer import Balancer

POOL, PROBES, REMOVED, DELTA = 16, 3, 1, 1
QUANTILE = 2**-0.25
"""The parameters of the paper."""


def _known(balancer: Balancer) -> int:
    """How many nodes the pool knows before the next look."""
    return sum(one.score is not None for one in balancer.explain().candidates)


@law
def prequal_keeps_16(seed: int) -> str:
    """Prequal knows at most 16 nodes at a time, each once, whatever is looked at, lent and given back."""
    rng = random.Random(seed)
    most = 0
    for nodes in (2, 16, 30, 200):
        balancer = cluster(nodes, "prequal", seed, ejection=None)
        held: list[_engine.Pick] = []
        for _ in range(300):
            if held and rng.random() < 0.45:
                pick = held.pop(rng.randrange(len(held)))
                if rng.random() < 0.1:
                    pick.fail("refused")
                give_back(pick)
            else:
                held.append(balancer.pick())
            known = _known(balancer)
            most = max(most, known)
            need(known <= min(nodes, POOL), f"{nodes} nodes, and {known} known")
    return f"2, 16, 30 and 200 nodes, 300 events each: at most {most} known"


@law
def prequal_forgets(seed: int) -> str:
    """What Prequal has seen is gone by for less than a second, and forgotten then."""
    clock = VirtualClock(seed)
    balancer = clock.balancer(members(40), strategy="prequal", slow_start=0)
    for _ in range(20):
        # 40 picks go to nodes that had none for a second, and look at nothing.
        for _ in range(60):
            give_back(balancer.pick())
        clock.advance(0.999)
        before = _known(balancer)
        clock.advance(0.001)
        after = _known(balancer)
        need(before > 0 and after == 0, f"{before} known before a second is over, {after} then")
    return "40 nodes, 20 seconds: known until the second is over, and then nothing"


class Sight(NamedTuple):
    """One pick among two nodes that are both looked at."""

    loads: tuple[Fraction, Fraction]
    """Requests in flight per weight."""
    limit: Fraction
    """More than this is hot."""
    lent: int


def hot_and_cold(seed: int, turns: int) -> Iterator[Sight]:
    """Pick and give back at random, with the clock standing still; the first node answers faster than the second."""
    rng = random.Random(seed)
    clock = VirtualClock(seed)
    balancer = clock.balancer(members((1, 2)), strategy="prequal", slow_start=0, ejection=None)
    # Both are looked at for each pick, so the last 64 sights are those of the last 32 picks.
    seen: deque[tuple[Fraction, ...]] = deque(maxlen=32)
    held: list[_engine.Pick] = []

    def pick() -> Sight:
        first, second = (Fraction(view.in_flight, view.weight) for view in balancer.nodes)
        seen.append((first, second))
        order = sorted(chain.from_iterable(seen))
        held.append(balancer.pick())
        limit = order[ceil(QUANTILE * len(order)) - 1]
        return Sight((first, second), limit, int(held[-1].id))

    # 1 ms and 4 ms. These 40 picks fill what is remembered, also when the walk over neglected nodes takes the first of
    # them, which look at nothing.
    for _ in range(40):
        clock.advance(0.001 * 4 ** pick().lent)
        give_back(held.pop())
    for turn in range(turns):
        if held and rng.random() < (0.1 if turn % 100 < 40 else 0.7):
            give_back(held.pop(rng.randrange(len(held))))
        else:
            yield pick()


@law
def prequal_prefers_the_cold(seed: int) -> str:
    """Who fails is lent last, who is hot if none is cold; of the cold the fastest, of the hot the least loaded."""
    kinds = [0, 0, 0]
    for loads, limit, lent in hot_and_cold(seed, 600):
        hot = [load > limit for load in loads]
        best = {0} if not any(hot) else {at for at in (0, 1) if not hot[at]}
        best = best or {at for at in (0, 1) if loads[at] == min(loads)}
        need(lent in best, f"loads {loads}, hot {hot}: {lent} was lent")
        kinds[sum(hot)] += 1
    need(min(kinds) > 0, f"only one kind: {kinds}")
    balancer = cluster(2, "prequal", seed, ejection=None)
    for failing in [balancer.pick() for _ in range(60)]:
        if failing.id == "0":
            failing.fail("refused")
        give_back(failing)
    held = [balancer.pick() for _ in range(30)]
    need({pick.id for pick in held} == {"1"}, "the first fails, and it was lent")
    return "600 events around two nodes: {} picks with no hot one, {} with one, {} with two".format(
        *kinds
    )


@law
def prequal_reuse(seed: int) -> str:
    """Among n > 24 nodes (1 + 1) / ((1 - 16/n) 3 - 1) = n / (n - 24) > 1; with up to 24 the divisor is not positive."""
    rng = random.Random(seed)
    for nodes in [*range(1, 200), *(rng.randrange(200, 10**6) for _ in range(200))]:
        left = (1 - Fraction(POOL, nodes)) * PROBES - REMOVED
        if nodes > 24:
            uses = (1 + DELTA) / left
            need(uses == Fraction(nodes, nodes - 24) > 1, f"{nodes} nodes: {uses}")
        else:
            need(left <= 0, f"{nodes} nodes: {left} left over")
    return "399 numbers of nodes"
