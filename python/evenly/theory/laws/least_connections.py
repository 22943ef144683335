"""Least connections: theorem 2.2.1, corrected."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING

from evenly import _engine
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, drained, give_back, lend
from evenly.theory.laws.law import law, need

if TYPE_CHECKING:
    from collections.abc import Sequence


def levels(capacities: Sequence[int], most: int) -> list[Fraction]:
    """The least max x_i / C_i that any placing of 0, 1, …, `most` connections has: places, cheapest first."""
    places = [Fraction(place, size) for size in capacities for place in range(1, most + 1)]
    return [Fraction(0), *sorted(places)[:most]]


@law
def least_connections_lends_a_least(seed: int) -> str:
    """The lent node has the least (in flight + 1) / weight of all that may be lent; nobody is lent only if none may."""
    rng = random.Random(seed)
    picks = 0
    for trial in range(30):
        # Both the scan of few nodes and the tree of many.
        count = 50 if trial % 5 == 0 else rng.randint(1, 10)
        weights = [rng.randint(1, 9) for _ in range(count)]
        limits = [rng.randint(1, 5) for _ in range(count)]
        balancer = cluster(weights, "least_connections", seed + trial, capacities=limits)
        drained = set(rng.sample(range(count), rng.randint(0, count - 1)))
        for node in drained:
            balancer.drain(str(node))
        held: list[_engine.Pick] = []
        for _ in range(4 * count):
            loads = [node.in_flight for node in balancer.nodes]
            levels = {
                node: Fraction(loads[node] + 1, weights[node])
                for node in set(range(count)) - drained
                if loads[node] < limits[node]
            }
            picks += 1
            try:
                held.append(balancer.pick())
            except NoNodeAvailable:
                need(not levels, f"loads {loads}, capacities {limits}: nobody was lent")
                give_back(held.pop(rng.randrange(len(held))))
                continue
            lent = int(held[-1].id)
            need(
                levels.get(lent) == min(levels.values(), default=None), f"{levels}: {lent} was lent"
            )
            if rng.random() < 0.3:
                give_back(held.pop(rng.randrange(len(held))))
    return f"{picks:,} picks over 1 to 50 nodes, some drained and some full"


@law
def least_connections_peak(seed: int) -> str:
    """The running peak of x_i / C_i is the least that any policy can reach, even one that knows the future."""
    rng = random.Random(seed)
    events = 0
    for trial in range(40):
        weights = [rng.randint(1, 9) for _ in range(rng.randint(1, 8))]
        if trial % 4 == 0:
            weights = [1] * len(weights)
        least = levels(weights, 60)
        balancer = cluster(weights, "least_connections", seed + trial)
        held = [balancer.pick()]
        peak = needed = Fraction(0)
        for _ in range(150):
            loads = [
                Fraction(node.in_flight, weight)
                for node, weight in zip(balancer.nodes, weights, strict=True)
            ]
            peak, needed = max(peak, *loads), max(needed, least[len(held)])
            events += 1
            need(peak == needed, f"weights {weights}: peak {peak}, possible {needed}")
            if held and (len(held) == 60 or rng.random() < 0.45):
                give_back(held.pop(rng.randrange(len(held))))
            else:
                held.append(balancer.pick())
    return f"{events:,} states of 40 clusters: the peak is the clairvoyant's"


@law
def least_connections_arrivals(seed: int) -> str:
    """While nobody leaves, counts over equal nodes differ by at most 1: the split is the best there is."""
    for count in range(1, 20):
        balancer = cluster(count, "least_connections", seed)
        held: list[_engine.Pick] = []
        for _ in range(3 * count):
            held.append(balancer.pick())
            loads = [node.in_flight for node in balancer.nodes]
            need(max(loads) - min(loads) <= 1, f"{count} nodes: {loads}")
    return "every prefix of 3k arrivals on 1 to 19 nodes"


@law
def least_connections_ties(seed: int) -> str:
    """Among m idle nodes each is picked with probability 1/m: a tie falls to chance, not to the first of the list."""
    picks, worst = 3000, 0.0
    for idle in (2, 3, 5):
        balancer = cluster(6, "least_connections", seed)
        # The others are busy for the whole run.
        with drained(balancer, range(idle)):
            busy = [balancer.pick() for _ in range(6 - idle)]
        counts = [0] * 6
        for _ in range(picks):
            counts[lend(balancer)] += 1
        sigma = (picks * (1 / idle) * (1 - 1 / idle)) ** 0.5
        for node in counts[:idle]:
            worst = max(worst, abs(node - picks / idle) / sigma)
        need(sum(counts[idle:]) == 0, f"busy nodes were picked: {counts}")
        need(worst <= 5, f"{idle} idle nodes: {counts}, {worst:.1f} standard deviations off")
        del busy
    return f"3 × {picks:,} ties; worst {worst:.1f} standard deviations of 5"
