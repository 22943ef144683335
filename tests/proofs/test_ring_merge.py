"""Merging a ring: while nodes join, leave and change weight the engine finds the owners on the proved, merged ring."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from evenly import Node
from evenly.balancer.virtual import VirtualClock
from evenly.theory import model
from evenly.theory.specs.rings import CIRCLES, counts
from evenly.theory.specs.xxh3 import xxh3
from tests.proofs.model import Coq, listed
from tests.proofs.test_ring import CIRCLE, ranked, scaled

POINTS = 4
MEETING = {"nginx": (1891, 18583), "ketama": (24870, 31919)}
"""Two nodes with a point at the same place, which happens once in 10^8 pairs: who is first there depends on rank."""


@dataclass
class Rings:
    """The changes of a ring, as the model is told them."""

    compatible: str
    owners: dict[int, int] = field(default_factory=dict)
    """How many points each node has now, in the order of the list."""
    changes: list[str] = field(default_factory=list)

    def renew(self, weights: dict[int, int]) -> None:
        """Write a change down: the ranks, who stays with as many points and under what number, the points of others."""
        members = tuple(model.Node(str(node), weight) for node, weight in weights.items())
        having = counts(self.compatible, POINTS, members)
        owners = {node: having[str(node)] for node in weights}
        order, ranks = list(weights), ranked(self.compatible, weights)
        stays = {node for node, points in self.owners.items() if owners.get(node) == points}
        moved = [f"Some {order.index(node)}" if node in stays else "None" for node in self.owners]
        circle = CIRCLES[self.compatible]
        new = [
            f"({scaled(place, circle.size)}%num, {order.index(node)})"
            for node in order
            if node not in stays
            for place in circle.points(str(node), owners[node], xxh3, 0)
        ]
        rank = [ranks.index(node) for node in order]
        self.changes.append(f"({listed(rank)}, {listed(moved)}, {listed(new)})")
        self.owners = owners

    def question(self, keys: Iterable[int]) -> str:
        """What the model is asked: for each ring, merged from the one before, the number of each key's owner."""
        circle = CIRCLES[self.compatible]
        each = (scaled(circle.place(str(key).encode(), xxh3, 0), circle.size) for key in keys)
        places = listed((place + circle.after) % CIRCLE for place in each)
        return (
            "let renew old change := let: (rank, moved, new) := change in"
            " renewed (nth 0 rank) (nth None moved) old new in"
            f" let rings := scanl renew [::] {listed(self.changes)} in"
            " [seq [seq ohead (map Ring.owner (Ring.clockwise ring key))"
            f" | key <- {places}%num] | ring <- rings]"
        )


def walk(compatible: str, seed: int, changes: int) -> tuple[str, list[list[int]]]:
    """Nodes join, leave and change weight at random; the model's question, and the engine's answer to it."""
    rng, rings = random.Random(seed), Rings(compatible)
    names = [*MEETING.get(compatible, ()), *rng.sample(range(60_000), 5)]
    weights = dict.fromkeys(names[:2], 1)
    keys = rng.sample(range(10**9), 60)

    def node(name: int) -> Node:
        return Node(f"10.0.0.{names.index(name)}:80", id=str(name), weight=weights[name])

    strategy = {"name": "consistent_hash", "virtual_nodes": POINTS, "compatible": compatible}
    balancer = VirtualClock(seed).balancer([node(name) for name in weights], strategy=strategy)
    answers = []
    for _ in range(changes):
        rings.renew(weights)
        order = [str(name) for name in weights]
        assert order == [view.id for view in balancer.nodes]
        answers.append([order.index(owner) for owner in balancer.owners(keys)])
        name = rng.choice(names)
        if name not in weights:
            weights[name] = rng.randint(1, 2)
            balancer.add(node(name))
        elif len(weights) > 2 and rng.random() < 0.4:
            del weights[name]
            balancer.remove(str(name))
        else:
            weights[name] = rng.randint(1, 2)
            balancer.update(str(name), weight=weights[name])
    return rings.question(keys), answers


def test_the_engine_finds_the_owners_on_the_proved_merged_ring(coq: Coq) -> None:
    """Key by key after each change, on rings of ours and of other libraries, with points that meet at one place."""
    walks = [walk(compatible, seed, 12) for compatible in CIRCLES for seed in range(4)]
    questions, answers = zip(*walks, strict=True)
    assert coq.compute_all("Ring RingMerge", questions) == list(answers)


def test_points_that_meet_are_told_apart_by_rank_alone() -> None:
    """The walks above pass over such a place: else ties would not be looked at."""
    for compatible, pair in MEETING.items():
        one, other = (set(CIRCLES[compatible].points(str(node), POINTS, xxh3, 0)) for node in pair)
        assert one & other
