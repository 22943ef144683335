"""Chance: what is true of `random` and `power_of_two`."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly import _engine
from evenly.theory.closed import power_of_d
from evenly.theory.laws.ground import cluster, drained, give_back, lend, subsets
from evenly.theory.laws.law import law, need


@law
def random_share(seed: int) -> str:
    """`random` picks node i with probability w_i/W, and its count after T picks has variance T p (1 - p)."""
    weights, picks, runs = [5, 1, 1], 200, 300
    total = sum(weights)
    balancer = cluster(weights, "random", seed)
    sums, squares = [0.0] * 3, [0.0] * 3
    for _ in range(runs):
        counts = [0] * 3
        for _ in range(picks):
            counts[lend(balancer)] += 1
        for node, weight in enumerate(weights):
            off = counts[node] - picks * weight / total
            sums[node] += off
            squares[node] += off * off
    worst = 0.0
    for node, weight in enumerate(weights):
        p = weight / total
        variance = picks * p * (1 - p)
        mean_off = abs(sums[node] / runs) / (variance / runs) ** 0.5
        # Var of the square of a binomial's deviation: fourth moment less squared variance.
        fourth = variance * (1 + 3 * (picks - 2) * p * (1 - p)) - variance**2
        square_off = abs(squares[node] / runs - variance) / (fourth / runs) ** 0.5
        worst = max(worst, mean_off, square_off)
    need(worst <= 5, f"weights {weights}: {worst:.1f} standard deviations off")
    return f"{runs} × {picks} picks over 5:1:1; worst {worst:.1f} standard deviations of 5"


@law
def the_busiest_is_never_lent(seed: int) -> str:
    """Two or more different nodes are drawn, so the one busiest of all gets nothing; its chance is 0, not 1/n²."""
    rng = random.Random(seed)
    looked = 0
    for trial in range(30):
        count = rng.randint(2, 8)
        # Of two or three nodes a draw of three might find one node only, though it tries twelve times.
        choices = 2 + trial % 2 * (count >= 4)
        strategy = {"name": "power_of_two", "load": "in_flight", "choices": choices}
        balancer = cluster(count, strategy, seed + trial)
        held: list[_engine.Pick] = []
        for _ in range(80):
            if held and rng.random() < 0.45:
                give_back(held.pop(rng.randrange(len(held))))
                continue
            loads = [node.in_flight for node in balancer.nodes]
            pick = balancer.pick()
            held.append(pick)
            busiest = max(loads)
            if loads.count(busiest) == 1:
                looked += 1
                need(loads[int(pick.id)] < busiest, f"loads {loads}: lent {pick.id}")
    for count in range(1, 9):
        # Of all ordered pairs with replacement one lends the busiest: itself twice.
        pairs = [(a, b) for a in range(count) for b in range(count)]
        lent = [min(a, b) for a, b in pairs].count(count - 1)
        need(lent == 1, f"{count} nodes: {lent} of {len(pairs)} pairs lend the busiest")
    return f"{looked:,} picks with one busiest node"


@law
def drawing_alike(seed: int) -> str:
    """Two choices drawn alike are both in a set S of nodes with probability |S| (|S| - 1) / (k (k - 1))."""
    rng = random.Random(seed)
    picks, worst = 20_000, 0.0
    strategy = {"name": "power_of_two", "load": "in_flight", "sampling": "uniform"}
    for count, size in ((3, 2), (5, 2), (6, 4)):
        group = set(rng.sample(range(count), size))
        weights = [1 if node in group else 100 for node in range(count)]
        balancer = cluster(weights, strategy, seed)
        # Those of S are busy, so that one of them is lent only when it was drawn with another of them.
        with drained(balancer, set(range(count)) - group):
            busy = [balancer.pick() for _ in range(40 * size)]
        both = sum(lend(balancer) in group for _ in range(picks))
        expected = size * (size - 1) / (count * (count - 1))
        sigma = (picks * expected * (1 - expected)) ** 0.5
        worst = max(worst, abs(both - picks * expected) / sigma)
        need(
            worst <= 5, f"{size} of {count} nodes: {both} of {picks} picks, expected {expected:.3f}"
        )
        del busy
    # Speeds 10, .1, .1 and 5 requests a second: the slow pair is sent 5/3 and serves 1/5.
    need(5 * Fraction(2, 6) > Fraction(1, 5), "the slow pair serves what it is sent")
    return f"3 × {picks:,} picks; worst {worst:.1f} standard deviations of 5"


@law
def drawing_by_weight(seed: int) -> str:
    """Two choices are drawn by weight, so any set S is drawn from alone with probability at most w(S)/W."""
    rng = random.Random(seed)
    for _ in range(300):
        weights = [rng.randint(1, 60) for _ in range(rng.randint(2, 6))]
        total = sum(weights)
        for group in subsets(len(weights)):
            both = sum(
                Fraction(weights[a], total) * Fraction(weights[b], total - weights[a])
                for a in group
                for b in group
                if a != b
            )
            weight = Fraction(sum(weights[node] for node in group), total)
            need(both <= weight, f"weights {weights}: both in {group} with {both} > {weight}")
            # With weights as the speeds no set is sent by such pairs more than it serves, at 99.9 % of all speed.
            need(not group or Fraction(999, 1000) * both < weight, f"weights {weights}: {group}")
    # On the engine: three nodes, the heaviest the least loaded. The middle one is lent when it is drawn with the last.
    weights, picks = [5, 2, 1], 20_000
    balancer = cluster(weights, {"name": "power_of_two", "load": "in_flight"}, seed)
    held = []
    for node, count in ((1, 8), (2, 8)):
        with drained(balancer, {0, 1, 2} - {node}):
            held += [balancer.pick() for _ in range(count)]
    lent = [lend(balancer) for _ in range(picks)]
    need(len(held) == 16 and 2 not in lent, "the busiest was lent")
    p, q = weights[1] / sum(weights), weights[2] / sum(weights)
    expected = p * q / (1 - p) + q * p / (1 - q)
    sigma = (expected * (1 - expected) / picks) ** 0.5
    off = abs(lent.count(1) / picks - expected) / sigma
    need(off <= 5, f"node 1 has {lent.count(1)} of {picks}, {off:.1f} standard deviations off")
    return f"300 random weights, every set, exactly; {picks:,} picks, {off:.1f} standard deviations of 5"


@law
def tails_of_many_queues(seed: int) -> str:
    """The tails s_i = rho^((d^i - 1)/(d - 1)) solve rho (s_{i-1}^d - s_i^d) = s_i - s_{i+1} alone; s_i <= rho^i."""
    rng = random.Random(seed)
    levels = 0
    for _ in range(200):
        choices, rho = rng.randint(1, 5), rng.uniform(0.01, 0.99)
        # From s_0 = 1 and s_1 = rho the equation gives every other tail: it is the only solution.
        tails, due = power_of_d.tails(choices, rho), [1.0, rho]
        while len(due) <= len(tails):
            due.append(due[-1] - rho * (due[-2] ** choices - due[-1] ** choices))
        for level, share in enumerate(tails):
            exponent = sum(choices**power for power in range(level))
            levels += 1
            need(
                abs(share - due[level]) < 1e-12 and abs(share - rho**exponent) < 1e-12,
                f"d = {choices}, rho = {rho}: s_{level} = {share}, due {due[level]}",
            )
            need(share <= rho**level * (1 + 1e-12), f"d = {choices}, rho = {rho}: s_{level}")
    return f"{levels:,} levels of 200 pairs of d and rho"
