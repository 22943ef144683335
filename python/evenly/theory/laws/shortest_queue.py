"""Joining the shortest queue: theorem 3.3.1. Why queues stay short."""

from __future__ import annotations

import random
import statistics
from fractions import Fraction

from evenly import _engine
from evenly.theory.laws.ground import cluster, drained, give_back
from evenly.theory.laws.law import law, need


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
        with drained(balancer, set(nodes) - {node}):
            held[node] = [balancer.pick() for _ in range(start[node])]
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
