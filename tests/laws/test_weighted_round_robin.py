"""Smooth weighted round robin: nobody is far from its share, at no moment."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.clusters import cluster, lend

weights_of = st.lists(st.integers(1, 40), min_size=1, max_size=7)


def lags(weights: list[int], lent: list[int]) -> list[list[Fraction]]:
    """After each pick: how many picks each node is behind its exact share."""
    total, counts, history = sum(weights), [0] * len(weights), []
    for turn, node in enumerate(lent, 1):
        counts[node] += 1
        history.append(
            [
                Fraction(weight * turn, total) - count
                for weight, count in zip(weights, counts, strict=True)
            ]
        )
    return history


def bounds(nodes: int) -> tuple[Fraction, Fraction]:
    """The proved bound: at most 1 - 1/k ahead of the share, at most H_k - 1 behind it."""
    harmonic = sum((Fraction(1, rank) for rank in range(1, nodes + 1)), Fraction(0))
    return Fraction(1, nodes) - 1, harmonic - 1


@given(weights=weights_of)
def test_nobody_is_far_from_its_share_on_any_prefix(weights: list[int]) -> None:
    """Theorem 2.4.1, corrected: -(1 - 1/k) <= lag <= H_k - 1 after every pick."""
    balancer = cluster(weights, "weighted_round_robin")
    least, most = bounds(len(weights))
    for lag in lags(weights, [lend(balancer) for _ in range(2 * sum(weights))]):
        assert all(least <= one <= most for one in lag)


@given(weights=weights_of)
def test_after_each_period_every_share_is_exact(weights: list[int]) -> None:
    """The period is sum of weights / gcd; after it all lags are 0 again."""
    divisor = gcd(*weights)
    period = sum(weights) // divisor
    balancer = cluster(weights, "weighted_round_robin")
    lent = [lend(balancer) for _ in range(3 * period)]
    for start in range(0, 3 * period, period):
        part = lent[start : start + period]
        assert [part.count(node) for node in range(len(weights))] == [
            weight // divisor for weight in weights
        ]


@pytest.mark.parametrize("weights", [[4099, 1, 1], [5000, 3001, 7]])
def test_the_bound_holds_for_weights_too_long_to_lay_out(weights: list[int]) -> None:
    """Above 4,096 turns a period is not laid out in advance but reckoned live; same bound."""
    balancer = cluster(weights, "weighted_round_robin")
    least, most = bounds(len(weights))
    for lag in lags(weights, [lend(balancer) for _ in range(4200)]):
        assert all(least <= one <= most for one in lag)


def test_five_to_one_to_one_is_spread_out() -> None:
    """Smooth: a a b a c a a, never five of a in a row."""
    balancer = cluster([5, 1, 1], "weighted_round_robin")
    assert "".join("abc"[lend(balancer)] for _ in range(7)) == "aabacaa"
