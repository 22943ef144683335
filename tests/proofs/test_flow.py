"""Plans and their prices as proved and as checked: Python certifies what the proved check certifies."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

from evenly.theory.laws.geography import every_plan, instance
from evenly.theory.model import certifies, cost_of
from tests.proofs.model import Coq, listed

PRICES = list(product(range(4), repeat=2))


def numbers(values: Sequence[int]) -> str:
    """A row of integers as Coq reads it."""
    return f"{listed(values)}%Z"


def rows(values: Sequence[Sequence[int]]) -> str:
    """A table of them."""
    return f"(table {listed(map(numbers, values))})"


def test_python_certifies_the_plans_that_the_proved_check_certifies(coq: Coq) -> None:
    """Every plan of small random instances, at all low prices: certified or not, and its cost."""
    rng = random.Random(7)
    asked, expected = [], []
    for _ in range(12):
        supplies, limits, costs = instance(rng)
        for plan in every_plan(supplies, limits):
            limit, cost, sends = f"(nth 0 {numbers(limits)})", rows(costs), rows(plan)
            asked.append(
                f"(feasible 2 2 (nth 0 {numbers(supplies)}) {limit} {sends}, spend 2 2 {cost} {sends}, "
                f"[seq certifies 2 2 {limit} {cost} (nth 0 price) {sends} "
                f"| price <- {listed(map(numbers, PRICES))}])"
            )
            certified = [certifies(plan, limits, costs, prices) for prices in PRICES]
            expected.append((True, cost_of(plan, costs), certified))
    assert coq.compute_all("Flow", [f"{each}%R" for each in asked]) == expected
    assert len(expected) > 20
    assert 0 < sum(sum(certified) for _, _, certified in expected) < len(expected) * len(PRICES)
