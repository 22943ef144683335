"""What the counterexamples of theorem 3.3.1 do: queues that grow although all nodes together are fast enough."""

from __future__ import annotations

from typing import Any

from evenly.simulate import Exponential, Poisson, Result, SimNode, simulate
from evenly.strategy import StrategyLike
from evenly.theory.closed import shortest_queue

__all__ = ["growth"]

SECONDS = 20_000.0
Row = tuple[str, str, str, str]


def growth() -> list[Row]:
    """Rows of: what is played, the figure, what theory says, what was found."""
    halves = _play("round_robin", (1.0, 0.1), 1.0)
    alike = _play({"name": "power_of_two", "load": "in_flight"}, (10.0, 0.1, 0.1), 5.0)
    shortest = _play("least_connections", (10.0, 0.1, 0.1), 5.0)
    weighted = _play("least_connections", (10.0, 0.1, 0.1), 5.0, weights=(100, 1, 1))
    bound = shortest_queue.in_system_bound((10.0, 0.1, 0.1), 5.0)
    return [
        (
            "(b) round robin, speeds 1 and .1, 1 request/s",
            "growth of the slow node",
            "0.400/s",
            f"{_rate(halves, 1):.3f}/s",
        ),
        (
            "(d) two choices alike, speeds 10, .1, .1, 5 requests/s",
            "growth of each slow node",
            "0.733/s",
            f"{_rate(alike, 1):.3f}/s, {_rate(alike, 2):.3f}/s",
        ),
        (
            "(d) shortest queue by weight (100, 1, 1)",
            "mean response",
            "0.20 s",
            f"{weighted.mean} s",
        ),
        (
            "(d) shortest queue, the same",
            "Σ speed × requests",
            f"at most {bound:.2f}",
            f"{_held(shortest, (10.0, 0.1, 0.1)):.2f}",
        ),
    ]


def _play(
    strategy: StrategyLike,
    speeds: tuple[float, ...],
    rate: float,
    weights: tuple[int, ...] | None = None,
) -> Result:
    nodes: list[dict[str, Any]] = [{"speed": speed} for speed in speeds]
    for node, weight in zip(nodes, weights or (), strict=False):
        node["weight"] = weight
    (result,) = simulate(
        [strategy],
        nodes=[SimNode(**node) for node in nodes],
        arrivals=Poisson(rate),
        service=Exponential(1.0),
        seconds=SECONDS,
        warmup=0.0,
        seed=5,
    )
    return result


def _rate(result: Result, node: int) -> float:
    """A level that grows evenly from zero is on average half of where it ends."""
    return 2 * result.nodes[node].in_system / SECONDS


def _held(result: Result, speeds: tuple[float, ...]) -> float:
    return sum(node.in_system * speed for node, speed in zip(result.nodes, speeds, strict=True))
