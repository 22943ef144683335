"""The specifications of tables and arithmetics: the papers' own examples, and who may take whose keys."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot

from evenly.theory.model import Membership, Node
from evenly.theory.specs.anchor import Anchor
from evenly.theory.specs.consistent_hash import ConsistentHash
from evenly.theory.specs.hashing import Hashing
from evenly.theory.specs.jump import Jump, jump
from evenly.theory.specs.maglev import Maglev, filled
from evenly.theory.specs.rendezvous import Rendezvous
from evenly.theory.specs.slots import Slots, ends, slot
from evenly.theory.specs.tables import Table

KEYS = [f"key {number}".encode() for number in range(60)]
weights_of = st.lists(st.integers(1, 3), min_size=1, max_size=5)


def nodes_of(weights: list[int]) -> Membership:
    """Nodes "0", "1", … with these weights."""
    return tuple(Node(str(at), weight) for at, weight in enumerate(weights))


def owners(rule: Hashing, memory: object, nodes: Membership) -> list[str]:
    """Whose each key is."""
    return [rule.order(key, nodes, memory)[0].id for key in KEYS]


@pytest.mark.parametrize(
    "rule",
    [ConsistentHash(virtual_nodes=5), Rendezvous(), Jump(), Anchor(size=32)],
    ids=lambda it: it.name,
)
@settings(max_examples=30)
@given(weights=weights_of)
def test_who_joins_takes_keys_only_to_itself_and_gives_back_what_it_took(
    rule: Hashing, weights: list[int]
) -> None:
    """Theorem 2.3.1, corrected, both directions: exactly, also with weights; jump at the end of its list."""
    few, many = nodes_of(weights), nodes_of([*weights, 2])
    memory = rule.begin(few)
    before = owners(rule, memory, few)
    memory = rule.moved(memory, few, many)
    after = owners(rule, memory, many)
    assert all(new in (old, many[-1].id) for old, new in zip(before, after, strict=True))
    assert owners(rule, rule.moved(memory, many, few), few) == before


@settings(max_examples=30)
@given(weights=st.lists(st.integers(1, 3), min_size=2, max_size=5), data=st.data())
def test_any_node_may_leave_an_anchor(weights: list[int], data: st.DataObject) -> None:
    """Unlike jump: only its own keys move, whichever it is."""
    rule, nodes = Anchor(size=32), nodes_of(weights)
    memory = rule.begin(nodes)
    gone = data.draw(st.sampled_from(nodes))
    left = tuple(node for node in nodes if node != gone)
    before = owners(rule, memory, nodes)
    after = owners(rule, rule.moved(memory, nodes, left), left)
    assert all(old == new for old, new in zip(before, after, strict=True) if old != gone.id)


def test_maglev_fills_the_papers_table_and_moves_a_key_between_two_that_stay() -> None:
    """Table 1 of the paper: 1010220; without B1 0000222: entry 6 goes from B0 to B2, both alive."""
    own = {b"B0": 3, b"B1": 0, b"B2": 10}
    skip = {3: 3, 0: 1, 10: 0}

    def hashed(seed: int, text: bytes) -> int:
        return own[text] if text else skip[seed]

    def table(*names: str) -> str:
        return "".join(node[1] for node in filled(hashed, 0, 7, tuple((name, 1) for name in names)))

    assert table("B0", "B1", "B2") == "1010220"
    assert table("B0", "B2") == "0000222"


@settings(max_examples=30)
@given(weights=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_maglev_gives_each_node_its_share_rounded_up_or_down(weights: list[int]) -> None:
    """Entries are ⌊M w / W⌋ or ⌈M w / W⌉: peak-to-mean is known exactly."""
    rule, nodes = Maglev(table_size=251), nodes_of(weights)
    counts = Counter(rule.table(nodes))
    for node in nodes:
        share = Fraction(251 * node.weight, sum(weights))
        assert abs(counts[node.id] - share) < 1


@pytest.mark.parametrize(
    ("key", "buckets", "bucket"), [(0, 1, 0), (1, 1, 0), (0xDEAD10CC, 666, 361), (256, 1024, 520)]
)
def test_jump_gives_the_published_numbers(key: int, buckets: int, bucket: int) -> None:
    """As other implementations test themselves."""
    assert jump(key, buckets) == bucket


@given(
    key=st.binary(max_size=20) | st.sampled_from([b"a{b}c", b"{}x", b"{{a}}", b"{a}{b}", b"}a{"])
)
def test_a_slot_is_redis_own(key: bytes) -> None:
    """Against redis-py, tags included."""
    assert slot(key) == key_slot(key)


def test_ranges_are_those_of_a_new_cluster() -> None:
    """Three masters as every tutorial shows them: 0 to 5460, 5461 to 10922, 10923 to 16383."""
    assert ends(nodes_of([1, 1, 1])) == [5461, 10923, 16384]
    shares = Slots().shares(nodes_of([1, 2, 5]), None)
    assert shares["2"] == Fraction(5, 8)


@pytest.mark.parametrize("rule", [Jump(), Maglev(table_size=251), Slots()], ids=lambda it: it.name)
@settings(max_examples=20)
@given(weights=weights_of)
def test_a_keys_own_order_has_every_node_once(rule: Table, weights: list[int]) -> None:
    """So a key finds a node as long as one may."""
    nodes = nodes_of(weights)
    for key in KEYS[:5]:
        assert sorted(node.id for node in rule.order(key, nodes)) == [node.id for node in nodes]
    assert sum(rule.shares(nodes, None).values()) == 1
