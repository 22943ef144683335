"""Prequal: no hot node while a cold one is known, and failing fast is no speed."""

from __future__ import annotations

from evenly import Node
from evenly.testing import VirtualClock
from tests.laws.clusters import cluster, give_back


def test_the_node_with_most_in_flight_is_not_lent_while_its_load_is_unusual() -> None:
    """Of twenty nodes one holds some ten requests and the others none: above the 84 % quantile of the last 64 sights.

    Its sights are a twentieth, 3 in 64 on average, and the quantile lies with the idle ones unless 11 of 64 are its
    own: with probability below C(64, 11) / 20^11 = 4e-3.
    """
    balancer = cluster(20, "prequal", 3)
    held = [balancer.pick() for _ in range(200)]
    busy = held[0].id
    for pick in held:
        if pick.id != busy:
            give_back(pick)
    lent = 0
    for _ in range(1000):
        pick = balancer.pick()
        lent += pick.id == busy
        give_back(pick)
    # The first 21 picks still reckon with what was seen when all were busy.
    assert lent <= 21 + 10


def test_a_node_that_fails_at_once_gets_one_try_a_second() -> None:
    """The sinkhole: errors in no time look like an idle, fast node. Without ejection too they attract nothing."""
    clock = VirtualClock(2)
    nodes = [Node(f"10.0.0.{at + 1}:80", id=str(at)) for at in range(6)]
    balancer = clock.balancer(nodes, strategy="prequal", ejection=None)
    tries = [0] * 20
    for turn in range(20_000):
        clock.advance(0.001)
        with balancer.pick() as pick:
            if pick.id == "0":
                tries[turn // 1000] += 1
                pick.fail()
    # Six picks of the walk in the first second, and one more before two failures are known.
    assert tries[0] <= 3
    assert all(count <= 1 for count in tries[1:])
    assert sum(tries) >= 15


def test_the_faster_of_the_cold_is_lent() -> None:
    """One request at a time finds everybody cold: after one answer of each, the fastest known has nearly all."""
    clock = VirtualClock(5)
    nodes = [Node(f"10.0.0.{at + 1}:80", id=str(at)) for at in range(3)]
    balancer = clock.balancer(nodes, strategy="prequal")
    counts = [0] * 3
    for _ in range(3000):
        with balancer.pick() as pick:
            counts[int(pick.id)] += 1
            clock.advance(0.001 * 4 ** int(pick.id))
    # All three are seen at each pick. The others have one pick a second to show that they are no better, and some
    # 3000 picks of the first take 3 s, those of the walk 20 ms each.
    assert counts[1] + counts[2] <= 12
