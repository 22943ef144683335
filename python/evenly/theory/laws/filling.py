"""Filling: joining the idle, filling up from the first, and requests of different size."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from evenly import _engine
from evenly.theory.laws.ground import cluster, drained, give_back, lend
from evenly.theory.laws.law import law, need


@law
def idle_and_waiting_never_meet(seed: int) -> str:
    """By `join_idle` no request joins another while a node that may be lent has none; when all have, two choices do."""
    rng = random.Random(seed)
    looked = 0
    for trial in range(30):
        # Both the scan of few nodes and the tree of many.
        count = rng.choice([rng.randint(1, 10), 50])
        weights = [rng.randint(1, 5) if trial % 2 else 1 for _ in range(count)]
        balancer = cluster(weights, "join_idle", seed + trial)
        held: list[_engine.Pick] = []
        for _ in range(3 * count):
            if held and rng.random() < 0.4:
                give_back(held.pop(rng.randrange(len(held))))
                continue
            loads = [node.in_flight for node in balancer.nodes]
            pick = balancer.pick()
            held.append(pick)
            looked += 1
            need(
                loads[int(pick.id)] == 0 or 0 not in loads,
                f"loads {loads}: {pick.id} was lent while nodes were idle",
            )
            # Two choices never lend the one busiest of equal nodes.
            busiest = count > 1 and trial % 2 == 0 and loads.count(max(loads)) == 1
            need(
                min(loads) == 0 or not busiest or loads[int(pick.id)] < max(loads),
                f"loads {loads}: {pick.id} was lent, nobody was idle",
            )
    return f"{looked:,} picks over 1 to 50 nodes"


@law
def idle_nodes_are_drawn_by_weight(seed: int) -> str:
    """Of the idle nodes `join_idle` lends each with probability w_i over the weight of all that are idle."""
    picks, worst = 6000, 0.0
    for count in (4, 40):
        # The scan of few nodes and the tree of many.
        weights = [1 + 3 * (node % 3) for node in range(count)]
        balancer = cluster(weights, "join_idle", seed)
        with drained(balancer, range(1, count)):
            busy = balancer.pick()
        counts = [0] * count
        for _ in range(picks):
            counts[lend(balancer)] += 1
        need(counts[0] == 0, f"the busy node was lent {counts[0]} times")
        for node in range(1, count):
            p = weights[node] / sum(weights[1:])
            sigma = (picks * p * (1 - p)) ** 0.5
            worst = max(worst, abs(counts[node] - picks * p) / sigma)
        need(worst <= 5, f"weights {weights}: {counts}, {worst:.1f} standard deviations off")
        del busy
    return f"2 × {picks:,} picks; worst {worst:.1f} standard deviations of 5"


@law
def no_node_more_than_needed(seed: int) -> str:
    """By `first` m nodes are in use only if more were in flight once than m - 1 have places: no policy needs fewer."""
    rng = random.Random(seed)
    looked = 0
    for trial in range(40):
        limits = [rng.randint(1, 4) for _ in range(rng.randint(1, 7))]
        balancer = cluster(len(limits), "first", seed + trial, capacities=limits)
        held: list[_engine.Pick] = []
        most = furthest = 0
        for _ in range(100):
            if held and (len(held) == sum(limits) or rng.random() < 0.45):
                give_back(held.pop(rng.randrange(len(held))))
                continue
            held.append(balancer.pick())
            most, furthest = max(most, len(held)), max(furthest, int(held[-1].id))
            looked += 1
            need(
                most > sum(limits[:furthest]),
                f"capacities {limits}: node {furthest} was used, {most} at most were in flight",
            )
    return f"{looked:,} picks over 40 lists of capacities"


def filled(count: int, sizes: Iterable[int], seed: int) -> Iterator[list[int]]:
    """The loads after each request of such a size to the least loaded of so many nodes; nobody leaves."""
    balancer = cluster(count, {"name": "least_connections", "load": "reported"}, seed)
    loads = [0] * count
    for node in range(count):
        balancer.report(str(node), load=0)
    for size in sizes:
        node = lend(balancer)
        loads[node] += size
        # A node tells its load at once, as a queue of its own would.
        balancer.report(str(node), load=loads[node])
        yield loads


@law
def sizes_differ_by_the_largest(seed: int) -> str:
    """While nobody leaves, the least loaded first: loads differ by at most the largest size; max <= (2 - 1/k) best."""
    rng = random.Random(seed)
    looked = 0
    for trial in range(30):
        count = rng.randint(1, 6)
        sizes = [rng.choice([1, 2, 3, 50]) for _ in range(25)]
        for came, loads in enumerate(filled(count, sizes, seed + trial), 1):
            total, largest = sum(sizes[:came]), max(sizes[:came])
            looked += 1
            found = f"sizes {sizes[:came]}: loads {loads}"
            need(max(loads) - min(loads) <= largest, found)
            # No split has a lesser maximum than the mean, nor than the largest request.
            best = max(-(-total // count), largest)
            need(count * max(loads) <= (2 * count - 1) * best, found)
            # The least is 1 - k s_max / total of the greatest, or more.
            need(total * min(loads) >= (total - count * largest) * max(loads), found)
    # The factor is reached: 5 = (2 - 1/3) 3.
    *_, loads = filled(3, [1, 1, 1, 1, 1, 1, 3], seed)
    need(max(loads) == 5, f"six of size 1, one of size 3: {loads}")
    return f"{looked:,} arrivals with sizes 1, 2, 3 and 50"


def best_peak(count: int, sizes: Iterable[int]) -> int:
    """The least greatest load that any split of these sizes over so many nodes has: every split is tried."""
    splits = {(0,) * count}
    for size in sizes:
        splits = {
            tuple(sorted((*loads[:node], loads[node] + size, *loads[node + 1 :])))
            for loads in splits
            for node in range(count)
        }
    return min(map(max, splits))


@law
def the_largest_first(seed: int) -> str:
    """While nobody leaves, the largest first and each to the least loaded: max <= (4/3 - 1/(3k)) best."""
    rng = random.Random(seed)
    for trial in range(60):
        count = rng.randint(1, 4)
        sizes = sorted((rng.randint(1, 12) for _ in range(rng.randint(1, 9))), reverse=True)
        *_, loads = filled(count, sizes, seed + trial)
        best = best_peak(count, sizes)
        need(
            3 * count * max(loads) <= (4 * count - 1) * best,
            f"sizes {sizes}: loads {loads}, best {best}",
        )
    # The factor is reached: 7 = (4/3 - 1/6) 6.
    *_, loads = filled(2, [3, 3, 2, 2, 2], seed)
    need(max(loads) == 7 and best_peak(2, [3, 3, 2, 2, 2]) == 6, f"sizes 3, 3, 2, 2, 2: {loads}")
    return "60 batches of up to 9 requests over 1 to 4 nodes, against every split"
