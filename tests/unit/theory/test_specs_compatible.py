"""The specifications of the compatibility modes against the libraries themselves, not against our engine."""

from __future__ import annotations

import pytest
from pymemcache.client.rendezvous import RendezvousHash
from uhashring import HashRing

from evenly.theory.model import Node
from evenly.theory.specs.consistent_hash import ConsistentHash
from evenly.theory.specs.rendezvous import Rendezvous, murmur3

KEYS = [f"kéy {number}" for number in range(300)]
NAMES = ["10.0.0.1:11211", "cache-b:11211", "c", "/run/d.sock"]


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (1, 3, 2, 7)])
@pytest.mark.parametrize("compatible", ["uhashring", "ketama"])
def test_a_ring_places_keys_as_uhashring_does(compatible: str, weights: tuple[int, ...]) -> None:
    """`HashRing(nodes)` and `HashRing(nodes, hash_fn="ketama")`, with weights too: every key, exactly."""
    named = dict(zip(NAMES, weights, strict=True))
    theirs = HashRing(named, **({"hash_fn": "ketama"} if compatible == "ketama" else {}))
    ours = ConsistentHash(compatible=compatible)
    nodes = tuple(Node(name, weight) for name, weight in named.items())
    for key in KEYS:
        assert ours.order(key.encode(), nodes)[0].id == theirs.get_node(key)


def test_rendezvous_places_keys_as_pymemcache_does() -> None:
    """`RendezvousHash(nodes)`, letters beyond ASCII included."""
    theirs, ours = RendezvousHash(NAMES), Rendezvous(compatible="pymemcache")
    for key in KEYS:
        assert ours.order(key.encode(), tuple(map(Node, NAMES)))[0].id == theirs.get_node(key)


@pytest.mark.parametrize(
    ("text", "hashed"),
    [(b"", 0), (b"test", 0xBA6BD213), (b"Hello, world!", 0xC0363E43)],
)
def test_murmur3_gives_the_published_numbers(text: bytes, hashed: int) -> None:
    """With seed 0."""
    assert murmur3(text) == hashed
