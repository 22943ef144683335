"""Round robin: theorems 2.1.1 and 6.3.1, corrected."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly.theory.laws.ground import cluster, lend
from evenly.theory.laws.law import law, need


@law
def round_robin_exact(seed: int) -> str:
    """Of T picks the node picked r-th of m fit ones has ⌊T/m⌋ + [r < T mod m], wherever the picks begin."""
    rng = random.Random(seed)
    windows = 0
    for trial in range(30):
        count = rng.randint(1, 9)
        balancer = cluster(count, "round_robin", seed + trial)
        fit = rng.randint(1, count)
        for node in rng.sample(range(count), count - fit):
            balancer.drain(str(node))
        lent = [lend(balancer) for _ in range(6 * count)]
        for start in range(len(lent) - fit + 1):
            window = lent[start:]
            for r, node in enumerate(window[:fit]):
                total = len(window)
                windows += 1
                need(
                    window.count(node) == total // fit + (r < total % fit),
                    f"{fit} of {count} nodes are fit, {total} picks: {window}",
                )
    return f"{windows:,} nodes of windows over 1 to 9 fit nodes"


@law
def round_robin_windows(seed: int) -> str:
    """In every window of picks over fixed nodes the counts of two nodes differ by at most 1."""
    windows = 0
    for count in range(1, 13):
        balancer = cluster(count, "round_robin", seed + count)
        lent = [lend(balancer) for _ in range(5 * count)]
        for start in range(len(lent)):
            counts = [0] * count
            for node in lent[start:]:
                counts[node] += 1
                windows += 1
                need(max(counts) - min(counts) <= 1, f"{count} nodes: {counts} from pick {start}")
    return f"{windows:,} windows over 1 to 12 nodes"


@law
def round_robin_steps_over_the_dead(seed: int) -> str:
    """A node that cannot be lent is stepped over, and its turn doubles nobody's."""
    rng = random.Random(seed)
    for trial in range(40):
        count = rng.randint(2, 9)
        balancer = cluster(count, "round_robin", seed + trial)
        dead = set(rng.sample(range(count), rng.randint(1, count - 1)))
        for node in dead:
            balancer.drain(str(node))
        lent = [lend(balancer) for _ in range(4 * count)]
        alive = count - len(dead)
        for start in range(len(lent) - alive + 1):
            window = set(lent[start : start + alive])
            need(
                len(window) == alive and not window & dead,
                f"{count} nodes without {dead}: {lent}",
            )
    return "40 clusters with drained nodes: each living node once in as many picks as there are living ones"


@law
def round_robin_dispatchers(seed: int) -> str:
    """With D dispatchers that know nothing of each other a node's picks differ from T/k by less than D."""
    rng = random.Random(seed)
    worst = Fraction(0)
    for trial in range(20):
        count, dispatchers, most = rng.randint(2, 10), rng.randint(2, 30), rng.randint(1, 40)
        counts = [0] * count
        for number in range(dispatchers):
            balancer = cluster(count, "round_robin", seed + 1000 * trial + number)
            # As many picks each, or each as many as it likes.
            for _ in range(most if trial % 2 else rng.randint(0, most)):
                counts[lend(balancer)] += 1
        mean = Fraction(sum(counts), count)
        for node in counts:
            worst = max(worst, abs(node - mean) / dispatchers)
            need(abs(node - mean) < dispatchers, f"D = {dispatchers}: {counts}, mean {mean}")
    return f"20 fleets of 2 to 30 dispatchers; worst deviation {float(worst):.2f} D"


@law
def round_robin_variance(seed: int) -> str:
    """The variance of the counts over the nodes is r(k - r)/k² with r = T mod k, whatever T: at most 1/4."""
    looked = 0
    for count in range(1, 13):
        balancer = cluster(count, "round_robin", seed)
        counts = [0] * count
        for total in range(1, 6 * count):
            counts[lend(balancer)] += 1
            rest = total % count
            mean = Fraction(total, count)
            variance = sum((node - mean) ** 2 for node in counts) / count
            looked += 1
            need(
                variance == Fraction(rest * (count - rest), count**2) <= Fraction(1, 4),
                f"k = {count}, T = {total}: variance {variance}",
            )
    return f"{looked} pairs of k and T, exactly"
