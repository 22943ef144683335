"""Power of d choices with exponential sizes: the limit of many nodes, and the first correction for few.

Each arrival draws d nodes and joins the one with the fewest requests (`tails`, `mean_response`, `quantile`) or the
least remaining work (`least_work_response`). Sources: N. Vvedenskaya, R. Dobrushin, F. Karpelevich 1996;
M. Mitzenmacher, The power of two choices in randomized load balancing (1996); the correction: N. Gast, B. Van
Houdt, A refined mean field approximation, POMACS 2017; least work: T. Hellemans, B. Van Houdt, On the power-of-d
choices with least loaded server selection, POMACS 2018.
"""

from __future__ import annotations

import math

from evenly.theory.closed import domain
from evenly.theory.closed.linear import lyapunov, solve

__all__ = [
    "correction",
    "in_system",
    "least_work_response",
    "mean_response",
    "mean_response_of",
    "quantile",
    "tails",
]

SMALLEST = 1e-18
"""Tails below this are left out: they fall doubly exponentially, so what follows is smaller still."""


def _check(choices: int, utilisation: float) -> float:
    domain.at_least("choices", choices, 1)
    return domain.utilisation(utilisation)


def tails(choices: int, utilisation: float) -> list[float]:
    """Share of nodes with at least 0, 1, 2, … requests: s_i = ρ^((d^i − 1)/(d − 1)), while it is not negligible."""
    rho = _check(choices, utilisation)
    found, exponent = [1.0], 1
    while rho > 0.0:
        value = rho ** min(exponent, 10**9)
        if value < SMALLEST:
            break
        found.append(value)
        exponent = exponent * choices + 1
    return found


def in_system(choices: int, utilisation: float) -> float:
    """Mean number of requests per node."""
    return math.fsum(tails(choices, utilisation)[1:])


def mean_response(choices: int, utilisation: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure with very many nodes, in the unit of `service`."""
    rho = _check(choices, utilisation)
    return service * in_system(choices, rho) / rho if rho > 0.0 else service


def quantile(level: float, choices: int, utilisation: float, service: float = 1.0) -> float:
    """Time within which the share `level` of requests is answered, with very many nodes, first come first served.

    An arrival finds at least i requests at the node it joins with chance s_i^d, and needs longer than t when fewer
    than that many and its own are served by then: P(T > t) = Σ_i P(Poisson(t) = i)·s_i^d.
    """
    rho = _check(choices, utilisation)
    rest = 1.0 - domain.probability(level)
    joins = [share**choices for share in tails(choices, rho)]

    def surplus(time: float) -> float:
        chance, total = math.exp(-time), 0.0
        for served, share in enumerate(joins):
            total += chance * share
            chance *= time / (served + 1)
        return total - rest

    return service * domain.root(surplus, 0.0, mean_response(choices, rho))


def correction(choices: int, utilisation: float, *, replacement: bool = False) -> float:
    """The c of E[T] = mean field + c/n + O(1/n²), in mean services; `replacement` lets a node be drawn twice.

    With x_i the share of nodes holding at least i requests, the drift is f_i = ρ(x_{i−1}^d − x_i^d) − (x_i − x_{i+1}).
    W solves AW + WAᵀ + Q = 0 with A the Jacobian of f and Q the noise at the fixed point; then A·V = −(B:W/2 + C) with
    B the second derivatives and C what drawing without replacement changes of f to the order 1/n.
    """
    rho = _check(choices, utilisation)
    shares = tails(choices, rho)
    # Beyond 1e-11 the levels change nothing that double precision could show, and only cost time.
    size = sum(1 for share in shares[1:] if share > 1e-11)
    if choices == 1 or size == 0:
        return 0.0
    d, x = choices, [*shares[: size + 1], 0.0]

    def arrivals(level: int) -> float:
        """How fast arrivals to nodes that hold at least `level` grow with their share."""
        return rho * d * x[level] ** (d - 1) if level else 0.0

    drift = [[0.0] * size for _ in range(size)]
    for row in range(size):
        level = row + 1
        drift[row][row] = -arrivals(level) - 1.0
        if row:
            drift[row][row - 1] = arrivals(level - 1)
        if row + 1 < size:
            drift[row][row + 1] = 1.0
    noise = [2.0 * (x[level] - x[level + 1]) for level in range(1, size + 1)]
    spread = lyapunov(drift, noise)

    def curved(level: int) -> float:
        """What curvature and, without replacement, the missing node do to x^d, times n."""
        if level == 0:
            return 0.0
        pairs = d * (d - 1) / 2
        bent = pairs * x[level] ** (d - 2) * spread[level - 1][level - 1]
        return bent if replacement else bent - pairs * (x[level] ** (d - 1) - x[level] ** d)

    source = [-rho * (curved(level - 1) - curved(level)) for level in range(1, size + 1)]
    return math.fsum(solve(drift, source)) / rho


def mean_response_of(
    nodes: int,
    choices: int,
    utilisation: float,
    service: float = 1.0,
    *,
    replacement: bool = False,
) -> float:
    """Mean time from arrival to departure over `nodes` nodes: the mean field with its first correction.

    Good to a percent where the correction is small beside the mean; at ten nodes up to a utilisation of .9.

    Raises:
        OutOfDomain: when more nodes would be drawn than there are.
    """
    if not replacement and choices > nodes:
        raise domain.OutOfDomain(f"{choices} different nodes cannot be drawn from {nodes}")
    extra = correction(choices, utilisation, replacement=replacement) / nodes
    return mean_response(choices, utilisation, service) + service * extra


def least_work_response(choices: int, utilisation: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure when the drawn node with the least remaining work is joined, n = ∞.

    The work of a node exceeds w with F(w) = (ρ + (ρ^(1−d) − ρ)e^((d−1)w))^(1/(1−d)), so the mean is
    1 + ∫F^d dw = Σ_{i≥0} ρ^(di)/(1 + i(d−1)).
    """
    rho = _check(choices, utilisation)
    if rho == 0.0:
        return service
    total, index, step = 0.0, 0, rho**choices
    power = 1.0
    while power > 1e-17:
        total += power / (1 + index * (choices - 1))
        index, power = index + 1, power * step
    return service * total
