"""Earliest deadline among those that are due: theorem E.2."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly.theory.laws.ground import cluster, harmonic, lend, shares_of
from evenly.theory.laws.law import law, need
from evenly.theory.laws.weighted_round_robin import FINE, vectors

STOOD = Fraction(31, 100)
"""What a node may be behind beyond H_k - 1 after a time in which the weights stood: 1 - ln 2, rounded up."""


@law
def deadline_quota(seed: int) -> str:
    """While weights stand every node is within 1 - 1/(2k - 2) of its share on every prefix; no rule does better."""
    worst = Fraction(0)
    hardest = [[100] + [1] * 100, [1, 27, 243, 243]]
    for weights in [*vectors(seed, 40), *hardest]:
        count = len(weights)
        if count == 1:
            continue
        balancer = cluster(weights, "deadline", seed)
        shares, lags = shares_of(weights), [Fraction(0)] * count
        for turn in range(min(2 * sum(weights), 200)):
            lags = [lag + share for lag, share in zip(lags, shares, strict=True)]
            lags[lend(balancer)] -= 1
            bound = 1 - Fraction(1, 2 * count - 2)
            most = max(*lags, -min(lags))
            worst = max(worst, most)
            need(most <= bound, f"weights {weights}, pick {turn}: {most} off, bound {bound}")
    return f"46 vectors of weights, up to 200 prefixes each; furthest off {float(worst):.3f}"


@law
def deadline_while_weights_change(seed: int) -> str:
    """When the weights change at every step nobody is more than H_k - 1 behind, or .31 more if they stood before."""
    rng = random.Random(seed)
    worst = Fraction(0)
    for trial in range(25):
        count, steady = rng.randint(2, 7), rng.choice([0, 15])
        weights = [rng.randint(1, 20) for _ in range(count)]
        balancer = cluster(weights, "deadline", seed + trial)
        lags = [Fraction(0)] * count
        most = harmonic(count) - 1 + (STOOD if steady else 0)
        for turn in range(80):
            if turn >= steady:
                node = rng.randrange(count) if trial % 2 else lags.index(max(lags))
                weights[node] = rng.choice([1, 2, 3, 50, 1000])
                balancer.update(str(node), weight=weights[node])
                most += Fraction(count + 1, FINE)
            shares = shares_of(weights)
            lags = [lag + share for lag, share in zip(lags, shares, strict=True)]
            lags[lend(balancer)] -= 1
            worst = max(worst, *lags)
            need(max(lags) <= most, f"trial {trial}, pick {turn}: weights {weights}, lags {lags}")
    return f"25 clusters, 80 picks each; greatest lag {float(worst):.3f}"
