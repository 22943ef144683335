"""M: how evenly loads are spread (definitions 1.3.2 and 1.4.2), and what of section 3 and 6.3 is a formula.

Loads and capacities are in the same unit, requests unless said. What the document measures in bare load is measured in
utilisation u = load / C here: C = (1, 9) with loads (1, 9) is perfectly fair by 1.4.2, and 1/9 by 1.3.2 as written.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from evenly.theory.model.load import Number

__all__ = [
    "balance_ratio",
    "best_efficiency",
    "deviations",
    "efficiency",
    "fair",
    "jain_index",
    "lag_bounds",
    "mean_response",
    "peak_to_mean",
    "response_gap",
    "round_robin_variance",
]


def balance_ratio(loads: Sequence[Number], capacities: Sequence[Number] | None = None) -> float:
    """Definition 1.3.2, corrected: min u / max u, from 0 to 1; 1 when idle, where the document divides 0 by 0.

    Without `capacities` all nodes are alike. A node without a limit has its weight for a capacity.
    """
    used = _utilisations(loads, capacities)
    return float(min(used) / max(used)) if max(used) > 0 else 1.0


def efficiency(loads: Sequence[Number], capacities: Sequence[Number] | None = None) -> float:
    """Theorem 3.2.1's efficiency(LB): the same ratio, by another name."""
    return balance_ratio(loads, capacities)


def best_efficiency(requests: int, nodes: int) -> Fraction:
    """Theorem 3.2.1, corrected: the efficiency of the best split of whole requests, floor(T/k) / ceil(T/k).

    It is ≥ 1 − 1/k if and only if k divides T or T > k(k − 1) (`efficiency_iff`, proved). 1 when there are none.
    """
    _positive(nodes)
    if requests < 0:
        raise ValueError(f"{requests} requests: write a whole number from 0")
    if requests == 0:
        return Fraction(1)
    return Fraction(requests // nodes, -(-requests // nodes))


def peak_to_mean(loads: Sequence[Number], capacities: Sequence[Number] | None = None) -> float:
    """Max u over the utilisation of all together, Σ load / Σ C: from 1 to ΣC / min C; 1 when idle."""
    used = _utilisations(loads, capacities)
    if not any(used):
        return 1.0
    room = sum(capacities) if capacities is not None else len(loads)
    return float(max(used) / _over(sum(loads), room))


def jain_index(loads: Sequence[Number], capacities: Sequence[Number] | None = None) -> float:
    """(Σu)² / (k Σu²): 1 when all are used alike, 1/k when one has all; 1 when idle (Jain, Chiu, Hawe 1984)."""
    used = _utilisations(loads, capacities)
    if not any(used):
        return 1.0
    total: Number = sum(used)
    return float(total * total / (len(used) * sum(u * u for u in used)))


def deviations(counts: Sequence[int], weights: Sequence[int]) -> list[Fraction]:
    """Each node's lag T·p_i − x_i in requests: how far it is behind its quota; negative when it is ahead.

    `counts` are the requests each node got, T their sum, p_i = w_i / W. Lags add up to 0.
    """
    if len(counts) != len(weights):
        raise ValueError(f"{len(counts)} counts and {len(weights)} weights: write one each")
    if not counts or min(weights) < 1:
        raise ValueError("write one weight from 1 for each of at least one node")
    turns, total = sum(counts), sum(weights)
    return [
        Fraction(weight * turns, total) - count
        for count, weight in zip(counts, weights, strict=True)
    ]


def fair(
    counts: Sequence[int], weights: Sequence[int], ahead: Fraction | int, behind: Fraction | int
) -> bool:
    """Definition 1.4.2, corrected: −ahead ≤ lag ≤ behind for every node.

    Equality, as written, is out of reach for whole requests: T = 1 and k = 2 refute every policy. `lag_bounds` has
    the constants that can be kept.
    """
    return all(-ahead <= lag <= behind for lag in deviations(counts, weights))


def lag_bounds(nodes: int) -> tuple[Fraction, Fraction]:
    """Theorem 2.4.1, corrected: smooth weighted round robin is at most 1 − 1/k ahead and H_k − 1 behind.

    In requests, on every prefix, also while weights change (`swrr_lead`, `swrr_lag`, proved; both are reached).
    """
    _positive(nodes)
    harmonic = sum((Fraction(1, rank) for rank in range(1, nodes + 1)), Fraction(0))
    return 1 - Fraction(1, nodes), harmonic - 1


def mean_response(shares: Sequence[Number], times: Sequence[Number]) -> Number:
    """Theorem 3.2.2, corrected: Σ p_n W_n, the mean over requests, in the unit of `times`.

    `shares` are proportional to the requests of each node; they need not add up to 1.
    """
    if len(shares) != len(times) or not shares:
        raise ValueError(f"{len(shares)} shares and {len(times)} times: write one each")
    if min(shares) < 0 or not any(shares):
        raise ValueError("shares are ≥ 0 and not all 0: write the number of requests of each node")
    weighted: Number = sum(share * time for share, time in zip(shares, times, strict=True))
    return _over(weighted, sum(shares))


def response_gap(shares: Sequence[Number], times: Sequence[Number]) -> Number:
    """True mean minus the document's plain mean over nodes: k·Cov(p, W) (`response_gap`, proved)."""
    return mean_response(shares, times) - mean_response([1] * len(times), times)


def round_robin_variance(requests: int, nodes: int) -> Fraction:
    """Theorem 6.3.1, corrected: the variance of counts across nodes, r(k − r)/k² with r = T mod k: at most 1/4."""
    _positive(nodes)
    rest = requests % nodes
    return Fraction(rest * (nodes - rest), nodes * nodes)


def _positive(nodes: int) -> None:
    if nodes < 1:
        raise ValueError(f"{nodes} nodes: N is not empty: write a whole number from 1")


def _over(value: Number, by: Number) -> Number:
    """The quotient, exact when both are."""
    if isinstance(value, float) or isinstance(by, float):
        return value / by
    return Fraction(value, by)


def _utilisations(loads: Sequence[Number], capacities: Sequence[Number] | None) -> list[Number]:
    rooms = [1] * len(loads) if capacities is None else list(capacities)
    if len(loads) != len(rooms):
        raise ValueError(f"{len(loads)} loads and {len(rooms)} capacities: write one each")
    if not loads:
        raise ValueError("N is not empty: write the load of at least one node")
    if min(loads) < 0 or min(rooms) <= 0:
        raise ValueError("loads are ≥ 0 and capacities > 0: leave out a node that takes nothing")
    return [_over(load, room) for load, room in zip(loads, rooms, strict=True)]
