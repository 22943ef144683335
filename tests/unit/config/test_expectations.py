"""`[[test]]`: what is wrong with an assertion is said as of everything else in the file."""

from __future__ import annotations

import pytest

from evenly import config

from .examples import EVERYTHING, faults

FILE = """\
[listen.web]
address = "127.0.0.1:8080"
to = "users"
[cluster.users]
nodes = ["10.0.0.1:80", { id = "b", address = "10.0.0.2:80" }]
[cluster.files]
nodes = ["10.0.1.1:80"]
strategy = "maglev"
[[test]]
"""
SOUND = 'cluster = "users"\nno_node_above = 1\n'
ALLOWED = "Allowed: 10.0.0.1:80, b."

CASES = {
    "an unknown cluster": (
        'cluster = "user"\nno_node_above = 1',
        '10: test[0].cluster: unknown cluster "user". Did you mean "users"? Allowed: files, users.',
    ),
    "no cluster among several": (
        "no_node_above = 1",
        "9: test[0].cluster: is missing, and there are several: users, files",
    ),
    "an unknown node": (
        SOUND + 'down = ["b", "c"]',
        f'12: test[0].down[1]: unknown node "c". {ALLOWED}',
    ),
    "an unknown node in a table": (
        SOUND + "slow = { bb = 2 }",
        f'12: test[0].slow.bb: unknown node "bb". Did you mean "b"? {ALLOWED}',
    ),
    "a node that is there already": (
        SOUND + 'joins = ["10.0.0.9:80", { id = "b", address = "10.0.0.3:80" }]',
        '12: test[0].joins: "b" is in the cluster already',
    ),
    "all nodes leave": (
        SOUND + 'leaves = ["b", "10.0.0.1:80"]',
        "12: test[0].leaves: leaves no node in the cluster",
    ),
    "nothing expected": (
        'cluster = "users"\ndown = ["b"]',
        "9: test[0]: expects nothing: write one of answer_from, not_from, no_node_above, no_node_below, "
        "failures_at_most, mean_below, p50_below, p99_below, moves_at_most",
    ),
    "a key and keys": (
        SOUND + 'key = "42"\nkeys = 7',
        "12: test[0].key: stands beside keys: a test has one of them",
    ),
    "a load and a rate": (
        SOUND + 'load = "80 %"\nrate = 7\nat_once = 1',
        "12: test[0].load: stands beside rate: a test has one of them",
    ),
    "a load of what nobody knows": (
        SOUND + 'load = "80 %"',
        "12: test[0].load: needs at_once beside it",
    ),
    "zipf without keys": (SOUND + "zipf = 2", "12: test[0].zipf: needs keys beside it"),
    "moves without a move": (
        'cluster = "files"\nmoves_at_most = 0.5',
        "11: test[0].moves_at_most: needs leaves or joins beside it: else no key moves",
    ),
    "moves of no keys": (
        'cluster = "users"\nleaves = ["b"]\nmoves_at_most = 0.5',
        '12: test[0].moves_at_most: strategy "power_of_two" gives a key no node of its own: '
        'only hash strategies do, such as "rendezvous"',
    ),
    "two of one name": (
        f'{SOUND}name = "x"\n[[test]]\n{SOUND}name = "x"',
        '16: test[1].name: "x" is already the name of test[0] (line 9)',
    ),
    "more than all": (
        'cluster = "users"\nno_node_above = "140 %"',
        '11: test[0].no_node_above: "140 %" is more than all: write at most "100 %" or 1',
    ),
    "a share in words": (
        'cluster = "users"\nno_node_above = "half"',
        '11: test[0].no_node_above: "half" is not a share: write "40 %" or a number such as 0.4',
    ),
    "a share below nothing": (
        'cluster = "users"\nno_node_above = -0.1',
        '11: test[0].no_node_above: a share cannot be -0.1: write "40 %" or a number such as 0.4',
    ),
    "a share that is a list": (
        'cluster = "users"\nno_node_above = []',
        '11: test[0].no_node_above: must be a share, not a list: write "40 %" or a number such as 0.4',
    ),
    "failing as a word": (
        SOUND + 'failing = "b"',
        '12: test[0].failing: must be a list of nodes such as ["b"], or a table such as { b = "50 %" }, not "b"',
    ),
    "an unknown word": (
        SOUND + 'answers_from = ["b"]',
        '12: test[0].answers_from: unknown key "answers_from". Did you mean "answer_from"? Allowed: '
        "answer_from, at_once, cluster, down, draining, failing, failures_at_most, joins, key, keys, leaves, load, "
        "mean_below, moves_at_most, name, no_node_above, no_node_below, not_from, p50_below, p99_below, picks, rate, "
        "seed, service_time, slow, zipf.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_fault_of_an_assertion_is_told_with_line_key_and_remedy(name: str) -> None:
    """One fault, in these words."""
    test, told = CASES[name]
    assert faults(FILE + test) == [f"evenly.toml:{told}"]


def test_a_sound_assertion_is_none_of_the_engines_business() -> None:
    """The proxy would not notice whether it is there."""
    assert faults(FILE + SOUND) == []
    bare = EVERYTHING[: EVERYTHING.index("[[test]]")]
    assert config.parse(EVERYTHING).test
    assert config.parse(EVERYTHING).engine() == config.parse(bare).engine()


@pytest.mark.parametrize(
    ("text", "value"), [('"40 %"', 0.4), ('"12.5%"', 0.125), ("1", 1), ("0.3", 0.3)]
)
def test_a_share_is_a_text_with_a_percent_sign_or_a_number(text: str, value: float) -> None:
    """However it is written, it means the same."""
    found = config.parse(f'{FILE}cluster = "users"\nno_node_above = {text}\n').test[0]
    assert found.no_node_above == value


def test_failing_nodes_are_listed_or_have_shares() -> None:
    """A list means all of their requests."""
    found = config.parse(EVERYTHING).test
    assert [test.failing for test in found] == [{"users.internal:8000": 0.05}, {"one": 1.0}]
