"""AnchorHash: minimal moves whatever node comes or goes, for callers with the same history."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.keys import KEYS, hashing, members, owners


@settings(max_examples=20)
@given(nodes=members, seed=st.integers(0, 1000))
def test_each_step_moves_only_keys_of_the_node_it_is_about(
    nodes: dict[str, int], seed: int
) -> None:
    """Joins, leaves and weights in any order."""
    balancer, dice = hashing(nodes, "anchor"), random.Random(seed)
    before = owners(balancer)
    for step in range(8):
        about = dice.choice([node.id for node in balancer.nodes])
        if step % 3 == 0 or len(balancer.nodes) == 1:
            about = f"new-{step}"
            balancer.add({"address": f"10.0.1.{step}:80", "id": about})
        elif step % 3 == 1:
            balancer.remove(about)
        else:
            balancer.update(about, weight=dice.randint(1, 6))
        after = owners(balancer)
        assert all(about in (before[key], after[key]) for key in KEYS if before[key] != after[key])
        before = after


@settings(max_examples=20)
@given(nodes=members)
def test_callers_with_the_same_history_agree(nodes: dict[str, int]) -> None:
    """However their lists are ordered."""
    one, two = hashing(nodes, "anchor"), hashing(dict(reversed(nodes.items())), "anchor")
    for balancer in (one, two):
        balancer.remove(next(iter(nodes)))
        balancer.add({"address": "10.0.1.1:80", "id": "new"})
    assert owners(one) == owners(two)
