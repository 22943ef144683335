"""Algebra: definition 1.2.1, corrected."""

from __future__ import annotations

import random
from fractions import Fraction
from math import inf

from evenly.theory.laws.law import law, need
from evenly.theory.model import (
    LBA,
    MAX_PLUS,
    MAX_TIMES,
    MIN_PLUS,
    PLUS_TIMES,
    Semiring,
    broken_laws,
)


@law
def operations_are_semirings(seed: int) -> str:
    """(+, ×) and (max, ×) on the loads >= 0 are commutative semirings; (max, +) is one with -inf and not without."""
    rng = random.Random(seed)
    loads = [Fraction(0), *(Fraction(rng.randint(0, 60), rng.randint(1, 9)) for _ in range(7))]
    for ring, more in ((PLUS_TIMES, []), (MAX_TIMES, []), (MAX_PLUS, [-inf]), (MIN_PLUS, [inf])):
        broken = broken_laws(ring, [*more, *loads])
        need(not broken, f"{ring.name}: {broken}")
    bare = Semiring("(ℝ≥0, max, +)", max, lambda a, b: a + b, 0, 0)
    need(broken_laws(bare, [0, 1]) != [], "max and + without -inf keep all laws")
    return "four pairs of operations, eight laws, 8 loads and the infinities"


@law
def redistribution_conserves(seed: int) -> str:
    """Moving load from nodes that have it, with R >= 0 and R = 0 allowed, keeps the sum of loads."""
    rng = random.Random(seed)
    for _ in range(300):
        loads = {str(node): rng.randint(0, 20) for node in range(rng.randint(1, 6))}
        system, left, moves = LBA(loads), dict(loads), {}
        for giver in loads:
            for taker in loads:
                moves[giver, taker] = amount = rng.randint(0, left[giver])
                left[giver] -= amount
        after = system.redistribute(moves)
        need(after.total() == system.total(), f"{loads} became {dict(after.initial)}")
        need(min(after.initial.values()) >= 0, f"{loads} became {dict(after.initial)}")
    return "300 random loads and moves"
