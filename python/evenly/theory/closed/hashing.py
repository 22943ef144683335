"""How even hashing is: the ring of virtual nodes, ideal hashing of finitely many keys, and Maglev's table.

The v·k points of a ring cut the circle into spacings that are jointly Dirichlet(1, …, 1), so a node's share is
Beta(v, (k−1)v). Sources: H. A. David, H. N. Nagaraja, Order Statistics (2003), section 6.4; R. A. Fisher, Tests of
significance in harmonic analysis, 1929; D. Eisenbud et al., Maglev, NSDI 2016.
"""

from __future__ import annotations

import math

from evenly.theory.closed import domain

__all__ = [
    "harmonic",
    "maglev_peak",
    "moved_by_join",
    "ring_peak",
    "ring_peak_bounds",
    "ring_peak_rule",
    "share_deviation",
]


def _check(nodes: int, points: int) -> None:
    domain.at_least("nodes", nodes, 1)
    domain.at_least("points", points, 1)


def harmonic(count: int) -> float:
    """H_n = 1 + 1/2 + … + 1/n; H_0 = 0."""
    domain.at_least("count", count, 0)
    return math.fsum(1 / i for i in range(1, count + 1))


def ring_peak(nodes: int, points: int) -> float:
    """Mean of the largest share over the mean share, on a ring with `points` points for each node. Exact.

    The shares are independent Gamma(v) variables divided by their sum, and the quotient is independent of the sum, so
    the mean is E[max of k Gamma(v)]/v. With one point per node it is H_k.
    """
    _check(nodes, points)
    if points == 1:
        return harmonic(nodes)
    spread = math.sqrt(points)
    high = points + spread * (12 + 4 * math.sqrt(math.log(nodes + 1))) + 40

    def over(x: float) -> float:
        """Chance that the largest exceeds x."""
        below = _gamma_below(points, x)
        return -math.expm1(nodes * math.log(below)) if below > 0.0 else 1.0

    return domain.integral(over, 0.0, high, 400 + int(10 * high / spread)) / points


def ring_peak_bounds(level: float, nodes: int, points: int) -> tuple[float, float]:
    """Bounds between which the quantile `level` of the largest share over the mean share lies.

    Shares that sum to 1 are negatively associated: 1 − (1 − p)^k ≤ P(max > x) ≤ k·p, with p the tail of one share.
    From the 90th percentile on the bounds agree in the second digit, at the 99th in the third.
    """
    _check(nodes, points)
    rest = 1.0 - domain.probability(level)
    if nodes == 1:
        return (1.0, 1.0)

    def quantile(tail: float) -> float:
        share = domain.root(
            lambda x: _beta_above(x, points, (nodes - 1) * points) - tail if x < 1.0 else -tail,
            0.0,
            0.5,
        )
        return share * nodes

    return quantile(-math.expm1(math.log1p(-rest) / nodes)), quantile(rest / nodes)


def ring_peak_rule(nodes: int, points: int) -> float:
    """The rule of thumb 1 + √(2 ln k / v): a few percent too small with few points."""
    _check(nodes, points)
    return 1.0 + math.sqrt(2.0 * math.log(nodes) / points)


def share_deviation(nodes: int, points: int) -> float:
    """Standard deviation of one node's share over the mean share: √((k − 1)/(kv + 1))."""
    _check(nodes, points)
    return math.sqrt((nodes - 1) / (nodes * points + 1))


def moved_by_join(nodes: int, points: int) -> tuple[float, float]:
    """Mean and standard deviation of the share of keys that move when one node joins `nodes`: Beta(v, kv)."""
    _check(nodes, points)
    mean = 1.0 / (nodes + 1)
    return mean, math.sqrt(mean * (1.0 - mean) / ((nodes + 1) * points + 1))


def maglev_peak(nodes: int, table: int) -> float:
    """Largest share over the mean share of a full Maglev table, exactly: ⌈M/k⌉·k/M.

    Raises:
        OutOfDomain: if the table has fewer slots than there are nodes.
    """
    domain.at_least("nodes", nodes, 1)
    domain.at_least("table", table, nodes)
    return -(-table // nodes) * nodes / table


def _gamma_below(shape: int, x: float) -> float:
    """P(Gamma(shape) ≤ x) = P(Poisson(x) ≥ shape), summed on the side where nothing cancels."""
    if x <= 0.0:
        return 0.0
    if x < shape:
        term = math.exp(-x + shape * math.log(x) - math.lgamma(shape + 1))
        total, count = 0.0, shape
        while term > 1e-18 * total and term > 0.0:
            total += term
            count += 1
            term *= x / count
        return min(1.0, total)
    term = math.exp(-x + (shape - 1) * math.log(x) - math.lgamma(shape))
    total = 0.0
    for count in range(shape - 1, -1, -1):
        total += term
        term *= count / x
        if term < 1e-18 * total:
            break
    return max(0.0, 1.0 - total)


def _beta_above(x: float, a: int, b: int) -> float:
    """P(Beta(a, b) > x) for whole a and b: the first a terms of a binomial law with a + b − 1 trials."""
    if x <= 0.0:
        return 1.0
    trials = a + b - 1
    top = min(a - 1, trials)
    log = math.lgamma(trials + 1) - math.lgamma(top + 1) - math.lgamma(trials - top + 1)
    term = math.exp(log + top * math.log(x) + (trials - top) * math.log1p(-x))
    total = 0.0
    for count in range(top, -1, -1):
        total += term
        if count:
            term *= count / (trials - count + 1) * (1.0 - x) / x
        if term < 1e-18 * total:
            break
    return min(1.0, total)
