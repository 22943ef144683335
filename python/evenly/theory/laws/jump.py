"""Jump consistent hashing (entry E.13): shares. That it is monotone is a law of `hashing`."""

from __future__ import annotations

import random

from evenly.theory.laws.ground import cluster, members
from evenly.theory.laws.hashing import owners
from evenly.theory.laws.law import law, need

KEYS = 20_000


@law
def jump_shares(seed: int) -> str:
    """By `jump` each node has its share w/W of the keys, and just as many move when a node is added at the end."""
    rng, worst = random.Random(seed), 0.0
    for trial in range(12):
        weights = [rng.randint(1, 6) for _ in range(rng.randint(2, 9))]
        new, total = len(weights) - 1, sum(weights)
        balancer = cluster(weights[:-1], "jump", hash_seed=100 * seed + trial)
        before = owners(balancer, KEYS)
        balancer.add(members(weights)[-1])
        after = owners(balancer, KEYS)
        for node, weight in enumerate(weights):
            share = weight / total
            sigma = (share * (1 - share) / KEYS) ** 0.5
            worst = max(worst, abs(after.count(node) / KEYS - share) / sigma)
        moved = sum(old != now for old, now in zip(before, after, strict=True))
        need(moved == after.count(new), f"{weights}: {moved} keys moved, not those of the new node")
        need(worst <= 5, f"{weights}: {worst:.1f} standard deviations from the shares")
    return f"12 lists, {KEYS:,} keys each, worst {worst:.1f} standard deviations of 5"
