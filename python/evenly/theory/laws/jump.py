"""Jump consistent hashing (entry E.13): shares. That it is monotone is a law of `hashing`."""

from __future__ import annotations

import random
from itertools import pairwise

from evenly.theory.laws.ground import cluster, members
from evenly.theory.laws.hashing import owners
from evenly.theory.laws.law import law, need
from evenly.theory.specs.xxh3 import xxh3

KEYS = 20_000
MULTIPLIER = 2862933555777941757
"""Of the generator of draws that the paper gives."""


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


@law
def jump_leaps(seed: int) -> str:
    """Each leap of `jump` ends at most one bucket beside the exact quotient ⌊(b + 1) 2^31 / draw⌋."""
    nodes, leaps, exactly = members(80), 0, 0
    balancer = cluster(1, "jump", hash_seed=seed)
    homes = [owners(balancer, 400)]
    for node in nodes[1:]:
        balancer.add(node)
        homes.append(owners(balancer, 400))
    for key, landings in enumerate(zip(*homes, strict=True)):
        state = xxh3(seed, b"%d" % key)
        for bucket, landed in pairwise(dict.fromkeys(landings)):
            state = (state * MULTIPLIER + 1) % 2**64
            exact = (bucket + 1) * 2**31 // ((state >> 33) + 1)
            need(abs(landed - exact) <= 1, f"key {key}: from {bucket} to {landed}, not {exact}")
            leaps, exactly = leaps + 1, exactly + (landed == exact)
    return f"{leaps:,} leaps among 80 buckets, {exactly:,} exactly"
