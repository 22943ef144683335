"""Changing over without moving a key: placements checked key by key against the original libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pymemcache.client.hash import HashClient  # type: ignore[import-untyped]
from pymemcache.client.rendezvous import RendezvousHash  # type: ignore[import-untyped]
from uhashring import HashRing  # type: ignore[import-untyped]

from evenly import Balancer, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEYS = [f"user:{number}" for number in range(4000)]
ODD = ["", " ", "a", "ab", "abc", "ключ", "naïve", "日本語のキー", "🙂🙂🙂🙂", "x" * 300]
NAMES = [f"10.0.0.{number}:11211" for number in range(1, 9)]
WEIGHTS = dict(zip(NAMES, (1, 2, 3, 1, 7, 1, 1, 4), strict=True))

OURS: dict[str, Callable[..., HashRing]] = {
    "uhashring": HashRing,
    "ketama": lambda nodes, **options: HashRing(nodes, hash_fn="ketama", **options),
}
every = pytest.mark.parametrize("mode", OURS)


def balancer(weights: Mapping[str, int], strategy: dict[str, object]) -> Balancer:
    """A balancer over nodes with these names, which are all that is hashed of them."""
    nodes = [Node(f"192.0.2.{at}:1", id=n, weight=w) for at, (n, w) in enumerate(weights.items())]
    return Balancer(nodes, strategy=strategy, slow_start=0)


def agrees(ours: Balancer, theirs: Callable[[str], object]) -> None:
    """Every key has the same node with both."""
    for key in (*KEYS, *ODD):
        with ours.pick(key=key) as pick:
            assert pick.id == theirs(key), key


def ring(mode: str, **options: object) -> dict[str, object]:
    """The table of a ring that agrees with `mode`."""
    return {"name": "consistent_hash", "compatible": mode, **options}


@every
def test_a_ring_places_keys_as_uhashring_does(mode: str) -> None:
    """Equal weights, unequal ones, and one node alone."""
    for weights in (dict.fromkeys(NAMES, 1), WEIGHTS, {"alone": 3}):
        agrees(balancer(weights, ring(mode)), OURS[mode](weights).get_node)


@every
def test_keys_that_are_a_points_own_name_agree_too(mode: str) -> None:
    """Their hash is a point: uhashring sends them to the next one."""
    theirs, ours = OURS[mode](WEIGHTS), balancer(WEIGHTS, ring(mode))
    for key in (f"{name}-{number}" for name in NAMES for number in range(40)):
        assert ours.pick(key=key).id == theirs.get_node(key)


@every
def test_a_ring_goes_on_agreeing_as_nodes_come_and_go(mode: str) -> None:
    """The same changes, one after the other, in both."""
    theirs, ours = OURS[mode](dict(WEIGHTS)), balancer(WEIGHTS, ring(mode))
    for gone in (NAMES[2], NAMES[4]):
        theirs.remove_node(gone)
        ours.remove(gone)
        agrees(ours, theirs.get_node)
    for name, weight in (("new:1", 2), (NAMES[2], 5)):
        theirs.add_node(name, {"weight": weight})
        ours.add(Node("192.0.2.77:1", id=name, weight=weight))
        agrees(ours, theirs.get_node)


@every
def test_other_numbers_of_points_agree(mode: str) -> None:
    """uhashring's `vnodes` are our `virtual_nodes`, a quarter of them with ketama."""
    vnodes = 40 if mode == "uhashring" else 10
    agrees(
        balancer(WEIGHTS, ring(mode, virtual_nodes=40)), OURS[mode](WEIGHTS, vnodes=vnodes).get_node
    )


@every
def test_a_ring_takes_over_in_uhashrings_own_order(mode: str) -> None:
    """A node that is out is skipped as `iterate_nodes` goes on."""
    theirs, ours = OURS[mode](WEIGHTS), balancer(WEIGHTS, ring(mode))
    for key in KEYS[:100]:
        for name in theirs.iterate_nodes(key):
            with ours.pick(key=key) as pick:
                assert pick.id == name
            ours.drain(name)
        for name in NAMES:
            ours.undrain(name)


def test_rendezvous_places_keys_as_pymemcache_does() -> None:
    """The hash of `node-key` that its HashClient goes by; letters beyond ASCII as it hashes them."""
    for names in (NAMES, ["узел-1", "näher", "日本"], ["alone"]):
        ours = balancer(dict.fromkeys(names, 1), {"name": "rendezvous", "compatible": "pymemcache"})
        agrees(ours, RendezvousHash(list(names)).get_node)


def test_rendezvous_goes_on_agreeing_as_nodes_come_and_go() -> None:
    """The same changes in both."""
    theirs = RendezvousHash(list(NAMES))
    ours = balancer(dict.fromkeys(NAMES, 1), {"name": "rendezvous", "compatible": "pymemcache"})
    for gone in (NAMES[0], NAMES[5]):
        theirs.remove_node(gone)
        ours.remove(gone)
        agrees(ours, theirs.get_node)
    theirs.add_node("new:1")
    ours.add(Node("192.0.2.77:1", id="new:1"))
    agrees(ours, theirs.get_node)


def test_pymemcaches_client_itself_goes_to_the_node_that_we_name() -> None:
    """Its names of nodes are `host:port`."""
    servers = [("10.0.0.1", 11211), ("10.0.0.2", 11211), ("10.0.0.3", 11212)]
    client = HashClient(servers)
    ours = balancer(
        {f"{host}:{port}": 1 for host, port in servers},
        {"name": "rendezvous", "compatible": "pymemcache"},
    )
    agrees(ours, client.hasher.get_node)
