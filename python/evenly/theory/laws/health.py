"""Active checks: theorem E.14. A mind once made up changes only after a run of results."""

from __future__ import annotations

import random
from collections.abc import Sequence

from evenly.theory.laws.law import law, need
from evenly.theory.laws.scenario import simulated


def statuses(results: Sequence[bool], rise: int, fall: int) -> list[str]:
    """Check a node of the engine, once a second, with these results; its status after each."""
    optional = _served(results, rise, fall, required=False)
    required = _served(results, rise, fall, required=True)
    return [
        "Unhealthy" if not may else "Healthy" if must else "Unknown"
        for may, must in zip(optional, required, strict=True)
    ]


def _served(results: Sequence[bool], rise: int, fall: int, *, required: bool) -> list[bool]:
    """Whether the node had requests after each check, beside one that is well."""
    timeline, was = [], True
    for second, well in enumerate(results):
        if well != was:
            word = "recover" if well else "kill"
            timeline.append({"at": max(second - 0.5, 0.0), "node": "0", "do": word})
        was = well
    health = {"every": 1.0, "fast": 1.0, "timeout": 0.5, "jitter": 0.0}
    health |= {"rise": rise, "fall": fall, "required": required}
    report = simulated(
        {"name": "round_robin"},
        4.0,
        [{}, {}],
        0,
        requests=4 * len(results),
        warmup=0.0,
        arrivals={"kind": "deterministic", "rate": 4.0},
        service={"kind": "deterministic", "mean": 0.001},
        timeline=timeline,
        trace_picks=True,
        settings={
            "ejection": None,
            "retries": {"extra": 0},
            "slow_start": 0,
            "health": health,
        },
    )
    picks = report["picks"]
    # Four requests a second; the fourth comes at the very moment of the next check.
    return [0 in picks[at : at + 3] for at in range(0, len(picks), 4)]


def _some_results(rng: random.Random, count: int) -> list[bool]:
    """Runs of good and bad results, of random lengths."""
    results: list[bool] = []
    while len(results) < count:
        results += [rng.random() < 0.5] * rng.randint(1, 5)
    return results[:count]


@law
def checks_have_hysteresis(seed: int) -> str:
    """A node goes down exactly after `fall` bad checks in a row, up after `rise` good ones, or its first."""
    rng = random.Random(seed)
    changes = 0
    for rise, fall in ((1, 1), (2, 3), (3, 2), (1, 4)):
        results = _some_results(rng, 120)
        was = "Unknown"
        for count, now in enumerate(statuses(results, rise, fall), 1):
            bad, good = not any(results[:count][-fall:]), all(results[:count][-rise:])
            down, up = bad and count >= fall, good and count >= rise
            if was == "Unknown":
                up = results[count - 1]
            want = "Unhealthy" if down else "Healthy" if up else was
            need(
                now == want, f"rise {rise}, fall {fall}, {results[:count][-8:]}: {was}, then {now}"
            )
            changes += now != was
            was = now
    return f"4 pairs of rise and fall, 120 checks each, simulated; {changes} changes"


@law
def changes_cost_their_runs(seed: int) -> str:
    """d downs and u ups in n checks have fall d + rise u <= n + rise - 1, and lie min(rise, fall) checks apart."""
    rng = random.Random(seed)
    for rise, fall in ((1, 1), (2, 3), (3, 2), (4, 2)):
        fastest = [True, *([False] * fall + [True] * rise) * 10]
        for results in (fastest, _some_results(rng, 120)):
            downs, ups, cost, last, was = 0, 0, 0, None, "Unknown"
            for count, now in enumerate(statuses(results, rise, fall), 1):
                if now != was:
                    apart = count if last is None else count - last
                    need(last is None or apart >= min(rise, fall), f"two changes {apart} apart")
                    downs, ups, last = downs + (now == "Unhealthy"), ups + (now == "Healthy"), count
                cost = fall * downs + rise * ups
                need(cost <= count + rise - 1, f"{downs} downs, {ups} ups in {count} checks")
                was = now
            met = cost == len(results) + rise - 1
            need(met or results is not fastest, f"at the fastest: {downs} downs, {ups} ups")
    return "4 pairs of rise and fall, 120 checks and the fastest flapping each, simulated"
