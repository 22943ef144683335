"""Running a scenario: every strategy on the engine, on all cores, and stopping in good order."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from evenly import _engine
from evenly.simulate.faults import InvalidScenario
from evenly.simulate.part import Wrong, read_part
from evenly.simulate.result import Result, Results
from evenly.simulate.scenario import REQUESTS, Scenario

if TYPE_CHECKING:
    from evenly.simulate.arrivals import Arrivals
    from evenly.simulate.contenders import Contender
    from evenly.simulate.keys import Keys
    from evenly.simulate.nodes import SimNode
    from evenly.simulate.service import Service
    from evenly.simulate.timeline import Event
    from evenly.strategy import StrategyLike

__all__ = ["Interrupted", "Progress", "run", "scenario_from", "simulate"]

Progress = Callable[[int, int | None], bool | None]
"""Told requests done and requests in all (None where nobody knows), a few times a second; False stops the run."""

Table = Mapping[str, object]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a simulation; `results` holds what was done until then."""

    def __init__(self, results: Results) -> None:
        super().__init__("the simulation was stopped early")
        self.results = results


def simulate(
    strategies: Iterable[StrategyLike] | Mapping[str, StrategyLike] | StrategyLike,
    *,
    nodes: int | Iterable[SimNode | Table],
    arrivals: Arrivals | Table | float,
    service: Service | Table | None = None,
    requests: int | None = None,
    seconds: float | str | None = None,
    seed: int = 0,
    replications: int = 1,
    keys: Keys | Table | None = None,
    delay: float | str = 0.0,
    dispatchers: int = 1,
    report_every: float | str | None = None,
    settings: Table | None = None,
    timeout: float | str | None = None,
    timeline: Iterable[Event | Table] = (),
    warmup: float = 0.1,
    series_every: float | str | None = None,
    progress: Progress | None = None,
    cores: int | None = None,
) -> Results:
    """Run the engine on a virtual clock and tell what each strategy gives.

    All arguments but the last two make up a `Scenario`, which says what each of them means. `progress` is told a few
    times a second how many requests are done; when it answers False the run stops early. `cores` is how many run at
    a time; by default all. The result hangs on the scenario alone, not on `cores`.

    Raises `InvalidScenario` with every fault, and `Interrupted`, a `KeyboardInterrupt` with what was done, on Ctrl-C.
    """
    given = {name: value for name, value in locals().items() if name not in ("progress", "cores")}
    usual = {"service": None, "settings": None}
    table = {name: value for name, value in given.items() if name not in usual or value is not None}
    return run(scenario_from(table), progress=progress, cores=cores)


def scenario_from(table: Mapping[str, object]) -> Scenario:
    """Read a scenario from a table with its fields; raises `InvalidScenario` with every fault."""
    try:
        return read_part((Scenario,), table)
    except Wrong as wrong:
        raise InvalidScenario(wrong.faults) from None


def run(
    scenario: Scenario, *, progress: Progress | None = None, cores: int | None = None
) -> Results:
    """Run a scenario. See `simulate`."""
    contenders = scenario.strategies
    cores = cores or len(os.sched_getaffinity(0))
    gauge = _Gauge(scenario, progress)
    at_once = min(cores, len(contenders))
    found: dict[int, dict[str, Any]] = {}
    interrupted = False
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="evenly-simulate")
    try:
        jobs = {
            pool.submit(_one, scenario, contender, max(1, cores // at_once), gauge.of(place)): place
            for place, contender in enumerate(contenders)
        }
        try:
            _watch(jobs, gauge)
        except KeyboardInterrupt:
            interrupted = True
            gauge.stop.set()
        # What runs sees the word within a fifth of a second; what had not begun never will.
        for job, place in jobs.items():
            if job.cancel():
                continue
            outcome = job.result()
            if outcome["requests"]:
                found[place] = outcome
    finally:
        gauge.stop.set()
        pool.shutdown(cancel_futures=True)
    done = [Result(contenders[place], found[place]) for place in sorted(found)]
    results = Results(scenario, done, notes(scenario, done))
    if interrupted:
        raise Interrupted(results)
    return results


def _one(
    scenario: Scenario, contender: Contender, threads: int, told: Callable[[int], bool]
) -> dict[str, Any]:
    outcome: dict[str, Any] = json.loads(
        _engine.simulate(
            json.dumps(scenario.with_strategy(contender)),
            scenario.seed,
            scenario.replications,
            threads,
            told,
            contender.fresh(),
        )
    )
    return outcome


def _watch(jobs: Mapping[Future[dict[str, Any]], int], gauge: _Gauge) -> None:
    """Wait for all jobs on the main thread, which alone hears of Ctrl-C; the first that fails ends the waiting."""
    pending = set(jobs)
    while pending:
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        for job in done:
            job.result()
        gauge.tell()


class _Gauge:
    """How far all strategies together are, and the word to stop."""

    def __init__(self, scenario: Scenario, progress: Progress | None) -> None:
        self.stop = threading.Event()
        self._done = [0] * len(scenario.strategies)
        self._progress = progress
        each = scenario.requests
        if each is None:
            each = REQUESTS if scenario.seconds is None else None
        if each is None and scenario.length and scenario.arrivals.mean_rate:
            each = int(scenario.length * scenario.arrivals.mean_rate)
        self._all = each and each * scenario.replications * len(self._done)

    def of(self, place: int) -> Callable[[int], bool]:
        """What the engine tells of the strategy at `place`; the answer says whether to go on."""

        def told(requests: int) -> bool:
            self._done[place] = requests
            return not self.stop.is_set()

        return told

    def tell(self) -> None:
        """Tell the caller, and hear whether it wants more."""
        if self._progress is not None and self._progress(sum(self._done), self._all) is False:
            self.stop.set()


def notes(scenario: Scenario, results: Sequence[Result]) -> list[str]:
    """What a reader of the figures must know."""
    said = []
    load = scenario.load
    if load is not None and load >= 1:
        said.append(
            f"the nodes are offered {load:.0%} of what they can do: what waits grows for as long as the run "
            "lasts, so the figures describe this run and no steady state"
        )
    ran = {result.label for result in results}
    never = [one.label for one in scenario.strategies if one.label not in ran]
    early = [f"{one.label} after {one.requests:,} requests" for one in results if not one.complete]
    if never or early:
        parts = [*early, *(f"{label} before it began" for label in never)]
        said.append(f"stopped early: {'; '.join(parts)}")
    return said
