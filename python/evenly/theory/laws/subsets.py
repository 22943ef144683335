"""Subsets: many callers, each of which keeps a few of the nodes."""

from __future__ import annotations

import random

from evenly.theory.laws.ground import cluster
from evenly.theory.laws.law import law, need


@law
def subsets_are_even(seed: int) -> str:
    """When every caller keeps `size` nodes by its place among the callers, two nodes' counts differ by at most 1."""
    rng = random.Random(seed)
    for _ in range(40):
        nodes, callers = rng.randint(1, 20), rng.randint(1, 25)
        size = rng.randint(1, nodes)
        counts = [0] * nodes
        for caller in range(callers):
            subset = {"size": size, "instance": caller, "instances": callers}
            kept = [int(node.id) for node in cluster(nodes, "random", seed, subset=subset).nodes]
            need(len(set(kept)) == size, f"caller {caller} of {callers} keeps {kept}")
            for node in kept:
                counts[node] += 1
        need(max(counts) - min(counts) <= 1, f"{callers} callers, {size} of {nodes}: {counts}")
    return "40 fleets of 1 to 25 callers over 1 to 20 nodes"
