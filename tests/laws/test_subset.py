"""Deterministic subsetting: many callers, each with a few of the nodes, and every node as busy as the others."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from evenly import Balancer, Subset

NODES = [f"10.0.0.{number}:80" for number in range(24)]


def kept(size: int, instance: int, instances: int, nodes: list[str] = NODES) -> list[str]:
    """The nodes that one caller keeps."""
    subset = Subset(size=size, instance=instance, instances=instances)
    return [node.id for node in Balancer(nodes, subset=subset).nodes]


@settings(max_examples=40)
@given(size=st.integers(1, 24), instances=st.integers(1, 40))
def test_any_two_nodes_are_kept_equally_often_or_one_of_them_once_more(
    size: int, instances: int
) -> None:
    """Exactly: the numbers differ by one at most, whether or not anything divides anything."""
    counts = Counter(dict.fromkeys(NODES, 0))
    for instance in range(instances):
        hand = kept(size, instance, instances)
        assert len(set(hand)) == size
        counts.update(hand)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_the_order_of_the_list_does_not_matter() -> None:
    """Callers that list the nodes in different orders still deal the same hands."""
    for instance in range(12):
        assert set(kept(5, instance, 12)) == set(kept(5, instance, 12, NODES[::-1]))


def test_a_join_changes_a_hand_by_at_most_its_lap_and_two() -> None:
    """A node more shifts the deals of lap r by r places; two more come and go at the hand's ends."""
    for instance in range(40):
        before, after = kept(6, instance, 40), kept(6, instance, 40, [*NODES, "10.0.1.1:80"])
        assert len(set(before) - set(after)) <= instance * 6 // 24 + 2


def test_a_balancer_keeps_its_hand_as_nodes_come_and_go() -> None:
    """A live change gives the hand of a balancer that starts with the new list."""
    subset = {"size": 6, "instance": 3, "instances": 9}
    balancer = Balancer(NODES, subset=subset)
    for change in (NODES[0], NODES[5], NODES[9]):
        balancer.remove(change)
    balancer.add("10.0.1.1:80")
    anew = [node for node in NODES if node not in (NODES[0], NODES[5], NODES[9])]
    assert {node.id for node in balancer.nodes} == set(kept(6, 3, 9, [*anew, "10.0.1.1:80"]))
    assert {balancer.pick().id for _ in range(500)} == {node.id for node in balancer.nodes}
