"""Chance: what is true of `random` and `power_of_two`."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly import _engine
from evenly.theory.laws.ground import cluster, give_back, lend, subsets
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


@law
def drawing_by_weight(seed: int) -> str:
    """Two choices are drawn by weight, so any set S is drawn from alone with probability at most w(S)/W."""
    rng = random.Random(seed)
    for _ in range(300):
        weights = [rng.randint(1, 60) for _ in range(rng.randint(2, 6))]
        total = sum(weights)
        for group in subsets(len(weights)):
            both = sum(
                Fraction(weights[a], total) * Fraction(weights[b], total - weights[a])
                for a in group
                for b in group
                if a != b
            )
            weight = Fraction(sum(weights[node] for node in group), total)
            need(both <= weight, f"weights {weights}: both in {group} with {both} > {weight}")
    # On the engine: three nodes, the heaviest the least loaded. The middle one is lent when it is drawn with the last.
    weights, picks = [5, 2, 1], 20_000
    balancer = cluster(weights, {"name": "power_of_two", "load": "in_flight"}, seed)
    held = []
    for node, count in ((1, 8), (2, 8)):
        for other in {0, 1, 2} - {node}:
            balancer.drain(str(other))
        held += [balancer.pick() for _ in range(count)]
        for other in {0, 1, 2} - {node}:
            balancer.undrain(str(other))
    lent = [lend(balancer) for _ in range(picks)]
    need(len(held) == 16 and 2 not in lent, "the busiest was lent")
    p, q = weights[1] / sum(weights), weights[2] / sum(weights)
    expected = p * q / (1 - p) + q * p / (1 - q)
    sigma = (expected * (1 - expected) / picks) ** 0.5
    off = abs(lent.count(1) / picks - expected) / sigma
    need(off <= 5, f"node 1 has {lent.count(1)} of {picks}, {off:.1f} standard deviations off")
    return f"300 random weights, every set, exactly; {picks:,} picks, {off:.1f} standard deviations of 5"
