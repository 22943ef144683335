"""Moving load between nodes: what theorem 3.3.1 took for stable."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly.theory.laws.law import law, need


@law
def moving_a_share_settles(seed: int) -> str:
    """Moving a share a of the difference from the fuller of two nodes settles if and only if 0 < a < 1."""
    rng = random.Random(seed)
    steps = 12
    for _ in range(300):
        share = Fraction(rng.randint(-4, 24), 10)
        x, y = Fraction(rng.randint(0, 50)), Fraction(rng.randint(51, 99))
        total, first = x + y, abs(x - y)
        for _ in range(steps):
            x, y = x + share * (y - x), y + share * (x - y)
            need(x + y == total, f"a = {share}: the total is {x + y}, was {total}")
        # The difference shrinks by |1 - 2a| a step, which is what decides; the total is the same all the while.
        left = abs(x - y)
        need(left == abs(1 - 2 * share) ** steps * first, f"a = {share}: {left} of {first} left")
        need((left < first) == (0 < share < 1), f"a = {share}: {left} of {first} left")
    return f"300 pairs of loads, {steps} steps each, exactly; the total never changed"
