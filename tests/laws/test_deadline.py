"""Earliest deadline: nobody is a whole request off its share while weights stand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.clusters import cluster, lend


def furthest_off(weights: list[int], picks: int) -> Fraction:
    """The largest distance from an exact share, over all nodes and all prefixes."""
    balancer = cluster(weights, "deadline")
    total, counts, most = sum(weights), [0] * len(weights), Fraction(0)
    for turn in range(1, picks + 1):
        counts[lend(balancer)] += 1
        for weight, count in zip(weights, counts, strict=True):
            most = max(most, abs(Fraction(weight * turn, total) - count))
    return most


@given(weights=st.lists(st.integers(1, 40), min_size=2, max_size=7))
def test_nobody_is_further_off_its_share_than_tijdemans_bound(weights: list[int]) -> None:
    """Theorem 2.4.1, corrected: |share - picks| <= 1 - 1/(2k - 2) after every pick, which is the best there is."""
    assert furthest_off(weights, 2 * sum(weights)) <= 1 - Fraction(1, 2 * len(weights) - 2)


@pytest.mark.parametrize("weights", [[12, 12, 3, 1, 1], [100] + 100 * [1], [1000, 1000, 1]])
def test_weights_that_other_rules_stumble_over_do_no_harm(weights: list[int]) -> None:
    """Smooth weighted round robin is 30/29 behind with the first, plain earliest deadline 50 ahead with the second."""
    assert furthest_off(weights, 1000) <= 1 - Fraction(1, 2 * len(weights) - 2)


@given(
    weights=st.lists(st.integers(1, 40), min_size=2, max_size=6),
    changes=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 999)), min_size=60, max_size=60),
)
def test_weights_may_change_at_every_step(
    weights: list[int], changes: list[tuple[int, int]]
) -> None:
    """Then nobody is further than H_k - 1 behind; the rounding of a change is below 2^-20 of a request."""
    weights = list(weights)
    balancer = cluster(weights, "deadline")
    lags = [Fraction(0)] * len(weights)
    most = sum((Fraction(1, rank) for rank in range(2, len(weights) + 1)), Fraction(60, 2**20))
    for who, weight in changes:
        weights[who % len(weights)] = weight
        balancer.update(str(who % len(weights)), weight=weight)
        picked = lend(balancer)
        for node, share in enumerate(weights):
            lags[node] += Fraction(share, sum(weights)) - (node == picked)
        assert max(lags) <= most
