"""Jobs of a simulation: one strategy in one scenario each, on all cores or on a Dask cluster, stopped in good order."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenly import _engine
from evenly.simulate.scenario import REQUESTS, Scenario

if TYPE_CHECKING:
    from evenly.simulate.contenders import Contender

__all__ = ["Gauge", "Job", "Played", "Progress", "play"]

Progress = Callable[[int, int | None], bool | None]
"""Told requests done and requests in all (None where nobody knows), a few times a second; False stops the run."""

LOOK = 0.2
"""Seconds between looks at what is done; the engine tells as often."""


@dataclass(frozen=True)
class Job:
    """One strategy in one scenario."""

    scenario: Scenario
    contender: Contender

    def play(self, threads: int = 1, told: Callable[[int], bool] | None = None) -> dict[str, Any]:
        """Run it; `told` hears of requests done, and answers whether to go on."""
        text = json.dumps(self.scenario.with_strategy(self.contender))
        seed, replications = self.scenario.seed, self.scenario.replications
        strategy = self.contender.fresh()
        found: dict[str, Any] = json.loads(
            _engine.simulate(text, seed, replications, threads, told, strategy)
        )
        return found

    @property
    def size(self) -> int | None:
        """About how many requests it has; None where nobody knows."""
        each, rate = self.scenario.requests, self.scenario.arrivals.mean_rate
        if each is None and self.scenario.seconds is None:
            each = REQUESTS
        if each is None and self.scenario.length and rate:
            each = int(self.scenario.length * rate)
        return each and each * self.scenario.replications


@dataclass(frozen=True)
class Played:
    """What came out of jobs, by their places, and whether Ctrl-C ended them early."""

    found: Mapping[int, dict[str, Any]]
    interrupted: bool


class Gauge:
    """How far all jobs together are, and the word to stop."""

    def __init__(self, jobs: Sequence[Job], progress: Progress | None) -> None:
        sizes = [job.size for job in jobs]
        self.stop = threading.Event()
        self.done = [0] * len(jobs)
        self._all = None if None in sizes else sum(size or 0 for size in sizes)
        self._progress = progress

    def of(self, place: int) -> Callable[[int], bool]:
        """What the engine tells of the job at `place`; the answer says whether to go on."""

        def told(requests: int) -> bool:
            self.done[place] = requests
            return not self.stop.is_set()

        return told

    def tell(self) -> None:
        """Tell the caller, and hear whether it wants more."""
        if self._progress is not None and self._progress(sum(self.done), self._all) is False:
            self.stop.set()


def play(jobs: Sequence[Job], progress: Progress | None, cores: int | None) -> Played:
    """Run jobs in threads: the engine lets go of the interpreter while it runs."""
    cores = cores or len(os.sched_getaffinity(0))
    at_once = max(1, min(cores, len(jobs)))
    # Fewer jobs than cores: the replications of each are spread over what is left.
    threads = max(1, cores // at_once)
    gauge = Gauge(jobs, progress)
    with ThreadPoolExecutor(at_once, thread_name_prefix="evenly-simulate") as pool:
        places = {
            pool.submit(job.play, threads, gauge.of(place)): place for place, job in enumerate(jobs)
        }
        interrupted = False
        try:
            watch(set(places), gauge)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            # What runs sees the word within a fifth of a second; what has not begun never will.
            gauge.stop.set()
            for future in places:
                future.cancel()
        found = {
            place: future.result() for future, place in places.items() if not future.cancelled()
        }
    return Played({place: one for place, one in found.items() if one["requests"]}, interrupted)


def watch(pending: set[Future[dict[str, Any]]], gauge: Gauge) -> None:
    """Wait on the main thread, which alone hears of Ctrl-C; the first job that fails ends the waiting."""
    while pending and not gauge.stop.is_set():
        done, pending = wait(pending, timeout=LOOK, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        gauge.tell()
