"""A sweep: the same scenario at every point of a grid, here or on a Dask cluster.

grid = {"arrivals.rate": [5, 7, 9], "nodes": [10, 20]}
sweep(grid, strategies=["random", "power_of_two"], arrivals=Poisson(9), service=Exponential(1), nodes=10)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenly.simulate.faults import Found, InvalidScenario, shown, unknown
from evenly.simulate.jobs import Job, Progress, play
from evenly.simulate.result import Result, Results
from evenly.simulate.run import notes, scenario_from

if TYPE_CHECKING:
    from evenly.simulate.scenario import Scenario
    from evenly.simulate.table import Table

__all__ = ["Sweep", "SweepInterrupted", "sweep"]

Grid = Mapping[str, Sequence[object]]

MOST_POINTS = 10_000
"""More are surely a mistake: two grids that should have been one."""


class Sweep(Sequence[Results]):
    """Results at every point of a grid, in its order; `points` says what was set at each."""

    def __init__(
        self, grid: Grid, points: Sequence[Mapping[str, object]], results: Sequence[Results]
    ) -> None:
        self.grid = {key: tuple(values) for key, values in grid.items()}
        """What was varied, by its place in the scenario, and its values."""
        self.points = tuple(dict(point) for point in points)
        """What was set at each point."""
        self._results = tuple(results)

    def __getitem__(self, which: Any) -> Any:
        """The results at a point."""
        return self._results[which]

    def __len__(self) -> int:
        """How many points there are."""
        return len(self._results)

    def __iter__(self) -> Iterator[Results]:
        """Go through the points in the order of the grid."""
        return iter(self._results)

    @property
    def complete(self) -> bool:
        """Whether every strategy ran to its end at every point."""
        return all(results.complete for results in self)

    def table(self, *columns: str) -> Table:
        """A table of these columns: a row for each strategy at each point."""
        from evenly.simulate.table import Table

        rows = [
            ((*(said(point[key]) for key in self.grid), result.label), result)
            for point, results in zip(self.points, self, strict=True)
            for result in results
        ]
        notes = [
            f"{', '.join(f'{key} = {said(value)}' for key, value in point.items())}: {note}"
            for point, results in zip(self.points, self, strict=True)
            for note in results.notes
        ]
        return Table(rows, columns, (*self.grid, "strategy"), notes)

    def plot(self, path: str | Path, figure: str = "p99") -> Path:
        """Draw a figure of the results against what was varied; `figure` is the name of a column.

        The first key of the grid runs along the axis; each value of a second has a panel of its own.
        """
        from evenly.simulate.plots import draw_sweep

        return draw_sweep(self, Path(path), figure)

    def json(self) -> dict[str, Any]:
        """Everything as JSON values."""
        points = [
            {"at": {key: said(value) for key, value in point.items()}, **results.json()}
            for point, results in zip(self.points, self, strict=True)
        ]
        return {"complete": self.complete, "points": points}

    def __str__(self) -> str:
        """The table with its usual columns."""
        return str(self.table())

    __repr__ = __str__


class SweepInterrupted(KeyboardInterrupt):
    """Ctrl-C ended a sweep; `results` holds what was done until then."""

    def __init__(self, results: Sweep) -> None:
        super().__init__("the sweep was stopped early")
        self.results = results


def sweep(
    grid: Grid,
    *,
    dask: str | None = None,
    progress: Progress | None = None,
    cores: int | None = None,
    **scenario: object,
) -> Sweep:
    """Simulate a scenario at every point of a grid.

    `grid` names places in the scenario with the values to try there: `{"arrivals.rate": [5, 7, 9]}`; several keys are
    combined each with each. `scenario` holds the arguments of `simulate`. All points have the same seed, so they
    differ by what was varied and by nothing else. `dask` is the address of a Dask scheduler, such as
    `"tcp://10.0.0.1:8786"`; else all cores of this machine are used.

    Raises `InvalidScenario`, `NoCluster`, and `SweepInterrupted` with what was done on Ctrl-C.
    """
    points = _points(grid)
    scenarios = _scenarios(scenario, points)
    jobs = [Job(one, contender) for one in scenarios for contender in one.strategies]
    if dask is None:
        played = play(jobs, progress, cores)
    else:
        from evenly.simulate.dask import play_on

        played = play_on(dask, jobs, progress)
    results = []
    place = 0
    for one in scenarios:
        done = []
        for contender in one.strategies:
            if place in played.found:
                done.append(Result(contender, played.found[place]))
            place += 1
        results.append(Results(one, done, notes(one, done)))
    swept = Sweep(grid, points, results)
    if played.interrupted:
        raise SweepInterrupted(swept)
    return swept


def said(value: object) -> str:
    """A value of the grid in a few words."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return f"{len(value)} of them"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={said(one)}" for key, one in value.items())
    return str(value)


def _points(grid: Grid) -> list[dict[str, object]]:
    faults: list[Found] = []
    total = 1
    for key, values in grid.items():
        if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Sequence):
            faults.append((_place(key), f"must be a list of values, not {shown(values)}"))
        elif not values:
            faults.append((_place(key), "must hold at least one value"))
        else:
            total *= len(values)
    if not grid:
        faults.append((("sweep",), "names nothing to vary: write arrivals.rate = [5, 7, 9]"))
    if total > MOST_POINTS:
        faults.append((("sweep",), f"has {total:,} points; {MOST_POINTS:,} are the most"))
    if faults:
        raise InvalidScenario(faults)
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def _place(key: str) -> tuple[str, ...]:
    return ("sweep", *key.split("."))


def _scenarios(
    table: Mapping[str, object], points: Sequence[Mapping[str, object]]
) -> list[Scenario]:
    """The scenario at every point; raises `InvalidScenario` with the faults of all points, each told once."""
    made: list[Scenario] = []
    faults: dict[Found, None] = {}
    for point in points:
        try:
            made.append(_scenario(table, point))
        except InvalidScenario as error:
            faults |= dict.fromkeys(error.faults)
    if faults:
        raise InvalidScenario(faults)
    return made


def _scenario(table: Mapping[str, object], point: Mapping[str, object]) -> Scenario:
    """The scenario at a point; a fault that only the point has is told at the sweep."""
    changed: Any = dict(table)
    for key, value in point.items():
        try:
            changed = _put(changed, key.split("."), value)
        except InvalidScenario as error:
            raise InvalidScenario((_place(key), what) for _, what in error.faults) from None
    try:
        return scenario_from(changed)
    except InvalidScenario as error:
        raise InvalidScenario(
            _at_the_sweep(loc, what, point) for loc, what in error.faults
        ) from None


def _at_the_sweep(loc: tuple[str | int, ...], what: str, point: Mapping[str, object]) -> Found:
    for key in point:
        steps = _place(key)[1:]
        if tuple(map(str, loc))[: len(steps)] == steps:
            return _place(key), what
    return loc, what


def _put(whole: Any, steps: Sequence[str], value: object) -> Any:
    """A copy of `whole` with `value` at the place that `steps` lead to."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(whole, Mapping):
        return {**whole, step: _put(whole.get(step, {}) if rest else None, rest, value)}
    if isinstance(whole, (list, tuple)) and step.isdecimal() and int(step) < len(whole):
        copy = list(whole)
        copy[int(step)] = _put(copy[int(step)], rest, value)
        return copy
    if is_dataclass(whole) and not isinstance(whole, type):
        names = [field.name for field in fields(whole)]
        if step not in names:
            raise InvalidScenario([((), unknown("key", step, names))])
        return replace(whole, **{step: _put(getattr(whole, step), rest, value)})
    raise InvalidScenario([((), f"leads nowhere: {shown(whole)} has no {shown(step)}")])
