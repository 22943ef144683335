"""Maglev: exact shares from one table, the same everywhere; not monotone, and it says so."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from evenly import Balancer
from tests.laws.keys import KEYS, hashing, members, owners


def peak(nodes: int, table_size: int) -> float:
    """The greatest share of the keys, in terms of the mean."""
    names = {f"n{number}": 1 for number in range(nodes)}
    balancer = hashing(names, {"name": "maglev", "table_size": table_size})
    counts = Counter(balancer.owners(range(200_000)))
    return max(counts.values()) * nodes / 200_000


def test_the_fullest_node_has_its_share_of_the_table_rounded_up() -> None:
    """ceil(M/k)·k/M: at M = 101 and k = 10 that is 1.089; 200,000 keys add 5 standard deviations of 0.7 %."""
    assert abs(peak(10, 101) - 11 * 10 / 101) < 5 * (10 / 200_000) ** 0.5
    assert peak(10, 65_537) < 1.000_05 + 5 * (10 / 200_000) ** 0.5


@settings(max_examples=20)
@given(nodes=members)
def test_the_order_of_the_list_does_not_matter(nodes: dict[str, int]) -> None:
    """Turns go by the order of the names, so every caller fills the same table."""
    assert owners(hashing(nodes, "maglev")) == owners(
        hashing(dict(reversed(nodes.items())), "maglev")
    )


@settings(max_examples=20)
@given(nodes=members)
def test_a_drained_nodes_keys_come_back_to_it(nodes: dict[str, int]) -> None:
    """Health never touches the table: nobody else's keys move."""
    balancer = hashing(nodes, "maglev")
    before, out = owners(balancer), next(iter(nodes))
    balancer.drain(out)
    during = owners(balancer)
    balancer.undrain(out)
    assert out not in during.values()
    assert all(during[key] == before[key] for key in KEYS if before[key] != out)
    assert owners(balancer) == before


def test_a_node_that_leaves_also_moves_keys_between_those_that_stay() -> None:
    """Not monotone (the paper's own table of seven entries shows it), but the excess is a few in a thousand keys."""
    balancer = Balancer([f"10.0.0.{number}:80" for number in range(10)], strategy="maglev")
    keys = range(50_000)
    before = balancer.owners(keys)
    balancer.remove("10.0.0.4:80")
    after = balancer.owners(keys)
    moved = sum(a != b for a, b in zip(before, after, strict=True) if a != "10.0.0.4:80")
    assert 0 < moved < 0.0075 * 50_000
