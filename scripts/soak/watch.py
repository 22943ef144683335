"""Memory and descriptors over time, and whether they stayed where they were."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field

from tests.integration.harness import processes

ROOM = 4 << 20
"""Bytes by which the engine's memory may differ between two spans of a soak. Its buffers follow the traffic: some 40
clients, of whom a few read slowly, each with at most 64 KiB on either side, come to less than this. A leak of 32 bytes
per request, the smallest piece that an allocator hands out, passes it in 130,000 requests: ten minutes have more."""
DESCRIPTORS = 1.25
"""Share by which descriptors may differ: they follow the clients that are there at the moment."""


@dataclass(frozen=True)
class Sample:
    """One look at one process."""

    at: float
    memory: int
    descriptors: int


@dataclass
class Watch:
    """Samples of every process by its role; a process that was started anew is another one."""

    samples: dict[tuple[str, int], list[Sample]] = field(default_factory=dict)

    def look(self, role: str, pid: int) -> None:
        """Take one sample; a process that ends in this very moment gives none."""
        try:
            sample = Sample(time.time(), processes.resident(pid), processes.descriptors(pid))
        except (OSError, IndexError):
            return
        self.samples.setdefault((role, pid), []).append(sample)

    def longest(self, role: str) -> list[Sample]:
        """The samples of the process of this role that was looked at most."""
        found = [samples for (name, _), samples in self.samples.items() if name == role]
        return max(found, key=len, default=[])


@dataclass(frozen=True)
class Drift:
    """What a process held in the second fifth of its time and in the last."""

    memory: tuple[float, float]
    descriptors: tuple[float, float]

    @property
    def flat(self) -> bool:
        """Whether neither has grown."""
        before, after = self.descriptors
        return self.memory[1] - self.memory[0] <= ROOM and after <= max(
            before * DESCRIPTORS, before + 8
        )


def drift(samples: list[Sample]) -> Drift | None:
    """Compare the medians of two fifths; nothing when there is too little to compare."""
    fifth = len(samples) // 5
    if fifth < 2:
        return None
    second, last = samples[fifth : 2 * fifth], samples[-fifth:]

    def medians(of: str) -> tuple[float, float]:
        one, other = (
            statistics.median(getattr(sample, of) for sample in part) for part in (second, last)
        )
        return one, other

    return Drift(medians("memory"), medians("descriptors"))
