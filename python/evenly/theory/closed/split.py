"""Static splits over unequal nodes: who gets which share when the choice is blind to load, and when that is stable.

Nodes are M/M/1 (Poisson arrivals, exponential sizes); `speeds` and `rate` are requests per second.
Source of the square-root law: L. Kleinrock, Queueing Systems vol. 2 (1976), section 5.7 (capacity assignment), and
A. N. Tantawi, D. Towsley, Optimal static load balancing, J. ACM 1985.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from evenly.theory.closed import domain

__all__ = ["equal", "is_stable", "mean_response", "optimal", "proportional", "uniform_choice_limit"]


def _check(speeds: Sequence[float], rate: float) -> None:
    if not speeds:
        raise domain.OutOfDomain("there must be at least one node")
    for speed in speeds:
        if not speed > 0.0:
            raise domain.OutOfDomain(f"a node's speed must be positive, not {speed!r}")
    domain.at_least("rate", rate, 0.0)
    if rate >= math.fsum(speeds):
        raise domain.OutOfDomain(
            f"a rate of {rate} is no less than what all nodes together can do ({math.fsum(speeds)})"
        )


def equal(speeds: Sequence[float], rate: float) -> list[float]:
    """Requests per second to each node when all get the same, as round robin and random do."""
    _check(speeds, rate)
    return [rate / len(speeds)] * len(speeds)


def proportional(speeds: Sequence[float], rate: float) -> list[float]:
    """Requests per second to each node in proportion to its speed, as weights do."""
    _check(speeds, rate)
    return [rate * speed / math.fsum(speeds) for speed in speeds]


def optimal(speeds: Sequence[float], rate: float) -> list[float]:
    """Requests per second to each node with the least mean response of all static splits.

    The square-root law: λ_i = μ_i − √μ_i · (M − λ)/Σ√μ_j over the nodes that are worth using at all; the slowest are
    left idle while the formula would give them less than nothing.
    """
    _check(speeds, rate)
    if rate == 0.0:
        return [0.0] * len(speeds)
    active = sorted(range(len(speeds)), key=lambda node: -speeds[node])
    while True:
        spare = math.fsum(speeds[node] for node in active) - rate
        factor = spare / math.fsum(math.sqrt(speeds[node]) for node in active)
        if math.sqrt(speeds[active[-1]]) > factor:
            break
        active.pop()
    split = [0.0] * len(speeds)
    for node in active:
        split[node] = speeds[node] - math.sqrt(speeds[node]) * factor
    return split


def is_stable(speeds: Sequence[float], split: Sequence[float]) -> bool:
    """Whether each node gets less than it can do; conservation of the total alone says nothing (theorem 3.3.1)."""
    return all(share < speed for speed, share in zip(speeds, split, strict=True))


def mean_response(speeds: Sequence[float], split: Sequence[float]) -> float:
    """Mean seconds from arrival to departure over all requests: Σ λ_i/(μ_i − λ_i) ÷ Σ λ_i.

    Raises:
        OutOfDomain: if a node gets at least what it can do, or nobody gets anything.
    """
    for speed, share in zip(speeds, split, strict=True):
        if not 0.0 <= share < speed:
            raise domain.OutOfDomain(
                f"a node of speed {speed} must get less than that and not {share}"
            )
    total = math.fsum(split)
    if total <= 0.0:
        raise domain.OutOfDomain("no request, no mean response")
    return (
        math.fsum(share / (speed - share) for speed, share in zip(speeds, split, strict=True))
        / total
    )


def uniform_choice_limit(speeds: Sequence[float], choices: int) -> float:
    """Requests per second below which drawing `choices` different nodes, all as likely, can be stable.

    Whoever draws only nodes of a set S must use S: so λ·C(|S|, d)/C(n, d) < μ(S) for every S, and the tightest sets
    are the slowest nodes. Far below the sum of the speeds when some are slow: (10, .1, .1) with two choices allows .6
    of 10.2. Sampling by weight has no such limit. The condition is necessary; for exponential sizes and
    join-the-shortest among the drawn it is also sufficient (S. Foss, N. Chernova, On the stability of a partially
    accessible multi-station queue, Queueing Systems 1998).
    """
    _check(speeds, 0.0)
    if not 1 <= choices <= len(speeds):
        raise domain.OutOfDomain(
            f"choices must lie between 1 and the {len(speeds)} nodes, not {choices}"
        )
    slowest = sorted(speeds)
    every = math.comb(len(speeds), choices)
    limits = (
        math.fsum(slowest[:size]) * every / math.comb(size, choices)
        for size in range(choices, len(speeds) + 1)
    )
    return min(limits)
