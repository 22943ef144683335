"""Earliest deadline: among those that are due (theorem E.2), and among all (theorem E.3)."""

from __future__ import annotations

import random
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from evenly.theory.laws.ground import cluster, harmonic, keyless, lend, shares_of
from evenly.theory.laws.law import law, need
from evenly.theory.laws.weighted_round_robin import FINE, bounds, in_bounds, vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

STOOD = Fraction(31, 100)
"""What a node may be behind beyond H_k - 1 after a time in which the weights stood: 1 - ln 2, rounded up."""
EXCLUDED = 146
"""So many requests with weights 1, 27, 243 and 243 no order survives with both bounds kept; 145 some do."""


@law
def deadline_quota(seed: int) -> str:
    """While weights stand every node is within 1 - 1/(2k - 2) of its share on every prefix."""
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
def nothing_beats_the_deadline_bound(seed: int) -> str:
    """With weights N, …, N, 1 on k nodes every strategy gets some node 1 - 1/(2k - 2) - 1/W off its share."""
    closest = Fraction(1)
    names = keyless()
    for name in names:
        for count, heavy in ((2, 1), (2, 30), (3, 20), (5, 12), (8, 1)):
            weights = [heavy] * (count - 1) + [1]
            total = sum(weights)
            balancer = cluster(weights, name, seed)
            lags, most = [0] * count, 0
            for _ in range(total + count - 1):
                # In units of 1/W all lags are whole.
                lags = [lag + weight for lag, weight in zip(lags, weights, strict=True)]
                lags[lend(balancer)] -= total
                most = max(most, *map(abs, lags))
            off, bound = Fraction(most, total), 1 - Fraction(1, 2 * count - 2)
            closest = min(closest, off - bound + Fraction(1, total))
            need(off >= bound - Fraction(1, total), f"{name}, weights {weights}: only {off} off")
    return f"{len(names)} strategies, 5 vectors of weights; closest {float(closest):.4f} above"


@law
def no_rule_keeps_both_bounds(seed: int) -> str:
    """With weights 1, 27, 243, 243 each order puts a node over 1 off, or a set over |S| (H_4 - H_|S|), in 146 picks."""
    weights = [1, 27, 243, 243]
    total, (sets, _) = sum(weights), bounds(4)
    # In units of 1/W all lags are whole, so the bounds may be rounded to whole numbers, too.
    most = [floor(each * total) for each in sets]

    def kept(lags: Sequence[int]) -> bool:
        return in_bounds(lags, most, -total) and max(lags) <= total

    names = keyless()
    for name in names:
        balancer, lags, good = cluster(weights, name, seed), [0] * 4, True
        for _ in range(EXCLUDED):
            lags = [lag + weight for lag, weight in zip(lags, weights, strict=True)]
            lags[lend(balancer)] -= total
            good &= kept(lags)
        need(not good, f"{name} has kept both bounds for {EXCLUDED} requests")
    left: set[tuple[int, ...]] = {(0, 0, 0, 0)}
    most_left = 0
    for _ in range(EXCLUDED):
        a_request = [tuple(map(sum, zip(lags, weights, strict=True))) for lags in left]
        left = {
            (*lags[:node], lags[node] - total, *lags[node + 1 :])
            for lags in a_request
            for node in range(4)
        }
        left = {lags for lags in left if kept(lags)}
        most_left = max(most_left, len(left))
    need(not left, f"{len(left)} ways to keep both bounds for {EXCLUDED} requests")
    return f"{len(names)} strategies, and all orders: never more than {most_left} are left"


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


@law
def plain_deadline_bursts(seed: int) -> str:
    """By deadlines alone nobody is 1 behind or k - 1 ahead, but m before m of weight 1 has the first m - 1 picks."""
    # The deadline of a node's next request is (had + 1) / weight: least connections, while nothing is given back.
    rng = random.Random(seed)
    worst = Fraction(0)
    for weights in vectors(seed, 40):
        count, total = len(weights), sum(weights)
        balancer = cluster(weights, "least_connections", seed)
        had, held = [0] * count, []
        for turn in range(1, 1 + min(2 * total, 200)):
            held.append(balancer.pick())
            node = int(held[-1].id)
            first = all(
                (had[node] + 1) * other <= (more + 1) * weights[node]
                for other, more in zip(weights, had, strict=True)
            )
            need(first, f"weights {weights}, pick {turn}: {node} had {had} and is not the first")
            had[node] += 1
            lags = [
                share * turn - more for share, more in zip(shares_of(weights), had, strict=True)
            ]
            worst = min(worst, *lags)
            need(max(lags) < 1, f"weights {weights}, pick {turn}: lags {lags}")
            need(count == 1 or min(lags) > 1 - count, f"weights {weights}, pick {turn}: {lags}")
    for light in (1, 2, 5, 30, 31, 32, 100, rng.randint(3, 99)):
        heavy = rng.randrange(light + 1)
        weights = [1] * heavy + [light] + [1] * (light - heavy)
        balancer = cluster(weights, "least_connections", seed)
        held = [balancer.pick() for _ in range(light)]
        burst = [int(pick.id) == heavy for pick in held[:-1]]
        need(all(burst), f"weight {light} beside as many of 1 was lent {burst.count(True)} times")
        ahead = burst.count(True) - Fraction(len(burst) * light, sum(weights))
        need(2 * ahead == light - 1, f"weight {light} beside as many of 1 is {ahead} ahead")
        worst = min(worst, -ahead)
    return f"44 vectors of weights, 8 bursts; furthest ahead {float(-worst):.1f}"
