"""Mean responses that have no closed form, found by an independent simulation, each with its own standard error.

That simulation shares no code with this engine: a Markov chain of queue lengths, 4 runs of 2–3·10⁸ events each.
Poisson arrivals, exponential sizes of mean 1, one dispatcher. What a simulation of ours is held against.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["AGEING", "FEW_NODES", "Estimate"]


class Estimate(NamedTuple):
    """A simulated mean and its standard error, in mean services."""

    mean: float
    error: float


def _row(*cells: tuple[float, float, float]) -> dict[float, Estimate]:
    """Utilisation → estimate; the third of a cell is two standard errors, as published tables print them."""
    return {rho: Estimate(mean, twice / 2) for rho, mean, twice in cells}


FEW_NODES: dict[tuple[str, int], dict[float, Estimate]] = {
    ("two choices", 10): _row(
        (0.5, 1.2859, 0.0002),
        (0.7, 1.6768, 0.0008),
        (0.8, 2.0750, 0.0013),
        (0.9, 2.9836, 0.0050),
        (0.95, 4.354, 0.017),
        (0.99, 12.84, 0.17),
    ),
    ("two choices", 1000): _row(
        (0.5, 1.2658, 0.0002),
        (0.7, 1.6149, 0.0001),
        (0.8, 1.9483, 0.0006),
        (0.9, 2.6168, 0.0016),
        (0.95, 3.3909, 0.0040),
        (0.99, 5.480, 0.027),
    ),
    ("two choices, with replacement", 10): _row(
        (0.5, 1.3253, 0.0002), (0.8, 2.1629, 0.0005), (0.9, 3.1155, 0.0018)
    ),
    ("shortest queue", 10): _row(
        (0.5, 1.0242, 0.0003),
        (0.7, 1.1599, 0.0002),
        (0.8, 1.3556, 0.0007),
        (0.9, 1.9130, 0.0011),
        (0.95, 2.9570, 0.0027),
        (0.99, 10.90, 0.14),
    ),
    ("shortest queue", 100): _row(
        (0.5, 1.0001, 0.0001),
        (0.7, 1.0002, 0.0001),
        (0.8, 1.0054, 0.0002),
        (0.9, 1.0666, 0.0002),
        (0.95, 1.2224, 0.0010),
        (0.99, 2.165, 0.009),
    ),
}
"""Mean response by (policy, nodes) and utilisation. Two different nodes are drawn unless said otherwise."""

AGEING: dict[float, tuple[float, float | None]] = {
    0.1: (2.688, 1.558),
    0.5: (2.822, 2.847),
    1.0: (2.978, 3.997),
    2.0: (3.260, 6.090),
    5.0: (4.014, 12.24),
    10.0: (5.107, 23.3),
    50.0: (12.40, None),
}
"""A hundred nodes at .9 whose loads are only known every so many mean services: the mean response of two choices
and of the least loaded, good to about half a percent; equal loads fall to chance. Drawing at random gives 10 at any
age. The least loaded at an age of 50 is near 400, but its waves outlast any run of some 10⁷ requests: no figure to hold
another against."""
