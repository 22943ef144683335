"""Survival: theorem 3.3.2, corrected; what failures cost, and what they cannot."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from fractions import Fraction

from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back, lend, registered, subsets
from evenly.theory.laws.law import law, need
from evenly.theory.laws.scenario import simulated
from evenly.theory.model import survives as survives_any


@law
def survives(seed: int) -> str:
    """The nodes of F may fail if and only if the total load is at most the capacity of the others."""
    rng = random.Random(seed)
    cases = 0
    for name in registered():
        limits = [rng.randint(1, 3) for _ in range(4)]
        for failed in subsets(4):
            left = sum(limit for node, limit in enumerate(limits) if node not in failed)
            balancer = cluster(4, name, seed, capacities=limits)
            for node in failed:
                balancer.drain(str(node))
            held = []
            for total in range(1, sum(limits) + 2):
                try:
                    held.append(balancer.pick(key=total))
                    accepted = True
                except NoNodeAvailable:
                    accepted = False
                cases += 1
                need(
                    accepted == (total <= left),
                    f"{name}: capacities {limits} without {failed}: load {total}, {accepted=}",
                )
    return f"{len(registered())} strategies, every F of 4 nodes, {cases:,} loads"


@law
def any_so_many_may_fail(seed: int) -> str:
    """Any f nodes may fail iff the load is at most sum C less the f largest; of equal nodes iff it uses <= 1 - f/k."""
    rng = random.Random(seed)
    cases = 0
    for trial in range(40):
        count = rng.randint(1, 5)
        limits = [rng.randint(1, 4) for _ in range(count)]
        if trial % 2:
            limits = limits[:1] * count
        for failures in range(count + 1):
            worst = sum(limits)
            for failed in subsets(count):
                if len(failed) != failures:
                    continue
                worst = min(worst, carried(limits, failed))
            for total in range(sum(limits) + 1):
                cases += 1
                said = f"capacities {limits}, {failures} fail, load {total}: {worst} are carried"
                need((total <= worst) == survives_any(total, limits, failures), said)
                if trial % 2:
                    used = Fraction(total, sum(limits))
                    need((total <= worst) == (used <= 1 - Fraction(failures, count)), said)
    return f"{cases:,} loads of 40 clusters, every set of failed nodes"


def carried(limits: Sequence[int], failed: Iterable[int]) -> int:
    """How many requests at once the engine lends without the nodes that failed."""
    balancer = cluster(len(limits), "least_connections", capacities=limits)
    for node in failed:
        balancer.drain(str(node))
    held = []
    for _ in range(sum(limits)):
        try:
            held.append(balancer.pick())
        except NoNodeAvailable:
            break
    return len(held)


@law
def failures_are_found_out(seed: int) -> str:
    """A node that fails every request is taken out after 5 failures in a row, and those are all it costs."""
    worst = 0
    for name in registered():
        balancer = cluster(6, name, seed, ejection={"max_share": 0.5})
        dead, lost = {1, 4}, 0
        for turn in range(600):
            with balancer.pick(key=turn) as pick:
                if int(pick.id) in dead:
                    pick.fail("refused")
                    lost += 1
        worst = max(worst, lost)
        need(lost <= 5 * len(dead), f"{name}: {lost} of 600 requests met a dead node")
    return f"{len(registered())} strategies, 2 of 6 nodes dead: at most {worst} of 600 requests met one"


@law
def checks_find_out_the_dead(seed: int) -> str:
    """By active checks a dead node is found out within every + (fall - 1) fast, a hanging one fall timeouts later."""
    rng = random.Random(seed)
    rate, nodes = 100.0, 4
    every, fast, timeout, fall = 5.0, 1.0, 2.0, 3
    worst = 0.0
    for trial in range(12):
        happens = "hang" if trial % 2 else "kill"
        report = simulated(
            {"name": "round_robin"},
            rate,
            [{"concurrency": None}] * nodes,
            seed + trial,
            requests=6000,
            warmup=0.0,
            arrivals={"kind": "deterministic", "rate": rate},
            service={"kind": "deterministic", "mean": 0.01},
            timeout=timeout,
            timeline=[{"at": rng.uniform(10, 20), "do": happens, "node": "0"}],
            settings={
                "ejection": None,
                "retries": {"extra": 0},
                "health": {
                    "every": every,
                    "fast": fast,
                    "timeout": timeout,
                    "rise": 2,
                    "fall": fall,
                    "jitter": 0.0,
                    "required": False,
                },
            },
        )
        needs = every + (fall - 1) * fast + (fall * timeout if happens == "hang" else 0)
        # One request more at the border, and one in service.
        most = rate / nodes * needs + 2
        worst = max(worst, report["failed"] / most)
        need(
            0 < report["failed"] <= most and report["refused"] == 0,
            f"{happens}: {report['failed']} failed of {most:.0f}, {report['refused']} refused",
        )
    return f"6 deaths and 6 hangs, simulated; failures at most {worst:.2f} of their bound"


@law
def affinity_survives(seed: int) -> str:
    """While a node is away its keys are elsewhere, and nobody else's are; when it is back, so are they."""
    name = "consistent_hash"
    balancer = cluster(6, name, seed)
    before = [lend(balancer, key) for key in range(600)]
    for gone in range(6):
        balancer.drain(str(gone))
        away = [lend(balancer, key) for key in range(600)]
        balancer.undrain(str(gone))
        need(
            all(a == b for a, b in zip(before, away, strict=True) if a != gone),
            f"node {gone} was away and keys of others moved",
        )
        need([lend(balancer, key) for key in range(600)] == before, f"node {gone} lost its keys")
    return "600 keys, each of 6 nodes away once"


@law
def primary_takes_all_writes(seed: int) -> str:
    """Of a pool in which one node may write, every write goes there, and never more than its capacity at a time."""
    balancer = cluster(3, "least_connections", seed, capacities=[3, 3, 3])
    balancer.drain("1")
    balancer.drain("2")
    held = [balancer.pick() for _ in range(3)]
    need({pick.id for pick in held} == {"0"}, "a write went to a replica")
    try:
        balancer.pick()
    except NoNodeAvailable:
        pass
    else:
        need(False, "a fourth write was lent")
    give_back(held.pop())
    balancer.drain("0")
    balancer.undrain("1")
    need(lend(balancer) == 1, "after the failover a write went to the old primary")
    return "three places, three writes, one refusal, one failover"
