"""The ring of consistent hashing: definition 2.3.1, corrected. Each law takes the points from their own definition."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from evenly.balancer.virtual import VirtualClock
from evenly.node import Node
from evenly.theory.laws.ground import lend, members
from evenly.theory.laws.law import law, need
from evenly.theory.specs.rings import CIRCLES
from evenly.theory.specs.xxh3 import xxh3

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evenly.balancer import Balancer

KEYS = 100


def next_clockwise(
    compatible: str, points: int, weights: dict[int, int], fit: Iterable[int], key: int
) -> int:
    """The node whose point is at the least clockwise distance from the key, ties by its id."""
    circle = CIRCLES[compatible]
    place = circle.place(str(key).encode(), xxh3, 0) + circle.after
    _, node = min(
        ((point - place) % circle.size, str(node))
        for node in fit
        for point in circle.points(str(node), points * weights[node], xxh3, 0)
    )
    return int(node)


def ring(points: int, weights: dict[int, int], seed: int, compatible: str = "none") -> Balancer:
    """A ring of these nodes, with so many points for each unit of weight."""
    nodes = [
        Node(f"10.0.0.{node}:80", id=str(node), weight=weight) for node, weight in weights.items()
    ]
    options = {"name": "consistent_hash", "virtual_nodes": points, "compatible": compatible}
    return VirtualClock(seed).balancer(nodes, strategy=options)


@law
def next_point_clockwise(seed: int) -> str:
    """A key's node is that of the point at the least clockwise distance from it, past the last point the first."""
    rng, keys = random.Random(seed), 0
    for compatible in CIRCLES:
        for points in (4, 8):
            weights = dict.fromkeys(range(rng.randint(1, 9)), 1)
            if compatible != "ketama":
                weights = {node: rng.randint(1, 3) for node in weights}
            balancer = ring(points, weights, seed, compatible)
            for key in rng.sample(range(10**9), KEYS):
                found = lend(balancer, key)
                right = next_clockwise(compatible, points, weights, weights, key)
                said = f"{compatible}, {points} points, {weights}: {key} is {found}, not {right}"
                need(found == right, said)
                keys += 1
    return f"{keys:,} keys on {2 * len(CIRCLES)} rings, of ours and of other libraries"


@law
def next_point_steps_over_the_unfit(seed: int) -> str:
    """While nodes are out, a key's node is the one it would have if only the others were there."""
    rng, keys = random.Random(seed), 0
    for points in (1, 2, 5, 9):
        weights = {node: rng.randint(1, 3) for node in range(rng.randint(2, 9))}
        balancer = ring(points, weights, seed)
        fit = set(rng.sample(list(weights), rng.randint(1, len(weights) - 1)))
        for node in weights.keys() - fit:
            balancer.drain(str(node))
        for key in rng.sample(range(10**9), KEYS):
            found, right = lend(balancer, key), next_clockwise("none", points, weights, fit, key)
            said = f"{points} points, {weights}, fit {fit}: {key} is {found}, not {right}"
            need(found == right, said)
            keys += 1
    return f"{keys:,} keys on 4 rings with nodes out"


@law
def merged_ring_is_built_anew(seed: int) -> str:
    """Nodes join, leave and change weight: the ring they were merged into gives each key the node of a new ring."""
    rng, rings = random.Random(seed), 0
    for points in (1, 3, 40):
        weights = {0: 1}
        balancer = ring(points, weights, seed)
        for _ in range(30):
            node = rng.randrange(9)
            if node not in weights:
                weights[node] = rng.randint(1, 3)
                balancer.add(members([1] * node + [weights[node]])[-1])
            elif len(weights) > 1 and rng.random() < 0.5:
                del weights[node]
                balancer.remove(str(node))
            else:
                weights[node] = rng.randint(1, 3)
                balancer.update(str(node), weight=weights[node])
            kept, anew = balancer.owners(range(KEYS)), ring(points, weights, seed + 1)
            need(kept == anew.owners(range(KEYS)), f"{points} points, {weights}: keys differ")
            rings += 1
    return f"{rings} rings of {KEYS} keys, after as many changes"
