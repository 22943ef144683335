"""Chance: what is true of `random` and `power_of_two`."""

from __future__ import annotations

import random

from evenly import _engine
from evenly.theory.laws.ground import cluster, give_back, lend
from evenly.theory.laws.law import law, need


@law
def random_share(seed: int) -> str:
    """`random` picks node i with probability w_i/W, and its count after T picks has variance T p (1 - p)."""
    weights, picks, runs = [5, 1, 1], 200, 300
    total = sum(weights)
    balancer = cluster(weights, "random", seed)
    sums, squares = [0.0] * 3, [0.0] * 3
    for _ in range(runs):
        counts = [0] * 3
        for _ in range(picks):
            counts[lend(balancer)] += 1
        for node, weight in enumerate(weights):
            off = counts[node] - picks * weight / total
            sums[node] += off
            squares[node] += off * off
    worst = 0.0
    for node, weight in enumerate(weights):
        p = weight / total
        variance = picks * p * (1 - p)
        mean_off = abs(sums[node] / runs) / (variance / runs) ** 0.5
        # Var of the square of a binomial's deviation: fourth moment less squared variance.
        fourth = variance * (1 + 3 * (picks - 2) * p * (1 - p)) - variance**2
        square_off = abs(squares[node] / runs - variance) / (fourth / runs) ** 0.5
        worst = max(worst, mean_off, square_off)
    need(worst <= 5, f"weights {weights}: {worst:.1f} standard deviations off")
    return f"{runs} × {picks} picks over 5:1:1; worst {worst:.1f} standard deviations of 5"


@law
def the_busiest_is_never_lent(seed: int) -> str:
    """Two different nodes are drawn, so the one busiest node of all gets nothing; chance for it is 0, not 1/n²."""
    rng = random.Random(seed)
    looked = 0
    strategy = {"name": "power_of_two", "load": "in_flight"}
    for trial in range(30):
        count = rng.randint(2, 8)
        balancer = cluster(count, strategy, seed + trial)
        held: list[_engine.Pick] = []
        for _ in range(80):
            if held and rng.random() < 0.45:
                give_back(held.pop(rng.randrange(len(held))))
                continue
            loads = [node.in_flight for node in balancer.nodes]
            pick = balancer.pick()
            held.append(pick)
            busiest = max(loads)
            if loads.count(busiest) == 1:
                looked += 1
                need(loads[int(pick.id)] < busiest, f"loads {loads}: lent {pick.id}")
    return f"{looked:,} picks with one busiest node"
