"""The specifications themselves: each says what its definition says, and is a pure function of what it is handed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenly.theory.model import Membership, Node, Request, deviations, lag_bounds
from evenly.theory.specs import SPECS, Lottery
from evenly.theory.specs.rule import Rule, any_of
from evenly.theory.specs.xxh3 import xxh3

SMALL = {
    "anchor": {"size": 64},
    "consistent_hash": {"virtual_nodes": 8},
    "maglev": {"table_size": 251},
}
"""So that a table is reckoned from scratch in no time."""
every = pytest.mark.parametrize("name", sorted(SPECS))
members = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 3), st.booleans()), min_size=1, max_size=5
).map(
    lambda drawn: tuple(
        Node(str(at), weight, in_flight=load, healthy=healthy)
        for at, (weight, load, healthy) in enumerate(drawn)
    )
)


def turns(rule: Rule, nodes: Membership, count: int) -> str:
    """The nodes that `rule` gives, with an idle system before each request."""
    memory, given_to = rule.begin(nodes), ""
    for _ in range(count):
        node, memory = rule.allocate(Request(chance=Fraction(0)), memory, nodes)
        given_to += node or "-"
    return given_to


@every
@settings(max_examples=40)
@given(nodes=members, key=st.binary(max_size=8), chance=st.fractions(0, Fraction(999, 1000)))
def test_a_lottery_is_over_fit_nodes_and_whole(
    name: str, nodes: Membership, key: bytes, chance: Fraction
) -> None:
    """Probabilities are ≥ 0 and add up to 1, or nobody is fit; a draw is one of the allowed."""
    rule = SPECS[name](**SMALL.get(name, {}))
    request = Request(key, chance)
    odds = rule.odds(rule.begin(nodes), request, nodes)
    fit = {node.id for node in nodes if node.fit}
    assert odds.allowed <= fit
    assert all(share >= 0 for share, _ in odds.parts)
    assert sum(share for share, _ in odds.parts) == (1 if fit else 0)
    node, _ = rule.allocate(request, rule.begin(nodes), nodes)
    assert node in odds.allowed if fit else node is None


@every
@settings(max_examples=40)
@given(nodes=members)
def test_the_load_of_unfit_nodes_is_nobodys_business(name: str, nodes: Membership) -> None:
    """What is in flight on a node that is out changes nothing for the others, at the first request."""
    rule = SPECS[name](**SMALL.get(name, {}))
    changed = tuple(node if node.fit else replace(node, in_flight=7) for node in nodes)
    request = Request(b"key")
    first, then = (rule.odds(rule.begin(seen), request, seen) for seen in (nodes, changed))
    assert first.allowed == then.allowed


def test_round_robin_gives_n_i_mod_n_and_steps_over() -> None:
    """Definition 2.1.1; of four nodes with one out the three others have a third each, not 1 : 2 : 1."""
    four = tuple(map(Node, "abcd"))
    assert turns(SPECS["round_robin"](), four, 6) == "abcdab"
    out = (four[0], replace(four[1], healthy=False), *four[2:])
    assert turns(SPECS["round_robin"](), out, 6) == "acdacd"


def test_smooth_weighted_round_robin_spreads_five_one_one() -> None:
    """Definition 2.4.1 made smooth: never five of a in a row."""
    nodes = (Node("a", 5), Node("b"), Node("c"))
    assert turns(SPECS["weighted_round_robin"](), nodes, 7) == "aabacaa"


@settings(max_examples=30)
@given(weights=st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_both_rules_of_weights_keep_their_bounds(weights: list[int]) -> None:
    """On every prefix: smooth within 1 − 1/k and H_k − 1, by deadlines within 1 − 1/(2k − 2)."""
    k = len(weights)
    nodes = tuple(Node(str(at), weight) for at, weight in enumerate(weights))
    ahead, behind = lag_bounds(k)
    most = 1 - Fraction(1, max(2 * k - 2, 1))
    for name, low, high in (
        ("weighted_round_robin", -ahead, behind),
        ("deadline", -most, most),
    ):
        counts = [0] * k
        for node in turns(SPECS[name](), nodes, 2 * sum(weights)):
            counts[int(node)] += 1
            assert all(low <= lag <= high for lag in deviations(counts, weights)), name


def test_random_and_two_choices_have_the_textbooks_probabilities() -> None:
    """Weights 1 : 2 : 5; and of loads 0, 1, 2 two thirds, one third, nothing."""
    nodes = (Node("a"), Node("b", 2), Node("c", 5))
    odds = SPECS["random"]().odds(None, Request(), nodes)
    assert [odds.least(node) for node in "abc"] == [Fraction(w, 8) for w in (1, 2, 5)]
    loaded = tuple(Node(name, in_flight=load) for load, name in enumerate("abc"))
    odds = SPECS["power_of_two"](load="in_flight").odds(None, Request(), loaded)
    assert [odds.least(node) for node in "abc"] == [Fraction(2, 3), Fraction(1, 3), 0]


def test_least_connections_counts_the_request_that_is_coming() -> None:
    """argmin (x + 1)/w: with weights 1 and 10 the first request goes to the large one, where x/w cannot choose."""
    odds = SPECS["least_connections"]().odds(None, Request(), (Node("a"), Node("b", 10)))
    assert odds.allowed == {"b"}


def test_without_a_key_the_ring_is_a_lottery_by_arcs() -> None:
    """One node has the whole circle; of four each has an exact share, and they add up to 1."""
    rule = SPECS["consistent_hash"](virtual_nodes=3)
    assert rule.odds(None, Request(), (Node("a"),)).least("a") == 1
    odds = rule.odds(None, Request(), tuple(map(Node, "abcd")))
    assert sum(odds.least(node) for node in "abcd") == 1


@pytest.mark.parametrize(
    ("text", "seed", "hashed"),
    [
        (b"", 0, 0x2D06800538D394C2),
        (b"a", 0, 0xE6C632B61E964E1F),
        (b"abc", 0, 0x78AF5F94892F3950),
    ],
)
def test_the_hash_gives_the_published_numbers(text: bytes, seed: int, hashed: int) -> None:
    """The numbers that `xxhsum -H3` prints."""
    assert xxh3(seed, text) == hashed


def test_an_open_choice_says_so() -> None:
    """Least and most differ by what the definition leaves open."""
    odds = any_of((Node("a"), Node("b")))
    assert (odds.least("a"), odds.most("a"), odds.most("c")) == (0, 1, 0)
    assert Lottery().draw(Fraction(0)) is None
    with pytest.raises(ValueError, match=r"write a number in \[0, 1\)"):
        odds.draw(Fraction(1))
