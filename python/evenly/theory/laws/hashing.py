"""Hashing: theorem 2.3.1, corrected; the laws run on every strategy that keeps keys in place."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

from evenly.theory.laws.ground import cluster, lend, members
from evenly.theory.laws.law import law, need

if TYPE_CHECKING:
    from evenly.balancer import Balancer

KEYS = 400


MONOTONE = ("consistent_hash", "rendezvous", "anchor")
"""Strategies by which neither a join nor a departure moves a key between two nodes that stay."""
ORDERED = ("consistent_hash", "rendezvous")
"""Strategies by which a key has an order of its own over the nodes, which hangs on nothing but these."""
JOINS_ONLY = ("jump",)
"""By these only the last of the list can leave so."""
PLACES = (*MONOTONE, *JOINS_ONLY, "maglev")
"""All that place a key by a hash of their own. `slots` are Redis Cluster's, and move as its ranges do."""


def owners(balancer: Balancer, keys: int = KEYS) -> list[int]:
    """Ask for each key's node."""
    return [lend(balancer, key) for key in range(keys)]


@law
def affinity(seed: int) -> str:
    """The same key goes to the same node for as long as the nodes stand, from any balancer with the same nodes."""
    for name in PLACES:
        one, other = cluster(7, name, seed), cluster(7, name, seed + 1)
        first = owners(one)
        need(first == owners(one) == owners(other), f"{name}: a key moved while nothing changed")
    return f"{KEYS} keys, three times, on {', '.join(PLACES)}"


@law
def every_key_has_a_node(seed: int) -> str:
    """While there is a node every key has one: none falls off the end of a ring, and none into a gap of a table."""
    for name in PLACES:
        for count in (1, 2, 5):
            lent = owners(cluster(count, name, hash_seed=seed))
            need(len(lent) == KEYS, f"{name}: {len(lent)} of {KEYS} keys have a node")
    for ring in range(20):
        strategy = {"name": "consistent_hash", "virtual_nodes": 1}
        lent = owners(cluster(2, strategy, hash_seed=20 * seed + ring))
        need(len(lent) == KEYS, f"two points: {len(lent)} of {KEYS} keys have a node")
    return f"{KEYS} keys each, on {', '.join(PLACES)}, and on 20 rings of two points"


@law
def out_is_as_if_gone(seed: int) -> str:
    """A node that is passed over is to every key as if it had never been listed."""
    rng, gone = random.Random(seed), 0
    for name in ORDERED:
        for trial in range(15):
            weights = [rng.randint(1, 4) for _ in range(rng.randint(2, 8))]
            passed, left = (cluster(weights, name, hash_seed=seed + trial) for _ in range(2))
            for node in rng.sample(range(len(weights)), rng.randint(1, len(weights) - 1)):
                passed.drain(str(node))
                left.remove(str(node))
                gone += 1
                need(owners(passed) == owners(left), f"{name} {weights}: without {node}")
    return f"{gone} nodes drained here and removed there, {KEYS} keys each time, on {', '.join(ORDERED)}"


@law
def joining_is_monotone(seed: int) -> str:
    """After a node has joined, a key is where it was, or on the new node."""
    rng, moved = random.Random(seed), 0
    for name in (*MONOTONE, *JOINS_ONLY):
        for trial in range(15):
            weights = [rng.randint(1, 4) for _ in range(rng.randint(2, 8))]
            new = len(weights) - 1
            balancer = cluster(weights[:-1], name, hash_seed=seed + trial)
            before = owners(balancer)
            balancer.add(members(weights)[-1])
            for key, (old, now) in enumerate(zip(before, owners(balancer), strict=True)):
                moved += old != now
                need(now in (old, new), f"{name} {weights}: key {key} went from {old} to {now}")
    joins = 15 * len((*MONOTONE, *JOINS_ONLY))
    return f"{joins} joins, {moved:,} of {joins * KEYS:,} keys moved, each to the new node"


@law
def leaving_is_minimal(seed: int) -> str:
    """After a node has left, only its own keys are elsewhere."""
    rng = random.Random(seed)
    for name in (*MONOTONE, *JOINS_ONLY):
        for trial in range(15):
            weights = [rng.randint(1, 4) for _ in range(rng.randint(2, 8))]
            gone = len(weights) - 1 if name in JOINS_ONLY else rng.randrange(len(weights))
            balancer = cluster(weights, name, hash_seed=seed + trial)
            before = owners(balancer)
            balancer.remove(str(gone))
            for key, (old, now) in enumerate(zip(before, owners(balancer), strict=True)):
                need(now == old or old == gone, f"{name} {weights}: key {key} left {old} for {now}")
    return (
        f"{15 * len((*MONOTONE, *JOINS_ONLY))} departures: no key of a node that stayed has moved"
    )


@law
def reweighing_is_monotone(seed: int) -> str:
    """When a node grows heavier a key stays or moves to it; when it grows lighter only its own keys move."""
    rng = random.Random(seed)
    for name in MONOTONE:
        for trial in range(15):
            weights = [rng.randint(1, 4) for _ in range(rng.randint(2, 8))]
            node = rng.randrange(len(weights))
            heavier = weights[node] + rng.randint(1, 3)
            balancer = cluster(weights, name, hash_seed=seed + trial)
            for weight in (heavier, weights[node]):
                before = owners(balancer)
                balancer.update(str(node), weight=weight)
                for key, (old, now) in enumerate(zip(before, owners(balancer), strict=True)):
                    changed = now if weight == heavier else old
                    need(
                        now == old or changed == node,
                        f"{name} {weights}: key {key} went from {old} to {now}, the weight was {node}'s",
                    )
    return f"{15 * len(MONOTONE)} nodes made heavier and lighter again: no key moved between others"


@law
def new_node_share(seed: int) -> str:
    """The share of keys that moves to the (k+1)th of equal nodes is 1/(k+1) on average."""
    for count in (1, 2, 3, 5):
        nodes = count + 1
        first = sum(order[0] == count for order in permutations(range(nodes)))
        every = sum(1 for _ in permutations(range(nodes)))
        need(Fraction(first, every) == Fraction(1, nodes), f"k = {count}: {first} of {every}")
    rings, worst, parts = 60, 0.0, 100
    for count in (1, 3, 9):
        moved = 0
        for ring in range(rings):
            options = {"name": "consistent_hash", "virtual_nodes": parts}
            balancer = cluster(count, options, hash_seed=1000 * seed + ring)
            before = owners(balancer)
            balancer.add(members(count + 1)[-1])
            moved += sum(a != b for a, b in zip(before, owners(balancer), strict=True))
        share = 1 / (count + 1)
        # The new node's part of a ring is Beta(v, k v); the keys that fall into it are binomial given that.
        arc = share * (1 - share) / (parts * (count + 1) + 1)
        spread = arc + (share * (1 - share) - arc) / KEYS
        sigma = (spread / rings) ** 0.5
        worst = max(worst, abs(moved / rings / KEYS - share) / sigma)
        need(worst <= 5, f"k = {count}: {moved / rings / KEYS:.4f} moved, {share:.4f} expected")
    return f"all rankings of 2 to 6 nodes, exactly; 3 × {rings} rings, worst {worst:.1f} standard deviations of 5"
