"""Geography: variant 7.3 as a linear programme whose answer carries its own proof."""

from __future__ import annotations

import random
from itertools import product
from operator import mul

from evenly.theory.laws.law import law, need
from evenly.theory.model.flow import Flow, certifies, cost_of

DEAREST = 4
"""The greatest cost: so small that all prices up to twice as much, which suffice, can be tried."""


def instance(rng: random.Random) -> tuple[list[int], list[int], list[list[int]]]:
    """Draw supplies of two zones, capacities of two nodes, and costs: so small that all plans can be tried."""
    supplies = [rng.randint(0, 2) for _ in range(2)]
    limits = [rng.randint(1, 3) for _ in range(2)]
    return supplies, limits, [[rng.randint(0, DEAREST) for _ in limits] for _ in supplies]


@law
def prices_prove_a_plan(seed: int) -> str:
    """A plan is optimal when at some prices each zone uses only its cheapest nodes, and a node with room is free."""
    rng = random.Random(seed)
    proved = 0
    for _ in range(25):
        supplies, limits, costs = instance(rng)
        plans = list(every_plan(supplies, limits))
        if not plans:
            continue
        least = min(cost_of(plan, costs) for plan in plans)
        found = False
        for plan in plans:
            # An optimal plan of a transport problem has whole prices up to the dearest detour.
            certified = any(
                certifies(plan, limits, costs, prices)
                for prices in product(range(2 * DEAREST + 1), repeat=len(limits))
            )
            proved += certified
            found |= certified
            need(
                not certified or cost_of(plan, costs) == least,
                f"supplies {supplies}, capacities {limits}, costs {costs}: {plan} is certified and not optimal",
            )
        need(found, f"supplies {supplies}, capacities {limits}, costs {costs}: no certificate")
    return f"25 small instances by brute force, {proved} certified plans, all optimal"


@law
def prices_bound_every_plan(seed: int) -> str:
    """At any prices, supplies at their least cost + price less limits at their prices cost no more than a plan."""
    rng = random.Random(seed)
    bounds = tight = 0
    for _ in range(25):
        supplies, limits, costs = instance(rng)
        plans = list(every_plan(supplies, limits))
        if not plans:
            continue
        least = min(cost_of(plan, costs) for plan in plans)
        for prices in product(range(2 * DEAREST + 1), repeat=len(limits)):
            dues = [min(map(sum, zip(row, prices, strict=True))) for row in costs]
            bound = sum(map(mul, supplies, dues)) - sum(map(mul, limits, prices))
            bounds, tight = bounds + 1, tight + (bound == least)
            need(
                bound <= least,
                f"supplies {supplies}, capacities {limits}, costs {costs}: {bound} at {prices}, best {least}",
            )
    return f"25 small instances by brute force, {bounds:,} bounds, {tight:,} of them met"


def every_plan(supplies: list[int], limits: list[int]) -> list[Flow]:
    """Every whole plan that sends all supplies and exceeds no capacity."""
    rows = [
        [row for row in product(range(supply + 1), repeat=len(limits)) if sum(row) == supply]
        for supply in supplies
    ]
    return [
        plan
        for plan in product(*rows)
        if all(
            sum(column) <= limit
            for column, limit in zip(zip(*plan, strict=True), limits, strict=True)
        )
    ]
