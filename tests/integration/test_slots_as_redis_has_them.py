"""`slots` beside redis-py: the slot of every key, and the node of every slot in a cluster as redis-cli creates it."""

from __future__ import annotations

import struct

import pytest
from redis.cluster import parse_cluster_slots
from redis.crc import key_slot

from evenly import Balancer, Node

KEYS = [
    *(f"user:{number}" for number in range(20_000)),
    *(f"{{user:{number}}}.cart" for number in range(2_000)),
    *(f"a{{b{number}}}c{{d}}" for number in range(500)),
    *("", "{}", "{}x", "foo{}{bar}", "foo{{bar}}zap", "}{", "{", "}", "a{b", "ключ", "{ключ}1"),
]


def single(number: float) -> float:
    """The number in single precision, as redis-cli keeps the length of a range."""
    rounded: float = struct.unpack("f", struct.pack("f", number))[0]
    return rounded


def created(count: int) -> list[tuple[int, int]]:
    """First and last slot of each master: `clusterManagerCommandCreate` of redis-cli 7, line by line."""
    length, cursor, first, ranges = single(16384 / count), 0.0, 0, []
    for master in range(count):
        last = int(cursor + length - 1 + 0.5)
        if last > 16384 or master == count - 1:
            last = 16383
        last = max(last, first)
        ranges.append((first, last))
        first = last + 1
        cursor += length
    return ranges


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 9, 12, 31, 100, 333, 1000])
def test_every_key_lives_where_a_redis_cluster_has_it(count: int) -> None:
    """redis-py's slot of the key, looked up in its own table of what `CLUSTER SLOTS` answers."""
    names = [f"10.1.{number >> 8}.{number & 255}:6379" for number in range(count)]
    reply = [
        [first, last, [name.encode().partition(b":")[0], 6379]]
        for name, (first, last) in zip(names, created(count), strict=True)
    ]
    table = {
        slot: "{}:{}".format(*entry["primary"])
        for (first, last), entry in parse_cluster_slots(reply).items()
        for slot in range(first, last + 1)
    }
    assert len(table) == 16384
    ours = Balancer([Node(name) for name in names], strategy="slots")
    theirs = [table[key_slot(key.encode())] for key in KEYS]
    assert ours.owners(KEYS) == theirs


def test_the_ranges_of_three_masters_are_the_well_known_ones() -> None:
    """What every tutorial shows redis-cli to print."""
    assert created(3) == [(0, 5460), (5461, 10922), (10923, 16383)]
