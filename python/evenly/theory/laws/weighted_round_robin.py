"""Weighted round robin: theorem 2.4.1, corrected, and what follows from it."""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache
from itertools import accumulate
from math import ceil, floor, gcd
from operator import le
from typing import TYPE_CHECKING

from evenly.errors import LawBroken
from evenly.theory.laws.ground import cluster, harmonic, lend, shares_of
from evenly.theory.laws.law import law, need

if TYPE_CHECKING:
    from collections.abc import Sequence

Number = int | Fraction

HEAVIEST = 65_535
"""The greatest weight that the engine takes."""
FINE = 1 << 20
"""The engine keeps lags to a 2**20th of a request, and rounds when the sum of weights changes."""


TINY = 1e-6
"""What a bound in floating point may be off, in units in which lags are whole numbers."""


def vectors(seed: int, trials: int, heaviest: int = 30) -> list[list[int]]:
    """Random weights, and those that are known to be the hardest."""
    rng = random.Random(seed)
    drawn = [[rng.randint(1, heaviest) for _ in range(rng.randint(1, 8))] for _ in range(trials)]
    return [*drawn, [5, 1, 1], [12, 12, 3, 1, 1], [86, 86, 8, 1], [1000, 1000, 1]]


@cache
def bounds(count: int) -> tuple[tuple[Fraction, ...], Fraction]:
    """What the sets of 1, 2, … nodes may lag together, |S| (H_k - H_|S|), and the least lag of one, -(1 - 1/k)."""
    most = (size * (harmonic(count) - harmonic(size)) for size in range(1, count + 1))
    return tuple(most), Fraction(1, count) - 1


def in_bounds(lags: Sequence[Number], most: Sequence[Number], least: Number) -> bool:
    """Whether no set lags by more than `most` for its size, and nobody by less than `least`."""
    falling = sorted(lags, reverse=True)
    return falling[-1] >= least and all(map(le, accumulate(falling), most))


@law
def smooth_bounds(seed: int) -> str:
    """On every prefix a node is at most 1 - 1/k ahead of its share and H_k - 1 behind; a set S, |S| (H_k - H_|S|)."""
    worst = 0.0
    for weights in vectors(seed, 40):
        balancer = cluster(weights, "weighted_round_robin")
        # In units of 1/W all lags are whole, so the bounds may be rounded to whole numbers, too.
        total, lags = sum(weights), [0] * len(weights)
        sets, one = bounds(len(weights))
        most, least = [floor(each * total) for each in sets], ceil(one * total)
        for turn in range(min(2 * total, 300)):
            lags = [lag + weight for lag, weight in zip(lags, weights, strict=True)]
            lags[lend(balancer)] -= total
            worst = max(worst, max(lags) / total)
            if not in_bounds(lags, most, least):
                raise LawBroken(f"weights {weights}, pick {turn}: lags {lags} / {total}")
    return f"44 vectors of weights, up to 300 prefixes each; greatest lag {worst:.3f}"


@law
def smooth_bounds_with_the_greatest_weights(seed: int) -> str:
    """With weights to 65,535 over thousands of nodes, also while they change, the bounds hold: no number overflows."""
    rng = random.Random(seed)
    count, worst = 3000, 0.0
    for heavy in (count, 1, count // 2):
        weights = [HEAVIEST - rng.randint(0, 9) if node < heavy else 1 for node in range(count)]
        rng.shuffle(weights)
        balancer = cluster(weights, "weighted_round_robin")
        # The last weight goes to and fro between two, so that lags are whole in units of 1 over the product of sums.
        other = 1 if weights[-1] > 1 else HEAVIEST
        vectors = weights, [*weights[:-1], other]
        totals, lags = [sum(each) for each in vectors], [0] * count
        unit = totals[0] * totals[1]
        most, least = (harmonic(count) - 1) * unit, -(1 - Fraction(1, count)) * unit
        for turn in range(300):
            changes, now = turn // 20, turn // 20 % 2
            if changes and turn % 20 == 0:
                balancer.update(str(count - 1), weight=vectors[now][-1])
            grown = totals[1 - now]
            lags = [lag + weight * grown for lag, weight in zip(lags, vectors[now], strict=True)]
            lags[lend(balancer)] -= unit
            worst, slack = max(worst, max(lags) / unit), Fraction(2 * changes * unit, FINE)
            held = least - slack <= min(lags) and max(lags) <= most + slack
            need(held, f"{heavy} heavy, pick {turn}")
    return f"3 clusters of {count:,} nodes, 300 prefixes each; greatest lag {worst:.3f}"


@law
def smooth_bounds_while_weights_change(seed: int) -> str:
    """The same bounds hold when the weights are others at every step, to 2/2^20 for each change of their sum."""
    rng = random.Random(seed)
    changes, worst = 0, Fraction(0)
    for trial in range(25):
        count = rng.randint(2, 7)
        weights = [rng.randint(1, 20) for _ in range(count)]
        balancer = cluster(weights, "weighted_round_robin", seed + trial)
        lags, slack, before = [Fraction(0)] * count, Fraction(0), sum(weights)
        most, least = bounds(count)
        for turn in range(80):
            if rng.random() < 0.5:
                node = rng.randrange(count) if trial % 2 else lags.index(max(lags))
                weights[node] = rng.choice([1, 2, 3, 50, 1000])
                balancer.update(str(node), weight=weights[node])
                changes += 1
            if sum(weights) != before:
                before = sum(weights)
                slack += Fraction(2, FINE)
            shares = shares_of(weights)
            lags = [lag + share for lag, share in zip(lags, shares, strict=True)]
            lags[lend(balancer)] -= 1
            worst = max(worst, *lags)
            wider = [each + size * slack for size, each in enumerate(most, 1)]
            if not in_bounds(lags, wider, least - slack):
                raise LawBroken(f"trial {trial}, pick {turn}: {weights}, {lags}")
    return f"25 clusters, {changes} changes of weight; greatest lag {float(worst):.3f}"


@law
def smooth_period(seed: int) -> str:
    """After sum of weights / gcd picks every node has had exactly its weight / gcd."""
    for weights in vectors(seed, 40):
        divisor = gcd(*weights)
        period = sum(weights) // divisor
        balancer = cluster(weights, "weighted_round_robin")
        for _ in range(2):
            lent = [lend(balancer) for _ in range(period)]
            counts = [lent.count(node) for node in range(len(weights))]
            need(
                counts == [weight // divisor for weight in weights], f"weights {weights}: {counts}"
            )
    return "two periods of 44 vectors of weights, exactly"


@law
def equal_weights_take_turns(seed: int) -> str:
    """Nodes of equal weight have their turns in the order of the list, as in plain round robin."""
    rng = random.Random(seed)
    for count in (1, 2, 7, 100, 5000):
        balancer = cluster([rng.randint(1, HEAVIEST)] * count, "weighted_round_robin", seed)
        lent = [lend(balancer) for _ in range(2 * count)]
        need(lent == [*range(count), *range(count)], f"{count} nodes of equal weight: {lent[:20]}")
    return "two rounds of 1, 2, 7, 100 and 5,000 nodes"


@law
def smooth_with_nodes_out(seed: int) -> str:
    """While nodes D are out, node i, of share q among the others, lags by at most H_k - 1 + q |D| (H_k - H_|D|)."""
    rng = random.Random(seed)
    worst = 0.0
    for weights in vectors(seed, 60):
        count = len(weights)
        if count < 3:
            continue
        balancer = cluster(weights, "weighted_round_robin", seed)
        out = set(rng.sample(range(count), rng.randint(1, count - 2)))
        for node in out:
            balancer.drain(str(node))
        left = [node for node in range(count) if node not in out]
        total = sum(weights[node] for node in left)
        # A laid-out period passes over the turns of D. With L the lags over all of it, i's among those left is
        # L_i + q_i L_D, and L_D is between the bound of the set D and that of all the others.
        ahead = len(left) * (harmonic(count) - harmonic(len(left)))
        behind = len(out) * (harmonic(count) - harmonic(len(out)))
        # All in units of 1/total, where lags are whole.
        most = {n: (harmonic(count) - 1) * total + weights[n] * behind for n in left}
        least = {n: -(1 - Fraction(1, count)) * total - weights[n] * ahead for n in left}
        lags = dict.fromkeys(left, 0)
        for turn in range(1, 1 + min(2 * total, 300)):
            lags = {node: lag + weights[node] for node, lag in lags.items()}
            lags[lend(balancer)] -= total
            for node, lag in lags.items():
                worst = max(worst, lag / float(most[node]))
                if not least[node] <= lag <= most[node]:
                    raise LawBroken(f"{weights} without {out}: node {node} lags {lag} / {total}")
            need(turn % total > 0 or not any(lags.values()), f"{weights} without {out}: {turn}")
    return f"random weights with 1 to k - 2 nodes out; greatest lag {worst:.2f} of its bound"


@law
def smooth_gap(seed: int) -> str:
    """Between two picks of a node of share q lie at most (H_k - 1/k)/q steps; before its first, (H_k - 1)/q."""
    tried = vectors(seed, 60)
    worst = max(longest_wait(weights) for weights in tried)
    return f"{len(tried)} vectors of weights; longest wait {worst:.2f} of its bound"


@law
def smooth_gap_while_weights_change(seed: int) -> str:
    """While m sums change, a share >= q waits <= (H_k - 1/k + e)/q steps, at first (H_k - 1 + e)/q; e = 4m/2^20."""
    tried, dice = vectors(seed, 60), random.Random(seed)
    worst = max(longest_wait(weights, dice) for weights in tried)
    return f"{len(tried)} clusters, their sums changed; longest wait {worst:.2f} of its bound"


def longest_wait(weights: Sequence[int], dice: random.Random | None = None) -> float:
    """The longest wait of a node, over its bound. Raises if it is longer than that.

    With dice every other node, from the second on, is now and then lighter than said here. The shares of those
    between are then at least what they are here, and only those are looked at. Each change of the sum is a rounding
    of 2/2^20 of a request at most where the wait begins, and where it ends.
    """
    count, shares, now = len(weights), shares_of(weights), list(weights)
    balancer = cluster(weights, "weighted_round_robin")
    between, rounding, worst = harmonic(count) - Fraction(1, count), Fraction(0), 0.0
    owed, waited = [harmonic(count) - 1] * count, [0] * count
    steady = range(0, count, 2 if dice else 1)
    last = min(3 * sum(weights), 400)
    for turn in range(1, 1 + last):
        if dice and count > 1 and dice.random() < 0.3:
            node = dice.randrange(1, count, 2)
            before, now[node] = now[node], dice.randint(1, weights[node])
            balancer.update(str(node), weight=now[node])
            rounding += Fraction(4 * (before != now[node]), FINE)
        picked = lend(balancer)
        waited = [steps + 1 for steps in waited]
        waited[picked] -= 1
        # A wait that goes on is looked at when it ends, or at the end.
        for node in steady if turn == last else {picked}.intersection(steady):
            steps, bound = waited[node], (owed[node] + rounding) / shares[node]
            need(steps <= bound, f"{weights}, pick {turn}: {node} waited {steps} > {bound}")
            worst = max(worst, float(steps / bound) if bound else 0.0)
        waited[picked], owed[picked] = 0, between
    return worst


@law
def layers_add_up(seed: int) -> str:
    """Over a layer of groups a node lags by at most q (H_G - 1) + H_k - 1 and leads by q (1 - 1/G) + 1 - 1/k."""
    rng = random.Random(seed)
    steps = 0
    most = {size: float(harmonic(size) - 1) for size in range(1, 5)}
    for trial in range(30):
        weights = [rng.randint(1, 9) for _ in range(rng.randint(1, 4))]
        inner = [[rng.randint(1, 9) for _ in range(rng.randint(1, 4))] for _ in weights]
        top = cluster(weights, "weighted_round_robin", seed + trial)
        below = [cluster(each, "weighted_round_robin", seed) for each in inner]
        counts = [[0] * len(each) for each in inner]
        layers, total = len(weights), sum(weights)
        for turn in range(1, 150):
            group = lend(top)
            counts[group][lend(below[group])] += 1
            for at, nodes in enumerate(counts):
                size, part = len(nodes), sum(inner[at])
                for node, had in enumerate(nodes):
                    # In units of 1/(total · part).
                    own = inner[at][node]
                    lag = turn * weights[at] * own - had * total * part
                    lead = own * (1 - 1 / layers) * total + (1 - 1 / size) * total * part
                    behind = own * most[layers] * total + most[size] * total * part
                    steps += 1
                    if not -lead - TINY <= lag <= behind + TINY:
                        raise LawBroken(f"{weights} over {inner}: lag {lag} / {total * part}")
    return f"30 random trees, {steps:,} lags"
