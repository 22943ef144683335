"""Definition 1.3.1: load_dist: N × T → ℝ≥0, with T said: loads are step functions of time.

The document never says what T is. Here a load changes at events and stands between them, and is right-continuous: at
the moment of an event it has its new value. T may as well be the index of the event.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

__all__ = ["Number", "StepFunction", "load_dist"]

Number = int | float | Fraction
"""A load in requests, or a time in seconds. Whole numbers and fractions stay exact."""


@dataclass(frozen=True, slots=True)
class StepFunction:
    """A number ≥ 0 that changes at `times` and stands between them; 0 before the first."""

    times: tuple[Number, ...]
    """When it changes, in increasing order; seconds or event numbers."""
    values: tuple[Number, ...]
    """From each of these moments on."""

    def __post_init__(self) -> None:
        """Refuse what is no step function."""
        if len(self.times) != len(self.values):
            raise ValueError(
                f"{len(self.times)} times and {len(self.values)} values: write one value each"
            )
        if any(later <= sooner for sooner, later in pairwise(self.times)):
            raise ValueError("the times must increase: one value for each moment")
        if any(value < 0 for value in self.values):
            raise ValueError(f"{min(self.values)} is below 0: a load is ≥ 0")

    def at(self, time: Number) -> Number:
        """The value at `time`; that of the event at this very moment, if there is one."""
        index = bisect_right(self.times, time)
        return self.values[index - 1] if index else 0

    def peak(self) -> Number:
        """The greatest value it ever has."""
        return max(self.values, default=0)

    def integral(self, start: Number, end: Number) -> Number:
        """The area from `start` to `end`, in value × time: request-seconds for a load in requests."""
        if end < start:
            raise ValueError(f"from {start} to {end} is backwards: write the earlier time first")
        inside = [time for time in self.times if start < time < end]
        marks = [start, *inside, end]
        return sum(self.at(left) * (right - left) for left, right in pairwise(marks))


def load_dist(
    nodes: Iterable[str], changes: Iterable[tuple[Number, str, Number]]
) -> Mapping[str, StepFunction]:
    """Definition 1.3.1: each node's load over time, from `(time, node, by how much)` in order of time.

    All nodes begin at 0. Raises ValueError for a node that is not in `nodes`, and for a load below 0.
    """
    loads: dict[str, Number] = dict.fromkeys(nodes, 0)
    steps: dict[str, dict[Number, Number]] = {node: {} for node in loads}
    for time, node, change in changes:
        if node not in loads:
            raise ValueError(f"{node!r} is not in N: there are {', '.join(loads) or 'none'}")
        loads[node] += change
        steps[node][time] = loads[node]
    return {node: StepFunction(tuple(own), tuple(own.values())) for node, own in steps.items()}
