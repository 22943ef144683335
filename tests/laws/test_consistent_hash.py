"""Consistent hashing: minimal moves, the same answer everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from evenly import Balancer, Node
from tests.laws.clusters import cluster
from tests.laws.keys import KEYS, names, owners


def ring(ids: list[str], **options: object) -> Balancer:
    """A balancer over nodes with these ids; its addresses play no part."""
    nodes = [Node(f"10.0.0.{at + 1}:80", id=name) for at, name in enumerate(ids)]
    return Balancer(nodes, strategy={"name": "consistent_hash", **options})


@settings(max_examples=30)
@given(ids=names)
def test_a_joining_node_takes_keys_only_to_itself(ids: list[str]) -> None:
    """Theorem 2.3.1, exactly: whoever loses a key loses it to the one who joins."""
    before, after = owners(ring(ids[:-1])), owners(ring(ids))
    assert all(after[key] in (before[key], ids[-1]) for key in KEYS)


@settings(max_examples=30)
@given(ids=names)
def test_a_leaving_node_gives_up_only_its_own_keys(ids: list[str]) -> None:
    """The other direction, exactly, and live: the balancer is the same before and after."""
    balancer = ring(ids)
    before = owners(balancer)
    balancer.remove(ids[0])
    after = owners(balancer)
    assert all(after[key] == before[key] for key in KEYS if before[key] != ids[0])


@settings(max_examples=30)
@given(ids=names)
def test_the_order_of_the_list_does_not_matter(ids: list[str]) -> None:
    """Identity is the node's name, never its index."""
    assert owners(ring(ids)) == owners(ring(ids[::-1]))


@settings(max_examples=20)
@given(ids=names)
def test_a_drained_nodes_keys_come_back_to_it(ids: list[str]) -> None:
    """A node that cannot be lent is skipped in each key's own order; nobody else's keys move."""
    balancer = ring(ids)
    before = owners(balancer)
    balancer.drain(ids[0])
    during = owners(balancer)
    balancer.undrain(ids[0])
    assert ids[0] not in during.values()
    assert all(during[key] == before[key] for key in KEYS if before[key] != ids[0])
    assert owners(balancer) == before


@given(number=st.integers())
def test_the_same_key_as_text_bytes_and_number_finds_the_same_node(number: int) -> None:
    """Python's 42 and the header 42 agree, however large the number is."""
    balancer = ring(["a", "b", "c", "d", "e"])
    lent = {balancer.pick(key=key).id for key in (number, str(number), str(number).encode())}
    assert len(lent) == 1


def test_every_process_finds_the_same_node() -> None:
    """The hash does not depend on Python's, which differs in every process."""
    program = (
        "import json, tests.laws.test_consistent_hash as t;"
        "print(json.dumps(t.owners(t.ring(['a', 'b', 'c', 'd']))))"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        out = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        )
        assert json.loads(out.stdout) == owners(ring(["a", "b", "c", "d"]))


def test_shares_are_as_even_as_160_points_make_them() -> None:
    """With v points the share of each of k nodes has a relative deviation near 1/sqrt(v) = 8 %; 5 of them are 40 %."""
    balancer = cluster(10, "consistent_hash")
    counts = [0] * 10
    for key in range(20_000):
        counts[int(balancer.pick(key=key).id)] += 1
    assert all(abs(count - 2000) <= 2000 * 5 / 160**0.5 for count in counts)


def test_another_seed_moves_keys() -> None:
    """Two balancers agree only if they hash with the same seed."""
    ids = ["a", "b", "c", "d"]
    nodes = [Node(f"10.0.0.{at + 1}:80", id=name) for at, name in enumerate(ids)]
    other = Balancer(nodes, strategy="consistent_hash", hash_seed=1)
    assert owners(other) != owners(ring(ids))
