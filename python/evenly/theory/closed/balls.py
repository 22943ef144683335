"""Balls into bins: how full the fullest of n bins gets when m balls choose by chance.

One choice is exact. Several choices follow the differential equations of M. Mitzenmacher (The power of two choices
in randomized load balancing, 1996), which are exact for many bins; Y. Azar, A. Broder, A. Karlin, E. Upfal
(Balanced allocations, 1999) prove the ln ln n / ln d.
"""

from __future__ import annotations

import itertools
import math

from evenly.theory.closed import domain

__all__ = ["fullest", "fullest_of_choices", "heights", "poisson_fullest_at_most"]


def _check(balls: int, bins: int) -> None:
    domain.at_least("balls", balls, 0)
    domain.at_least("bins", bins, 1)


def poisson_fullest_at_most(level: int, balls: int, bins: int) -> float:
    """Chance that no bin holds more than `level`, taking the bins as independent Poisson counts.

    Accurate for many bins; for few use `fullest`, which is exact in the mean.
    """
    _check(balls, bins)
    mean = balls / bins
    if level < 0:
        return 0.0
    # The tail is summed, not the body, so that tiny tails keep their digits.
    term = math.exp(-mean + (level + 1) * math.log(mean) - math.lgamma(level + 2)) if mean else 0.0
    beyond, count = 0.0, level + 1
    while term > 1e-20 * beyond or count < mean:
        beyond += term
        count += 1
        term *= mean / count
    return math.exp(bins * math.log1p(-beyond)) if beyond < 1.0 else 0.0


def fullest(balls: int, bins: int) -> float:
    """Mean number of balls in the fullest bin when each ball picks one bin at random.

    Exact up to rounding for up to 2,000 balls and five per bin (the generating function (Σ z^i/i!)^n, cut at each
    level); beyond, by independent Poisson counts, which then differ in the fourth digit.
    """
    _check(balls, bins)
    exact = balls <= 2000 and balls <= 5 * bins
    chance = _exactly if exact else poisson_fullest_at_most
    # Ten deviations below the mean count, no bin ends: every level up to there is surely exceeded.
    average = balls / bins
    level = max(0, math.floor(average - 10 * math.sqrt(average)))
    mean = float(level)
    while level < balls:
        rest = 1.0 - chance(level, balls, bins)
        if rest < 1e-12 and level > average:
            break
        mean += rest
        level += 1
    return mean


def _exactly(level: int, balls: int, bins: int) -> float:
    """P(max ≤ level) = m!/n^m · [z^m] (Σ_{i ≤ level} z^i/i!)^n; the power by the recurrence of Euler."""
    if level * bins < balls:
        return 0.0
    # Substituting z → z·m/n and multiplying by e^{−m/n} each keeps every number within range.
    mean = balls / bins
    cut = [
        math.exp(-mean + i * math.log(mean) - math.lgamma(i + 1)) if balls else 1.0
        for i in range(level + 1)
    ]
    scale = cut[0]
    ratio = [value / scale for value in cut]
    logs = bins * math.log(scale)
    power = [1.0]
    # Coefficients grow towards m and would overflow: a common factor is moved into `logs`.
    for index in range(1, balls + 1):
        total = 0.0
        for i in range(1, min(level, index) + 1):
            total += ((bins + 1) * i - index) * ratio[i] * power[-i]
        power.append(total / index)
        if power[-1] > 1e200:
            power = [value * 1e-200 for value in power[-level - 1 :]]
            logs += 200 * math.log(10)
    if power[-1] <= 0.0:
        return 0.0
    every = -balls + balls * math.log(balls) - math.lgamma(balls + 1) if balls else 0.0
    return min(1.0, math.exp(logs + math.log(power[-1]) - every))


def heights(choices: int, mean: float, steps: int = 50) -> list[float]:
    """Share of bins that hold at least 0, 1, 2, … balls after `mean` balls per bin, each the least full of `choices`.

    With very many bins: dx_i/dt = x_{i−1}^d − x_i^d, by the classical Runge–Kutta rule with `steps` steps per ball.
    """
    domain.at_least("choices", choices, 1)
    domain.at_least("mean", mean, 0.0)
    top = math.ceil(mean + 12 + 6 * math.sqrt(mean) / choices)
    shares = [1.0] + [0.0] * top

    def flow(x: list[float]) -> list[float]:
        powers = [value**choices for value in x]
        return [0.0] + [above - own for above, own in itertools.pairwise(powers)]

    count = max(1, math.ceil(mean * steps))
    step = mean / count
    for _ in range(count):
        one = flow(shares)
        two = flow([x + step / 2 * k for x, k in zip(shares, one, strict=True)])
        three = flow([x + step / 2 * k for x, k in zip(shares, two, strict=True)])
        four = flow([x + step * k for x, k in zip(shares, three, strict=True)])
        slopes = zip(shares, one, two, three, four, strict=True)
        shares = [x + step / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in slopes]
    while shares and shares[-1] < 1e-30:
        shares.pop()
    return shares


def fullest_of_choices(choices: int, balls: int, bins: int) -> float:
    """Mean number of balls in the fullest bin when each ball takes the least full of `choices`, approximately.

    Reads `heights` as independent bins: within .06 of simulation from a hundred bins on.
    """
    _check(balls, bins)
    shares = heights(choices, balls / bins)
    return math.fsum(-math.expm1(bins * math.log1p(-x)) if x < 1.0 else 1.0 for x in shares[1:])
