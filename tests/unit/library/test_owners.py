"""Where keys live: asked without lending."""

from __future__ import annotations

import pytest

from evenly import Balancer, InvalidKey, InvalidStrategy, NoNodeAvailable, _engine

NODES = [f"10.0.0.{number}:80" for number in range(1, 6)]
KEYS: list[str | bytes | int] = ["user-42", b"user-43", 44, -(2**80), "ключ", ""]
HASHING = [entry["name"] for entry in _engine.strategies() if entry["uses_key"]]
every = pytest.mark.parametrize("name", HASHING)


@every
def test_an_owner_is_the_node_that_a_pick_would_be_lent(name: str) -> None:
    """For every kind of key, one by one and many at once, also while a node is out."""
    balancer = Balancer(NODES, strategy=name)
    for out in (None, NODES[2]):
        if out:
            balancer.drain(out)
        lent = [balancer.pick(key=key).id for key in KEYS]
        assert [balancer.owner(key) for key in KEYS] == lent
        assert balancer.owners(KEYS) == balancer.owners(iter(KEYS)) == lent


@every
def test_asking_takes_no_place_and_counts_no_pick(name: str) -> None:
    """It is a look, not a loan."""
    balancer = Balancer(NODES, strategy=name)
    balancer.owners(KEYS)
    balancer.owner("user-42")
    assert all(node.picks == node.in_flight == 0 for node in balancer.nodes)


@every
def test_with_nobody_fit_it_says_so_as_a_pick_does(name: str) -> None:
    """And no keys at all have no owners, which is no error."""
    balancer = Balancer(NODES[:1], strategy=name)
    balancer.drain(NODES[0])
    with pytest.raises(NoNodeAvailable, match="1 draining"):
        balancer.owner("a")
    with pytest.raises(NoNodeAvailable):
        balancer.owners(["a"])
    assert balancer.owners([]) == []


def test_only_hash_strategies_have_owners() -> None:
    """The message says which those are."""
    balancer = Balancer(NODES)
    with pytest.raises(InvalidStrategy, match=r'"power_of_two".*hash strategies'):
        balancer.owners(["a"])


def test_a_key_of_another_kind_is_refused() -> None:
    """As in a pick."""
    balancer = Balancer(NODES, strategy="maglev")
    with pytest.raises(InvalidKey):
        balancer.owners(["a", None])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        balancer.owners(7)  # type: ignore[arg-type]
