"""Assertions hold when they are true of the engine, and tell the whole story when they are not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenly import Balancer, Node, _engine, config
from evenly.assertions import Outcome, tried
from evenly.assertions.claims import CLAIMS
from evenly.assertions.text import LISTED, lines, summary
from evenly.assertions.why import hottest
from evenly.assertions.words import THEN as SENTENCES
from evenly.config.document import path, write_value
from evenly.config.expectation import THEN

HASHING = sorted(entry["name"] for entry in _engine.strategies() if entry["uses_key"])
ABC = [{"id": name, "address": f"10.0.0.{at}:80"} for at, name in enumerate("abc", 1)]


def made(*tests: dict[str, Any], **cluster: Any) -> config.Config:
    """A configuration of three nodes with these assertions."""
    tree = {
        "listen": {"web": {"address": "127.0.0.1:8080", "to": "users"}},
        "cluster": {"users": {"nodes": ABC, **cluster}},
        "test": list(tests),
    }
    text = "".join(f"{path((key,))} = {write_value(value)}\n" for key, value in tree.items())
    return config.parse(text)


def one(test: dict[str, Any], **cluster: Any) -> Outcome:
    """What comes of one assertion."""
    (outcome,) = tried(made(test, **cluster))
    return outcome


def test_every_expectation_has_its_sentence_and_its_claim() -> None:
    """One vocabulary in three tables."""
    assert set(THEN) == set(SENTENCES) == set(CLAIMS)


HELD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"down": ["b"], "answer_from": ["a", "c"]}, {}),
    ({"down": ["b"], "not_from": ["b"], "failures_at_most": 0}, {}),
    ({"draining": ["b"], "answer_from": ["a", "c"], "failures_at_most": 0}, {}),
    ({"no_node_above": "40 %", "no_node_below": "25 %"}, {}),
    ({"leaves": ["b"], "no_node_above": "55 %", "answer_from": ["a", "c"]}, {}),
    ({"joins": ["10.0.0.4:80"], "no_node_below": "20 %"}, {}),
    ({"failing": {"b": "50 %"}, "failures_at_most": "1 %"}, {}),
    ({"slow": {"b": 20}, "no_node_above": "50 %", "p50_below": "15ms"}, {}),
    ({"mean_below": "11ms", "p50_below": "8ms", "p99_below": "50ms"}, {}),
    ({"load": "50 %", "at_once": 4, "p99_below": "50ms"}, {}),
    ({"leaves": ["b"], "moves_at_most": "34 %"}, {"strategy": "rendezvous"}),
    ({"joins": ["10.0.0.4:80"], "moves_at_most": "26 %"}, {"strategy": "rendezvous"}),
    ({"no_node_above": "55 %", "no_node_below": "20 %"}, {"strategy": "maglev"}),
]


@pytest.mark.parametrize(("test", "cluster"), HELD)
def test_what_is_true_holds(test: dict[str, Any], cluster: dict[str, Any]) -> None:
    """Each word of the vocabulary, where the engine does what is said."""
    outcome = one(test, **cluster)
    assert outcome.held, "\n".join(lines(outcome, "here"))
    assert outcome.why == ()
    assert list(lines(outcome, "here")) == [f"ok    {outcome.name}"]


BROKEN: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (
        {"answer_from": ["a", "b"]},
        {},
        "answers come from a or b only",
        "power_of_two sends requests to any node that is fit",
    ),
    (
        {"answer_from": ["a"], "key": "42", "draining": ["c"]},
        {"strategy": "rendezvous"},
        "answers come from a only",
        'key 42: "b" is lent: rendezvous proposed it, with a score of 0: the least of 2 that may be lent.',
    ),
    (
        {"not_from": ["a"], "failures_at_most": 1},
        {},
        "no answer comes from a",
        "power_of_two sends requests to any node that is fit",
    ),
    (
        {"no_node_above": "30 %"},
        {},
        "no node gets more than 30 % of the picks",
        "of 3 nodes that serve, one gets 33.33 % or more",
    ),
    (
        {"no_node_above": "40 %"},
        {"nodes": [*ABC[:2], {**ABC[2], "weight": 3}], "strategy": "weighted_round_robin"},
        "no node gets more than 40 % of the picks",
        "c has weight 3 of 5: 60 % is its share",
    ),
    (
        {"no_node_below": "30 %"},
        {"nodes": [*ABC[:2], {**ABC[2], "weight": 3}], "strategy": "rendezvous"},
        "no node gets less than 30 % of the picks",
        "a has weight 1 of 5: 20 % is its share",
    ),
    (
        {"no_node_above": "40 %", "keys": 10},
        {"strategy": "rendezvous"},
        "no node gets more than 40 % of the picks",
        "the key most asked for is 34.14 % of all requests, and all of them go to one node",
    ),
    (
        {"no_node_above": "99 %", "key": "42"},
        {"strategy": "rendezvous"},
        "no node gets more than 99 % of the picks",
        "every request has key 42, and a key goes to one node",
    ),
    (
        {"no_node_below": "30 %", "slow": {"b": 10}},
        {},
        "no node gets less than 30 % of the picks",
        "b: a node that is slow gets less from a strategy that looks at load",
    ),
    (
        {"no_node_below": "30 %", "failing": ["b"]},
        {},
        "no node gets less than 30 % of the picks",
        "b: a node that fails again and again is ejected for a while",
    ),
    (
        {"down": ["a", "b", "c"], "answer_from": ["a"]},
        {},
        "answers come from a only",
        "power_of_two sends requests to any node that is fit",
    ),
    (
        {"load": "150 %", "at_once": 1, "p99_below": "1s", "picks": 20_000},
        {},
        "99 of 100 requests are answered within 1s",
        "the nodes are offered 150% of what they can do: what waits grows for as long as the run lasts, "
        "so the figures describe this run and no steady state",
    ),
    (
        {"leaves": ["b"], "moves_at_most": "30 %"},
        {"strategy": "rendezvous"},
        "at most 30 % of the keys move",
        "shares by weight need 33.33 % to move at least",
    ),
]


@pytest.mark.parametrize(("test", "cluster", "asked", "why"), BROKEN)
def test_what_is_false_is_told_with_what_came_out_and_why(
    test: dict[str, Any], cluster: dict[str, Any], asked: str, why: str
) -> None:
    """The expectation in words, what came of it, and a reason that the file itself gives."""
    outcome = one(test, **cluster)
    (broken,) = (finding for finding in outcome.findings if not finding.held)
    assert broken.asked == asked
    assert why in outcome.why
    text = "\n".join(lines(outcome, "evenly.toml:7"))
    assert text.startswith(f"FAIL  {outcome.name}\n      evenly.toml:7: cluster users")
    assert f"expected  {asked}\n" in text
    assert f"got       {broken.got}\n" in text


@settings(deadline=None, max_examples=60)
@given(
    strategy=st.sampled_from(HASHING),
    key=st.text(min_size=1, max_size=8),
    down=st.sets(st.sampled_from("abcd"), max_size=3),
    seed=st.integers(0, 5),
)
def test_a_key_is_answered_by_the_node_that_the_library_names(
    strategy: str, key: str, down: set[str], seed: int
) -> None:
    """The simulator places keys as the production engine does, also while nodes are out."""
    nodes = [{"id": name, "address": f"10.0.0.{at}:80"} for at, name in enumerate("abcd", 1)]
    library = Balancer(
        [Node(node["address"], id=node["id"]) for node in nodes], strategy=strategy, hash_seed=seed
    )
    for name in down:
        library.drain(name)
    test = {"key": key, "draining": sorted(down), "answer_from": [library.owner(key)], "picks": 50}
    outcome = one(test, nodes=nodes, strategy=strategy, hash_seed=seed)
    assert outcome.held, "\n".join(lines(outcome, "here"))


def test_the_same_file_always_gives_the_same_answer() -> None:
    """Chance begins where `seed` says."""
    test = {"keys": 100, "no_node_above": "1 %"}
    again = [one({**test, "seed": seed}).as_dict() for seed in (1, 1, 2)]
    assert again[0] == again[1]
    assert again[0]["nodes"] != again[2]["nodes"]


def test_a_node_that_the_file_drains_is_asked_nothing() -> None:
    """Its state counts without being said again, and least shares are not expected of it."""
    nodes = [*ABC[:2], {**ABC[2], "state": "drain"}]
    assert one({"answer_from": ["a", "b"], "no_node_below": "45 %"}, nodes=nodes).held


def test_the_settings_of_the_cluster_count() -> None:
    """Without retries every request that meets the failing node fails; with one, none does."""
    test = {"failing": ["b"], "failures_at_most": 0, "picks": 1000}
    never = {"ejection": False, "strategy": "random"}
    assert not one(test, **never, retries={"extra": 0}).held
    assert one(test, **never, retries={"extra": 1, "budget_per_second": 1e6}).held


def test_a_name_is_made_of_the_assertion_when_it_has_none() -> None:
    """So that a report can be read, and -k has something to look for."""
    test = {
        "down": ["a"],
        "failing": {"b": "5 %"},
        "slow": {"c": 2},
        "keys": 7,
        "picks": 10,
        "not_from": ["a"],
    }
    assert one(test).name == (
        "users, with a down, b failing 5 %, c 2 times slower and 7 keys: no answer comes from a"
    )
    assert one({**test, "name": "mine"}).name == "mine"


def test_only_those_that_are_asked_for_are_tried() -> None:
    """By a part of their names, in any case."""
    found = made(
        {"name": "Keys stay", "no_node_above": 1}, {"name": "even", "no_node_above": "50 %"}
    )
    assert [outcome.name for outcome in tried(found, "keys")] == ["Keys stay"]
    assert [outcome.name for outcome in tried(found, "nothing")] == []
    assert summary(list(tried(found))) == "2 assertions hold"


def test_a_table_of_many_nodes_shows_the_busiest() -> None:
    """A screen full."""
    nodes = [f"10.0.{at}.1:80" for at in range(LISTED + 5)]
    outcome = one({"no_node_above": "1 %"}, nodes=nodes)
    text = "\n".join(lines(outcome, "here"))
    assert "and 5 more" in text
    assert text.count(":80") == LISTED + 1  # one is named as the one that got most


@pytest.mark.parametrize(
    ("keys", "zipf"), [(1, 1), (10, 0), (20_000, 0.9), (20_000, 1), (30_000, 2)]
)
def test_the_share_of_the_hottest_key_is_its_part_of_the_sum(keys: int, zipf: float) -> None:
    """Also where the tail of the sum is reckoned by its integral."""
    exact = 1 / math.fsum(rank**-zipf for rank in range(1, keys + 1))
    assert math.isclose(hottest(keys, zipf), exact, rel_tol=1e-8)
