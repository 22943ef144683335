"""Rendezvous by weight: theorem E.7. Exact shares, without a table."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

from evenly.theory.laws.ground import cluster, lend
from evenly.theory.laws.law import law, need


@law
def rendezvous_shares(seed: int) -> str:
    """By rendezvous a key is node i's with probability exactly w_i/W, and a heavier node takes keys only to itself."""
    keys, worst = 6000, 0.0
    for weights in ([1, 2, 5], [1, 1, 1, 1], [40, 1]):
        balancer = cluster(weights, "rendezvous", hash_seed=seed)
        before = [lend(balancer, key) for key in range(keys)]
        for node, weight in enumerate(weights):
            share = weight / sum(weights)
            sigma = (keys * share * (1 - share)) ** 0.5
            worst = max(worst, abs(before.count(node) - keys * share) / sigma)
        need(worst <= 5, f"weights {weights}: {worst:.1f} standard deviations off")
        balancer.update("0", weight=weights[0] + 1)
        after = [lend(balancer, key) for key in range(keys)]
        need(
            all(now in (old, 0) for old, now in zip(before, after, strict=True)),
            f"weights {weights}: a key moved between nodes whose weight stood",
        )
    return f"3 × {keys:,} keys; worst {worst:.1f} standard deviations of 5"


@law
def tickets_share(seed: int) -> str:
    """Of all rankings of W tickets w/W begin with one of a node's w; so does a key's way round a ring, on average."""
    for weights in ([1, 2, 3], [1, 2, 1], [2, 5], [1, 1, 1, 1]):
        owners = [node for node, weight in enumerate(weights) for _ in range(weight)]
        firsts = [owners[order[0]] for order in permutations(range(len(owners)))]
        for node, weight in enumerate(weights):
            share = Fraction(firsts.count(node), len(firsts))
            need(share == Fraction(weight, len(owners)), f"{weights}: node {node} has {share}")
    rings, worst = 1500, 0.0
    for weights, points in (([1, 2, 3], 1), ([5, 1], 3)):
        strategy = {"name": "consistent_hash", "virtual_nodes": points}
        # One key on each ring: the rings are independent of each other, the keys of one ring are not.
        lent = [
            lend(cluster(weights, strategy, hash_seed=rings * seed + ring), "key")
            for ring in range(rings)
        ]
        for node, weight in enumerate(weights):
            expected = weight / sum(weights)
            sigma = (expected * (1 - expected) / rings) ** 0.5
            worst = max(worst, abs(lent.count(node) / rings - expected) / sigma)
    need(worst <= 5, f"{worst:.1f} standard deviations off")
    return f"4 sets of weights, exactly; 2 × {rings:,} rings, worst {worst:.1f} standard deviations of 5"
