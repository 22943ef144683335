"""Maglev (entry E.8): its table, read off the engine entry by entry."""

from __future__ import annotations

import random
from itertools import islice
from typing import TYPE_CHECKING

from evenly.theory.laws.ground import cluster
from evenly.theory.laws.law import law, need
from evenly.theory.specs.maglev import filled
from evenly.theory.specs.xxh3 import xxh3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.balancer import Balancer

SIZES = (7, 11, 101, 251, 1009)
"""Prime numbers of entries."""
THE_PAPERS = 4081
"""With this `hash_seed` three nodes called B0, B1 and B2 have the orders of the paper's figure 3 over 7 entries."""


def read(balancer: Balancer, size: int, hash_seed: int) -> list[str]:
    """Ask for the node of each entry: for each, a key is sought that falls there."""
    keys: dict[int, bytes] = {}
    number = 0
    while len(keys) < size:
        key = b"%d" % number
        keys.setdefault(xxh3(hash_seed, key) * size >> 64, key)
        number += 1
    return list(balancer.owners([keys[entry] for entry in range(size)]))


def tables(seed: int, weights: tuple[int, ...]) -> Iterator[tuple[int, list[int], int, list[str]]]:
    """Size, weights, hash seed and table of random clusters in which everybody's share is an entry or more."""
    rng = random.Random(seed)
    while True:
        size, hash_seed = rng.choice(SIZES), rng.randrange(1000)
        drawn = [rng.choice(weights) for _ in range(rng.randint(1, min(10, size)))]
        if sum(drawn) <= size * min(drawn):
            strategy = {"name": "maglev", "table_size": size}
            balancer = cluster(drawn, strategy, hash_seed=hash_seed)
            yield size, drawn, hash_seed, read(balancer, size, hash_seed)


@law
def maglev_is_even(seed: int) -> str:
    """By `maglev` each of k equal nodes has ⌊M/k⌋ of the M entries, the first M mod k of them by name one more."""
    for size, weights, _, table in islice(tables(seed, (3,)), 40):
        count = len(weights)
        entries = [table.count(str(node)) for node in range(count)]
        expected = [size // count + (node < size % count) for node in range(count)]
        need(entries == expected, f"M = {size}, k = {count}: {entries}")
        need(max(entries) * count < size + count, f"M = {size}, k = {count}: {entries} are uneven")
    keys, worst = 60_000, 0.0
    for count, size in ((10, 101), (10, 65_537)):
        lent = cluster(count, {"name": "maglev", "table_size": size}, hash_seed=seed)
        owners = lent.owners(range(keys))
        for node in range(count):
            share = (size // count + (node < size % count)) / size
            sigma = (share * (1 - share) / keys) ** 0.5
            worst = max(worst, abs(owners.count(str(node)) / keys - share) / sigma)
            need(worst <= 5, f"k = {count}, M = {size}: node {node} has not its share of the keys")
    return f"40 tables, exactly; {keys:,} keys over 2 tables, worst {worst:.1f} standard deviations of 5"


@law
def maglev_shares(seed: int) -> str:
    """By `maglev` each node has its share M w / W of the M entries, rounded down or up, and one at least."""
    for size, weights, _, table in islice(tables(seed, (1, 2, 3, 5, 9, 40)), 60):
        total = sum(weights)
        for node, weight in enumerate(weights):
            entries = table.count(str(node))
            need(
                size * weight // total <= entries <= -(-size * weight // total) and entries >= 1,
                f"M = {size}, weights {weights}: node {node} has {entries} entries",
            )
        need(len(table) == size, f"M = {size}, weights {weights}: {len(table)} entries")
    return "60 tables, each entry of each"


@law
def maglev_fills_by_turns(seed: int) -> str:
    """Each turn of `maglev` takes the first free entry of a node's order, and there is one until the table is full."""
    for size, weights, hash_seed, table in islice(tables(seed, (1, 2, 3, 5)), 60):
        named = tuple((str(node), weight) for node, weight in enumerate(weights))
        need(
            tuple(table) == filled(xxh3, hash_seed, size, named),
            f"M = {size}, weights {weights}, hash_seed {hash_seed}: the table is another",
        )
    return "60 tables, entry by entry"


@law
def maglev_moves_others(seed: int) -> str:
    """By `maglev` the paper's table 1010220 becomes 0000222 when B1 leaves: an entry of B0, who stays, goes to B2."""
    balancer = cluster(1, {"name": "maglev", "table_size": 7}, seed, hash_seed=THE_PAPERS)
    for name in ("B0", "B1", "B2"):
        balancer.add({"address": "10.1.0.1:80", "id": name})
    balancer.remove("0")
    for expected in ("1010220", "0000222"):
        found = "".join(name[1] for name in read(balancer, 7, THE_PAPERS))
        need(found == expected, f"{found} in place of {expected}")
        if expected == "1010220":
            balancer.remove("B1")
    return "both tables, 7 entries each"
