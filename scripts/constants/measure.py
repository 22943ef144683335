"""The default strategy over a grid of its constants, in four worlds that want different ones.

32 clients, each asking again as soon as it has its answer; four nodes of 5 ms (log-normal, cv ½) that serve any number
at a time, as the benchmark of the proxy has them. A: one node takes 100 ms. B: one answers 503 at once. C: the slow
node becomes fast again. And a healthy cluster: ten equal nodes with queues at 80 %.
"""

from __future__ import annotations

import statistics
from typing import Any

from evenly.simulate import (
    Closed,
    Event,
    Exponential,
    Fail,
    LogNormal,
    Poisson,
    Recover,
    Result,
    SimNode,
    Slow,
    simulate,
)

__all__ = [
    "DECAY",
    "DECAYS",
    "EXPLORATION",
    "INTERVALS",
    "PENALTIES",
    "PENALTY",
    "SERVICES",
    "decay",
    "exploration",
    "failing_by_default",
    "partly",
    "penalty",
]

CLIENTS, NODES, SERVICE, SLOWER = 32, 4, 0.005, 20.0
IDEAL = CLIENTS / SERVICE
SEEDS = range(8)
FAILS_AFTER = 0.0002
FAIR = 0.8 / NODES
"""A node has recovered when it gets 80 % of its fair share."""

DECAY, PENALTY, EXPLORATION = 2.0, 5.0, 1.0
"""What stands in crates/core: decay, failure_penalty, EXPLORE_AFTER."""
DECAYS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
PENALTIES = (0.005, 0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 20.0, 60.0)
SERVICES = (0.005, 0.05, 0.5)
INTERVALS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

Cell = dict[str, float]


def play(seed: int, seconds: float, *, service: float = SERVICE, **more: Any) -> Result:
    """The default strategy with 32 clients."""
    usual: dict[str, Any] = {
        "nodes": [SimNode(concurrency=None) for _ in range(NODES)],
        "arrivals": Closed(CLIENTS),
        "service": LogNormal(service, cv=0.5),
    }
    (result,) = simulate(["power_of_two"], seed=seed, seconds=seconds, **usual | more)
    return result


def one_slow(seed: int, settings: dict[str, Any], scale: float = 1.0) -> tuple[float, float]:
    """A: throughput as a share of what would be possible, and the slow node's share of it."""
    nodes = [SimNode(concurrency=None, speed=1 / SLOWER if i == 3 else 1.0) for i in range(NODES)]
    result = play(seed, 20 * scale, service=SERVICE * scale, nodes=nodes, settings=settings)
    return result.throughput.value * scale / IDEAL, result.nodes[3].share


def slow_then_fast(seed: int, settings: dict[str, Any], scale: float = 1.0) -> float:
    """C: seconds from the node's recovery until it gets 80 % of its fair share."""
    events = [Slow(0.0, "n3", SLOWER), Recover(15 * scale, "n3")]
    return recovery(seed, settings, events, 75 * scale, service=SERVICE * scale) / scale


def after_a_blip(seed: int, settings: dict[str, Any], scale: float = 1.0) -> float:
    """Seconds from 20 ms of failures until the node gets 80 % of its fair share; ejection is off."""
    events = [
        Fail(5.0 * scale, "n3", share=1.0, after=FAILS_AFTER * scale),
        Recover(5.02 * scale, "n3"),
    ]
    given = {"ejection": False, **settings}
    return recovery(seed, given, events, 45.0 * scale, service=SERVICE * scale) / scale


def recovery(
    seed: int,
    settings: dict[str, Any],
    events: list[Event],
    seconds: float,
    service: float = SERVICE,
) -> float:
    """Seconds from the last event until node 3 has got 80 % of its share over two hundred mean services."""
    step = 50 * service
    since = events[-1].at
    result = play(
        seed,
        seconds,
        service=service,
        settings=settings,
        timeline=events,
        series_every=step,
        warmup=0.0,
    )
    points = [point for point in result.series if point.at >= since]
    for first, *rest in zip(points, points[1:], points[2:], points[3:], strict=False):
        picks = [sum(at) for at in zip(first.picks, *(one.picks for one in rest), strict=True)]
        if sum(picks) and picks[3] / sum(picks) >= FAIR:
            return first.at + step - since
    return seconds - since


def failing(seed: int, settings: dict[str, Any], service: float, scale: float = 1.0) -> float:
    """B: the share of tries that the failing node gets."""
    events = [Fail(0.0, "n3", share=1.0, after=FAILS_AFTER * scale)]
    seconds = max(20.0, 2000 * service) * scale
    result = play(seed, seconds, service=service * scale, settings=settings, timeline=events)
    return result.nodes[3].share


def failing_by_default(seed: int) -> tuple[float, float]:
    """B with every default: the share of requests that clients see fail, and of tries that the node gets."""
    events = [Fail(0.0, "n3", share=1.0, after=FAILS_AFTER)]
    result = play(seed, 20.0, timeline=events, warmup=0.0)
    return result.lost_share, result.nodes[3].share


def partly(value: float) -> list[tuple[float, float, float, float]]:
    """B where only some answers fail, with ejection: rows of share, service, lost requests, tries to the node."""
    rows = []
    for share in (1.0, 0.5, 0.2, 0.05):
        for service in (*SERVICES, 2.0):
            events = [Fail(0.0, "n3", share=share, after=FAILS_AFTER)]
            settings = {"failure_penalty": value}
            length = max(20.0, 2000 * service)
            result = play(
                1, length, service=service, settings=settings, timeline=events, warmup=0.0
            )
            rows.append((share, service, result.lost_share, result.nodes[3].share))
    return rows


def healthy(seed: int, settings: dict[str, Any]) -> float:
    """Mean response of ten equal nodes with queues at 80 %, in mean services."""
    (result,) = simulate(
        ["power_of_two"],
        nodes=10,
        arrivals=Poisson(8 / SERVICE),
        service=Exponential(SERVICE),
        requests=200_000,
        seed=seed,
        settings=settings,
    )
    return result.mean.value / SERVICE


def decay(value: float) -> Cell:
    """Everything that the decay changes."""
    settings = {"decay": value}
    slow = [one_slow(seed, settings) for seed in SEEDS]
    back = [slow_then_fast(seed, settings) for seed in SEEDS]
    return {
        "value": value,
        "throughput": statistics.fmean(share for share, _ in slow),
        "slow_share": statistics.fmean(share for _, share in slow),
        "recovery": statistics.fmean(back),
        "recovery_low": min(back),
        "recovery_high": max(back),
        "healthy": statistics.fmean(healthy(seed, settings) for seed in SEEDS),
    }


def penalty(value: float) -> Cell:
    """Everything that the penalty changes."""
    settings = {"failure_penalty": value}
    back = [after_a_blip(seed, settings) for seed in SEEDS]
    open_door = {"ejection": False, **settings}
    shares = {
        f"failing_{service:g}": statistics.fmean(
            failing(seed, open_door, service) for seed in SEEDS
        )
        for service in SERVICES
    }
    slowest = SERVICES[-1]
    guarded = statistics.fmean(failing(seed, settings, slowest) for seed in SEEDS)
    return {
        "value": value,
        "recovery": statistics.fmean(back),
        "recovery_low": min(back),
        "recovery_high": max(back),
        **shares,
        "guarded": guarded,
    }


def exploration(value: float) -> Cell:
    """What trying a forgotten node after `value` seconds would change.

    The second is compiled in. But only ratios of times count: a world in which everything else takes longer by
    1/value, seen on a clock that runs slower by as much, is one in which the second is `value` seconds.
    """
    scale = EXPLORATION / value
    settings = {"decay": DECAY * scale, "failure_penalty": PENALTY * scale}
    open_door = {"ejection": False, **settings}
    slow = [one_slow(seed, settings, scale) for seed in SEEDS]
    again = [slow_then_fast(seed, settings, scale) for seed in SEEDS]
    back = [after_a_blip(seed, settings, scale) for seed in SEEDS]
    return {
        "value": value,
        "throughput": statistics.fmean(share for share, _ in slow),
        "failing": statistics.fmean(failing(seed, open_door, SERVICE, scale) for seed in SEEDS),
        "slow_then_fast": statistics.fmean(again),
        "recovery": statistics.fmean(back),
        "recovery_low": min(back),
        "recovery_high": max(back),
    }
