"""Random: binomial shares."""

from __future__ import annotations

import itertools

import pytest

from tests.laws.clusters import cluster, lend


@pytest.mark.parametrize("weights", [[1, 1], [1, 2, 3], [100, 1], [7, 7, 7, 1, 1]])
def test_each_node_has_its_weights_share_within_five_sigma(weights: list[int]) -> None:
    """Independent draws with probability w/W: Binomial(T, w/W), 5 sigma is one false alarm in 1.7 million."""
    turns, total = 20_000, sum(weights)
    balancer = cluster(weights, "random", 11)
    counts = [0] * len(weights)
    for _ in range(turns):
        counts[lend(balancer)] += 1
    for count, weight in zip(counts, weights, strict=True):
        share = weight / total
        assert abs(count - turns * share) <= 5 * (turns * share * (1 - share)) ** 0.5


def test_one_pick_says_nothing_about_the_next() -> None:
    """Pairs of successive picks over three nodes: each of the nine pairs is as likely, within 5 sigma."""
    balancer = cluster(3, "random", 5)
    lent = [lend(balancer) for _ in range(18_001)]
    pairs = [0] * 9
    for first, then in itertools.pairwise(lent):
        pairs[3 * first + then] += 1
    sigma = (18_000 * (1 / 9) * (8 / 9)) ** 0.5
    assert all(abs(count - 2000) <= 5 * sigma for count in pairs)
