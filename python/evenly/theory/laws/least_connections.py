"""Least connections: theorem 2.2.1, corrected."""

from __future__ import annotations

import random
import statistics
from fractions import Fraction
from typing import TYPE_CHECKING

from evenly import _engine
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back, lend
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
        for node in range(idle):
            balancer.drain(str(node))
        busy = [balancer.pick() for _ in range(6 - idle)]
        for node in range(idle):
            balancer.undrain(str(node))
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


@law
def tournament_lends_a_least(seed: int) -> str:
    """Of more than 32 nodes too, one with the least (x + 1) / w of all fit ones is lent; none, only if none is fit."""
    rng, picks = random.Random(seed), 0
    for trial in range(12):
        greatest = 9 if trial % 2 else 65_535
        weights = [rng.randint(1, greatest) for _ in range(rng.randint(33, 300))]
        balancer = cluster(weights, "least_connections", seed + trial)
        held: list[_engine.Pick] = []
        loads, drained = [0] * len(weights), set[int]()
        for _ in range(300):
            chance = rng.random()
            if held and chance < 0.3:
                back = held.pop(rng.randrange(len(held)))
                loads[int(back.id)] -= 1
                give_back(back)
            elif chance < 0.45:
                node = rng.randrange(len(weights))
                (balancer.undrain if node in drained else balancer.drain)(str(node))
                drained ^= {node}
            else:
                fit = set(range(len(weights))) - drained
                least = min(Fraction(loads[node] + 1, weights[node]) for node in fit)
                held.append(balancer.pick())
                lent = int(held[-1].id)
                found = Fraction(loads[lent] + 1, weights[lent])
                picks += 1
                need(
                    lent in fit and found == least,
                    f"{weights}: {lent} at {found}, least {least}",
                )
                loads[lent] += 1
        for node in set(range(len(weights))) - drained:
            balancer.drain(str(node))
        try:
            need(False, f"all are drained, and {balancer.pick().id} was lent")
        except NoNodeAvailable:
            continue
    return f"{picks:,} picks of 12 clusters of 33 to 300 nodes"


@law
def tournament_is_as_built_anew(seed: int) -> str:
    """A tournament that was told of every change lends whom one lends that was built from all members just now."""
    rng, picks = random.Random(seed), 0
    for trial in range(6):
        weights = [rng.randint(1, 9) for _ in range(rng.randint(33, 300))]
        told, built = (cluster(weights, "least_connections", seed + trial) for _ in range(2))
        held: list[tuple[_engine.Pick, _engine.Pick]] = []
        for _ in range(300):
            if held and rng.random() < 0.4:
                for pick in held.pop(rng.randrange(len(held))):
                    give_back(pick)
                continue
            # A weight set to what it is makes the other a new tree.
            built.update("0", weight=weights[0])
            held.append((told.pick(), built.pick()))
            one, other = (pick.id for pick in held[-1])
            picks += 1
            need(one == other, f"{weights}: {one} was lent, by a tree built anew {other}")
    return f"{picks:,} picks of 6 clusters, each beside one whose tree is new at every pick"


@law
def tournament_is_fair(seed: int) -> str:
    """Of more than 32 nodes those with the least score win by their lots: one each, or their weight in `join_idle`."""
    picks, worst = 4000, 0.0
    for strategy in ("least_connections", "join_idle"):
        for idle in (2, 5):
            weights = [1] * 40
            if strategy == "join_idle":
                weights[:idle] = range(1, idle + 1)
            balancer = cluster(weights, strategy, seed)
            # The others are busy for the whole run.
            for node in range(idle):
                balancer.drain(str(node))
            busy = [balancer.pick() for _ in range(40 - idle)]
            for node in range(idle):
                balancer.undrain(str(node))
            counts = [0] * 40
            for _ in range(picks):
                counts[lend(balancer)] += 1
            for count, weight in zip(counts, weights[:idle], strict=False):
                share = weight / sum(weights[:idle])
                sigma = (picks * share * (1 - share)) ** 0.5
                worst = max(worst, abs(count - picks * share) / sigma)
            need(sum(counts[idle:]) == 0, f"{strategy}: busy nodes were lent: {counts}")
            need(worst <= 5, f"{strategy}: {counts}, {worst:.1f} standard deviations off")
            del busy
    return f"4 × {picks:,} ties; worst {worst:.1f} standard deviations of 5"


@law
def shortest_queue_drift(seed: int) -> str:
    """Joining the shortest queue: lambda min x <= rho sum mu x, sum x² drifts <= lambda + M - 2 (1 - rho) sum mu x."""
    rng = random.Random(seed)
    states = 0
    for trial in range(30):
        count = rng.randint(1, 8)
        rates = [Fraction(rng.randint(1, 20), 4) for _ in range(count)]
        arrivals = sum(rates) * Fraction(rng.randint(1, 99), 100)
        rho = arrivals / sum(rates)
        balancer = cluster(count, "least_connections", seed + trial)
        held: list[_engine.Pick] = []
        for _ in range(80):
            if held and rng.random() < 0.45:
                give_back(held.pop(rng.randrange(len(held))))
                continue
            before = [node.in_flight for node in balancer.nodes]
            pick = balancer.pick()
            held.append(pick)
            work = sum(rate * load for rate, load in zip(rates, before, strict=True))
            states += 1
            need(
                arrivals * before[int(pick.id)] - work <= -(1 - rho) * work,
                f"rates {rates}, state {before}: joined {pick.id}",
            )
            # What is expected of sum x² in a second: each event's rate times what it adds.
            drift = arrivals * (2 * before[int(pick.id)] + 1)
            drift += sum(
                rate * (1 - 2 * load) for rate, load in zip(rates, before, strict=True) if load
            )
            need(
                drift <= arrivals + sum(rates) - 2 * (1 - rho) * work,
                f"rates {rates}, state {before}: sum x² drifts by {drift}",
            )
    return f"{states:,} logged states"


@law
def shortest_queues_stay_short(seed: int) -> str:
    """Shortest queues: over n events from x, sum mu x has mean <= (lambda + M) (1 + sum x² / n) / (2 (1 - rho))."""
    rng = random.Random(seed)
    runs, most = 40, 0.0
    for trial in range(8):
        rates = [rng.randint(1, 9) for _ in range(rng.randint(1, 6))]
        rho, events = rng.choice([0.3, 0.6, 0.9]), rng.choice([20, 200])
        arrivals = rho * sum(rates)
        start = [rng.randint(0, 6) if trial % 2 else 0 for _ in rates]
        bound = (arrivals + sum(rates)) * (1 + sum(x * x for x in start) / events) / 2 / (1 - rho)
        means = [
            mean_work(seed * 1000 + run, rates, arrivals, start, events) for run in range(runs)
        ]
        mean, spread = statistics.fmean(means), statistics.stdev(means) / runs**0.5
        most = max(most, mean / bound)
        need(
            mean - 5 * spread <= bound,
            f"rates {rates}, rho {rho}, from {start}: {mean:.2f} > {bound:.2f}",
        )
    return f"8 systems, {runs} runs of 20 or 200 events each; at most {most:.2f} of the bound"


def mean_work(seed: int, rates: list[int], arrivals: float, start: list[int], events: int) -> float:
    """The mean of sum mu x over the events of one run: arrivals join by the engine, and an idle node ends nothing."""
    rng = random.Random(seed)
    nodes = range(len(rates))
    balancer = cluster(len(rates), "least_connections", seed)
    held: list[list[_engine.Pick]] = [[] for _ in nodes]
    for node in nodes:
        for other in nodes:
            (balancer.undrain if other == node else balancer.drain)(str(other))
        held[node] = [balancer.pick() for _ in range(start[node])]
    for node in nodes:
        balancer.undrain(str(node))
    work = 0
    for _ in range(events):
        work += sum(rate * len(own) for rate, own in zip(rates, held, strict=True))
        (event,) = rng.choices([-1, *nodes], [arrivals, *rates])
        if event < 0:
            pick = balancer.pick()
            held[int(pick.id)].append(pick)
        elif held[event]:
            give_back(held[event].pop())
    return work / events
