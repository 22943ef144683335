"""Running a scenario: every strategy on the engine, and what to say beside the figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from evenly.simulate.arrivals import Closed
from evenly.simulate.faults import InvalidScenario
from evenly.simulate.jobs import Job, Progress, play
from evenly.simulate.part import Wrong, read_part
from evenly.simulate.result import Result, Results
from evenly.simulate.scenario import Scenario

if TYPE_CHECKING:
    from evenly.simulate.arrivals import Arrivals
    from evenly.simulate.keys import Keys
    from evenly.simulate.nodes import SimNode
    from evenly.simulate.service import Service
    from evenly.simulate.timeline import Event
    from evenly.strategy import StrategyLike

__all__ = ["Interrupted", "Progress", "run", "scenario_from", "simulate"]

Table = Mapping[str, object]


DROWNING = 0.995
"""Part of the time that a node is busy from which it is said to drown. At 99.5 % the wait is 200 times the service."""


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
    played = play([Job(scenario, one) for one in contenders], progress, cores)
    done = [Result(contenders[place], found) for place, found in sorted(played.found.items())]
    results = Results(scenario, done, notes(scenario, done))
    if played.interrupted:
        raise Interrupted(results)
    return results


def notes(scenario: Scenario, results: Sequence[Result]) -> list[str]:
    """What a reader of the figures must know."""
    said = []
    load = scenario.load
    grows = not all(_bounded(node) for node in scenario.nodes)
    if load is not None and load >= 1:
        then = (
            "what waits grows for as long as the run lasts, so the figures describe this run and no steady state"
            if grows
            else "the rest is refused"
        )
        said.append(f"the nodes are offered {load:.0%} of what they can do: {then}")
    keyed = [one.label for one in scenario.strategies if one.uses_key and not one.in_python]
    if keyed and scenario.keys is None:
        said.append(
            f"{', '.join(keyed)}: requests have no keys here, so nodes were drawn by chance; "
            "say keys = Zipf(count=1000)"
        )
    if grows and not isinstance(scenario.arrivals, Closed) and (load or 0) < 1:
        said += [note for result in results for note in _drowning(result)]
    if scenario.timeline and results:
        said.append(
            "things happen on the way, and the intervals hold the difference between before and after, too: they "
            "are too wide rather than too narrow"
        )
        said += _late(scenario, results)
    ran = {result.label for result in results}
    never = [one.label for one in scenario.strategies if one.label not in ran]
    early = [_early(one) for one in results if not one.complete]
    if never or early:
        parts = [*early, *(f"{label} before it began" for label in never)]
        said.append(f"stopped early: {'; '.join(parts)}")
    return said


def _late(scenario: Scenario, results: Sequence[Result]) -> list[str]:
    """Events for which the runs were too short, though nobody stopped them."""
    if not all(result.complete for result in results):
        return []
    lasted = max(result.found["seconds"] for result in results) / scenario.replications
    late = [event for event in scenario.timeline if event.at > lasted]
    if not late:
        return []
    first = min(late, key=lambda event: event.at)
    return [
        f"the runs ended after {lasted:,.4g} s, before this came about: {first}, at {first.at:g} s; "
        "ask for more requests or seconds"
    ]


def _bounded(node: SimNode) -> bool:
    """Whether only so many can wait for the node; the others are refused, by it or by the balancer's queue."""
    return node.queue_limit is not None or node.capacity is not None


def _drowning(result: Result) -> list[str]:
    """Nodes that get more than they can do, though all together could do it."""
    busy = [node.id for node in result.nodes if (node.utilisation or 0) >= DROWNING]
    if not busy:
        return []
    who = f"{busy[0]} is" if len(busy) == 1 else f"{busy[0]} and {len(busy) - 1} more are"
    return [
        f"{result.label}: {who} busy all the time; what waits there grows as long as the run lasts"
    ]


def _early(result: Result) -> str:
    text = f"{result.label} after {result.requests:,} requests"
    cold = math.isnan(float(result.mean)) and result.ok > 0
    return f"{text}, all of them its warm-up: it has no figures" if cold else text
