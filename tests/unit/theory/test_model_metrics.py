"""The metrics M, and the rules of admission: bounds, invariances, and the document's counterexamples."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenly.theory.model import (
    admits,
    balance_ratio,
    best_efficiency,
    deviations,
    efficiency,
    fair,
    jain_index,
    lag_bounds,
    mean_response,
    peak_to_mean,
    response_gap,
    room_is_certain,
    round_robin_variance,
    survives,
)

clusters = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=8)


@given(cluster=clusters, factor=st.integers(1, 9))
def test_the_three_metrics_keep_their_bounds_and_see_ratios_alone(
    cluster: list[tuple[int, int]], factor: int
) -> None:
    """Ratio in [0, 1], Jain in [1/k, 1], peak-to-mean ≥ 1; all loads times a factor changes none of them."""
    loads, capacities = map(list, zip(*cluster, strict=True))
    assert 0 <= balance_ratio(loads, capacities) <= 1
    assert 1 / len(loads) <= jain_index(loads, capacities) + 1e-12 <= 1 + 2e-12
    assert peak_to_mean(loads, capacities) + 1e-12 >= 1
    more = [load * factor for load in loads]
    for metric in (balance_ratio, jain_index, peak_to_mean, efficiency):
        assert metric(more, capacities) == metric(loads, capacities)


@given(capacities=st.lists(st.integers(1, 50), min_size=1, max_size=8), share=st.integers(0, 9))
def test_equal_utilisation_is_perfect_by_every_metric(capacities: list[int], share: int) -> None:
    """Definition 1.4.2's equality is the best value of 1.3.2, corrected; as written they contradict each other."""
    loads = [capacity * share for capacity in capacities]
    assert balance_ratio(loads, capacities) == 1
    assert jain_index(loads, capacities) == 1
    assert peak_to_mean(loads, capacities) == 1


def test_a_fair_split_over_unequal_nodes_is_balanced() -> None:
    """C = (1, 9), loads (1, 9): 1/9 by the document, 1 here; and idle is balanced, not 0/0."""
    assert balance_ratio([1, 9], [1, 9]) == 1
    assert balance_ratio([1, 9]) == pytest.approx(1 / 9)
    assert balance_ratio([0, 0]) == jain_index([0, 0]) == peak_to_mean([0, 0]) == 1
    assert jain_index([1, 0, 0, 0]) == 1 / 4
    assert peak_to_mean([1, 0, 0, 0]) == 4


@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=6), data=st.data())
def test_lags_add_up_to_nothing(counts: list[int], data: st.DataObject) -> None:
    """What one is behind, the others are ahead: exactly."""
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(counts), max_size=len(counts)))
    lags = deviations(counts, weights)
    assert sum(lags) == 0
    assert fair(counts, weights, ahead=-min(lags), behind=max(lags))
    assert not fair(counts, weights, ahead=-min(lags), behind=max(lags) - 1)


def test_exact_fairness_is_out_of_reach_and_the_proved_bound_is_not() -> None:
    """T = 1, k = 2: no policy gives each node 1/2 of a request; within 1 − 1/k and H_k − 1 one does."""
    assert deviations([1, 0], [1, 1]) == [Fraction(-1, 2), Fraction(1, 2)]
    assert not fair([1, 0], [1, 1], 0, 0)
    assert fair([1, 0], [1, 1], *lag_bounds(2))
    assert lag_bounds(2) == (Fraction(1, 2), Fraction(1, 2))
    assert lag_bounds(5) == (Fraction(4, 5), Fraction(77, 60))


def test_the_best_split_reaches_one_minus_one_kth_exactly_when_proved() -> None:
    """Theorem 3.2.1, corrected, on every T < 400 and k < 15: if and only if k | T or T > k(k − 1)."""
    for nodes, requests in product(range(1, 15), range(1, 400)):
        reached = best_efficiency(requests, nodes) >= 1 - Fraction(1, nodes)
        assert reached == (requests % nodes == 0 or requests > nodes * (nodes - 1))


@given(shares=st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any), data=st.data())
def test_the_gap_to_the_plain_mean_is_a_covariance(shares: list[int], data: st.DataObject) -> None:
    """Theorem 3.2.2, corrected: Σ p W − (1/k) Σ W = k Cov(p, W), exactly."""
    k = len(shares)
    times = data.draw(st.lists(st.fractions(0, 9), min_size=k, max_size=k))
    p = [Fraction(share, sum(shares)) for share in shares]
    mean = sum(times, Fraction(0)) / k
    covariance = (
        sum((one - Fraction(1, k)) * (time - mean) for one, time in zip(p, times, strict=True)) / k
    )
    assert response_gap(shares, times) == k * covariance


def test_ninety_nine_fast_requests_outvote_a_slow_one() -> None:
    """99 at 1 ms and one at 101 ms: 51 by the document, 2 in truth."""
    assert mean_response([99, 1], [1, 101]) == 2
    assert mean_response([1, 1], [1, 101]) == 51


@given(turns=st.integers(0, 200), nodes=st.integers(1, 12))
def test_round_robins_variance_is_the_variance_of_its_counts(turns: int, nodes: int) -> None:
    """Theorem 6.3.1, corrected: r(k − r)/k², at most 1/4 whatever T is."""
    counts = [turns // nodes + (node < turns % nodes) for node in range(nodes)]
    mean = Fraction(turns, nodes)
    variance = sum((count - mean) ** 2 for count in counts) / nodes
    assert round_robin_variance(turns, nodes) == variance <= Fraction(1, 4)


@given(cluster=clusters, size=st.integers(1, 6))
def test_where_room_is_certain_somebody_has_it(cluster: list[tuple[int, int]], size: int) -> None:
    """Theorem `admission`: total + k·size < ΣC + k implies that a job of that size fits somewhere."""
    capacities = [capacity for _, capacity in cluster]
    loads = [min(load, capacity) for load, capacity in cluster]
    if room_is_certain(sum(loads), capacities, size):
        assert admits(loads, capacities, size)


def test_total_within_capacity_is_no_room() -> None:
    """Two nodes of capacity 3 with 2 each: total 4 + 2 ≤ 6, and a job of 2 fits nowhere: the bound is tight."""
    assert admits([2, 2], [3, 3], 2) == []
    assert not room_is_certain(4, [3, 3], 2)
    assert room_is_certain(3, [3, 3], 2)
    assert admits([2, 1], [3, 3], 2) == [1]


@given(capacities=st.lists(st.integers(1, 9), min_size=1, max_size=6), total=st.integers(0, 40))
def test_who_survives_the_largest_failures_survives_all(capacities: list[int], total: int) -> None:
    """Theorem 3.3.2, corrected: with the f largest gone it still fits; with one less failing it does as well."""
    for failures in range(len(capacities) + 1):
        left = sorted(capacities)[: len(capacities) - failures]
        assert survives(total, capacities, failures) == (total <= sum(left))


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (lambda: balance_ratio([]), "at least one node"),
        (lambda: balance_ratio([1], [0]), "leave out a node that takes nothing"),
        (lambda: jain_index([1, 2], [1]), "write one each"),
        (lambda: deviations([1], [0]), "one weight from 1"),
        (lambda: best_efficiency(1, 0), "whole number from 1"),
        (lambda: best_efficiency(-1, 2), "whole number from 0"),
        (lambda: mean_response([0], [1]), "number of requests of each node"),
        (lambda: survives(1, [1], 2), "write 0 to 1"),
        (lambda: admits([1], [1], 0), "a size from 1"),
    ],
)
def test_what_is_outside_a_domain_says_what_to_write(wrong: object, word: str) -> None:
    """Every refusal names the domain."""
    with pytest.raises(ValueError, match=word):
        wrong()  # type: ignore[operator]
