"""Prequal: theorem E.15. What its pool keeps, and which of what it knows is lent."""

from __future__ import annotations

import random
from collections import deque
from fractions import Fraction
from itertools import chain
from math import ceil
from typing import TYPE_CHECKING

from evenly.balancer.virtual import VirtualClock
from evenly.theory.laws.ground import cluster, give_back, members
from evenly.theory.laws.law import law, need

if TYPE_CHECKING:
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


@law
def prequal_prefers_the_cold(seed: int) -> str:
    """Who fails is lent last, who is hot if none is cold; of the cold the fastest, of the hot the least loaded."""
    rng = random.Random(seed)
    weights, kinds = (1, 2), [0, 0, 0]
    clock = VirtualClock(seed)
    balancer = clock.balancer(members(weights), strategy="prequal", slow_start=0, ejection=None)
    # Both are looked at for each pick, so the last 64 sights are those of the last 32 picks.
    seen: deque[list[Fraction]] = deque(maxlen=32)

    def pick() -> tuple[_engine.Pick, list[Fraction], list[bool]]:
        loads = [Fraction(view.in_flight, view.weight) for view in balancer.nodes]
        seen.append(loads)
        all_seen = sorted(chain.from_iterable(seen))
        limit = all_seen[ceil(QUANTILE * len(all_seen)) - 1]
        return balancer.pick(), loads, [load > limit for load in loads]

    # The first answers in 1 ms and the second in 4; then the clock stands still. 40 picks fill what is remembered, also
    # when the walk over neglected nodes takes the first of them, which look at nothing.
    for _ in range(40):
        lent, *_ = pick()
        clock.advance(0.001 * 4 ** int(lent.id))
        give_back(lent)
    held: list[_engine.Pick] = []
    for turn in range(600):
        if held and rng.random() < (0.1 if turn % 100 < 40 else 0.7):
            give_back(held.pop(rng.randrange(len(held))))
            continue
        lent, loads, hot = pick()
        held.append(lent)
        best = {0} if not any(hot) else {at for at in (0, 1) if not hot[at]}
        best = best or {at for at in (0, 1) if loads[at] == min(loads)}
        need(int(lent.id) in best, f"loads {loads}, hot {hot}: {lent.id} was lent")
        kinds[sum(hot)] += 1
    need(min(kinds) > 0, f"only one kind: {kinds}")
    while held:
        give_back(held.pop())
    failing = [balancer.pick() for _ in range(60)]
    for lent in failing:
        if lent.id == "0":
            lent.fail("refused")
        give_back(lent)
    held = [balancer.pick() for _ in range(30)]
    need({lent.id for lent in held} == {"1"}, "the first fails, and it was lent")
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
