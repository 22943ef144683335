"""Rendezvous hashing: minimal moves, exact shares, the same answer everywhere."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.keys import KEYS, hashing, members, owners


@settings(max_examples=30)
@given(nodes=members)
def test_a_joining_node_takes_keys_only_to_itself(nodes: dict[str, int]) -> None:
    """Theorem 2.3.1, exactly, with weights: whoever loses a key loses it to the one who joins."""
    *kept, joining = nodes
    before = owners(hashing({name: nodes[name] for name in kept}, "rendezvous"))
    after = owners(hashing(nodes, "rendezvous"))
    assert all(after[key] in (before[key], joining) for key in KEYS)


@settings(max_examples=30)
@given(nodes=members)
def test_a_leaving_node_gives_up_only_its_own_keys(nodes: dict[str, int]) -> None:
    """The other direction, live: leaving, being drained and coming back."""
    balancer = hashing(nodes, "rendezvous")
    before, gone = owners(balancer), next(iter(nodes))
    balancer.drain(gone)
    during = owners(balancer)
    assert all(during[key] == before[key] for key in KEYS if before[key] != gone)
    balancer.undrain(gone)
    assert owners(balancer) == before
    balancer.remove(gone)
    assert owners(balancer) == during


@settings(max_examples=30)
@given(nodes=members, weight=st.integers(1, 6))
def test_a_changed_weight_moves_keys_in_one_direction(nodes: dict[str, int], weight: int) -> None:
    """A heavier node only wins keys, a lighter one only loses them; the others trade nothing."""
    balancer = hashing(nodes, "rendezvous")
    changed, old = next(iter(nodes.items()))
    before = owners(balancer)
    balancer.update(changed, weight=weight)
    after = owners(balancer)
    moved = {key for key in KEYS if before[key] != after[key]}
    assert all(changed == (after if weight > old else before)[key] for key in moved)


@settings(max_examples=20)
@given(nodes=members)
def test_the_order_of_the_list_does_not_matter(nodes: dict[str, int]) -> None:
    """Identity is the node's name, never its index."""
    assert owners(hashing(nodes, "rendezvous")) == owners(
        hashing(dict(reversed(nodes.items())), "rendezvous")
    )


def test_shares_are_those_of_the_weights() -> None:
    """Each key is a draw with probability w / W: 5 standard deviations, a false alarm in 1.7 million."""
    balancer = hashing({"a": 1, "b": 2, "c": 5}, "rendezvous")
    counts = Counter(balancer.pick(key=key).id for key in range(20_000))
    for name, weight in {"a": 1, "b": 2, "c": 5}.items():
        p = weight / 8
        assert abs(counts[name] - 20_000 * p) <= 5 * math.sqrt(20_000 * p * (1 - p))
