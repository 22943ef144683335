"""Jump hashing: minimal moves at the end of the list, exact shares."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given, settings

from tests.laws.keys import KEYS, hashing, members, owners


@settings(max_examples=30)
@given(nodes=members)
def test_a_node_added_at_the_end_takes_keys_only_to_itself(nodes: dict[str, int]) -> None:
    """And gives back exactly those when it leaves again."""
    balancer = hashing(nodes, "jump")
    before = owners(balancer)
    balancer.add({"address": "10.0.0.99:80", "id": "last", "weight": 2})
    after = owners(balancer)
    assert all(after[key] in (before[key], "last") for key in KEYS)
    balancer.remove("last")
    assert owners(balancer) == before


def test_shares_are_those_of_the_weights() -> None:
    """Each key is a draw with probability w / W: 5 standard deviations, a false alarm in 1.7 million."""
    counts = Counter(hashing({"a": 1, "b": 2, "c": 5}, "jump").owners(range(20_000)))
    for name, weight in {"a": 1, "b": 2, "c": 5}.items():
        p = weight / 8
        assert abs(counts[name] - 20_000 * p) <= 5 * math.sqrt(20_000 * p * (1 - p))
