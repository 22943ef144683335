"""The ring: the engine finds the owner that the proved search finds among the same points."""

from __future__ import annotations

import random
from collections.abc import Iterable

from evenly.theory.laws.ring import ring
from evenly.theory.specs.rings import CIRCLES
from evenly.theory.specs.xxh3 import xxh3
from tests.proofs.model import Coq

CIRCLE = 1 << 64


def scaled(place: int, size: int) -> int:
    """Where the engine, whose circle has 2^64 places, puts a place of a smaller or larger circle."""
    return place * CIRCLE // size


def ranked(compatible: str, nodes: Iterable[int]) -> list[int]:
    """The nodes as they come before each other at one place: by id, or as they are listed, or the last listed first."""
    match compatible:
        case "none" | "uhashring":
            return sorted(nodes, key=str)
        case "ketama":
            return list(nodes)[::-1]
    return list(nodes)


def question(
    compatible: str, weights: dict[int, int], fit: set[int], points: int, keys: list[int]
) -> str:
    """What the model is asked: for each key the rank of the first fit node on the way around the circle."""
    circle, ranks = CIRCLES[compatible], ranked(compatible, weights)
    each = "; ".join(
        f"({scaled(place, circle.size)}%num, {ranks.index(node)})"
        for node, weight in weights.items()
        for place in circle.points(str(node), points * weight, xxh3, 0)
    )
    places = "; ".join(
        str((scaled(circle.place(str(key).encode(), xxh3, 0), circle.size) + circle.after) % CIRCLE)
        for key in keys
    )
    may = "; ".join(str(ranks.index(node)) for node in fit)
    return (
        f"let points := Ring.ring [:: {each}] in let fit := [:: {may}] in"
        " [seq ohead [seq rank <- map Ring.owner (Ring.clockwise points key) | rank \\in fit]"
        f" | key <- [:: {places}]%num]"
    )


def test_the_engine_finds_the_node_that_the_proved_search_finds(coq: Coq) -> None:
    """Key by key, on rings of ours and of other libraries, with nodes out and with none out."""
    rng = random.Random(3)
    questions, answers = [], []
    for compatible in CIRCLES:
        for count in (1, 2, 5, 9):
            weights = dict.fromkeys(rng.sample(range(100), count), 1)
            if compatible != "ketama":
                weights = {node: rng.randint(1, 3) for node in weights}
            fit = set(rng.sample(list(weights), rng.randint(1, count)))
            balancer = ring(4, weights, 0, compatible)
            for node in weights.keys() - fit:
                balancer.drain(str(node))
            keys = rng.sample(range(10**9), 100)
            questions.append(question(compatible, weights, fit, 4, keys))
            ranks = ranked(compatible, weights)
            answers.append([ranks.index(int(node)) for node in balancer.owners(keys)])
    assert coq.compute_all("Ring", questions) == answers
