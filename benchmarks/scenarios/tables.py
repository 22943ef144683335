"""The tables of a run: one for each scenario, losers included, and what was reached."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .products import WAYS
from .scenarios import SCENARIOS, Column, Scenario

OURS = "evenly"
Rounds = Sequence[Mapping[str, float]]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def median(rounds: Rounds, column: Column) -> float:
    """The middle round's figure."""
    return statistics.median(one[column.key] for one in rounds)


def written(value: float, column: Column) -> str:
    """One figure with its unit."""
    return "never" if value == float("inf") else f"{value:{column.form}}{column.unit}"


def cell(rounds: Rounds, column: Column) -> str:
    """The median, and how far the rounds lie apart when they do."""
    values = [one[column.key] for one in rounds]
    low, high = (written(bound, column) for bound in (min(values), max(values)))
    said = written(median(rounds, column), column)
    return said if low == high else f"{said} ({low.removesuffix(column.unit)}–{high})"


def scenario_table(scenario: Scenario, plays: Mapping[str, Rounds]) -> str:
    """Every way that played it, in the order of `WAYS`."""
    rows = [
        (way.name, *(cell(plays[way.name], column) for column in scenario.columns))
        for way in WAYS
        if way.name in plays
    ]
    return table(("", *(column.title for column in scenario.columns)), rows)


def verdicts(scenario: Scenario, plays: Mapping[str, Rounds]) -> Iterator[tuple[str, str, bool]]:
    """Each goal in words, what Evenly reached, and whether that is enough."""
    ours = plays.get(OURS)
    if not ours:
        return
    if scenario.at_least_as is not None and scenario.at_least_as in plays:
        column = scenario.columns[0]
        theirs = plays[scenario.at_least_as]
        ratio = median(ours, column) / median(theirs, column)
        yield f"{column.title} ≥ 1.00 × {scenario.at_least_as}", f"{ratio:.2f} ×", ratio >= 0.995
    for column in scenario.columns:
        value = median(ours, column)
        for bound, sign, kept in (
            (column.least, "≥", column.least is not None and value >= column.least),
            (column.most, "≤", column.most is not None and value <= column.most),
        ):
            if bound is not None:
                goal = f"{column.title} {sign} {written(bound, column)}"
                yield goal, written(value, column), kept


def goals(plays: Mapping[str, Mapping[str, Rounds]]) -> str:
    """Every goal on one line."""
    rows = [
        (scenario.title, goal, reached, "reached" if kept else "**missed**")
        for scenario in SCENARIOS
        for goal, reached, kept in verdicts(scenario, plays.get(scenario.id, {}))
    ]
    return table(("scenario", "goal", "Evenly by default", ""), rows)


def text(found: Mapping[str, Any]) -> str:
    """All of it, as the page shows it below its head."""
    plays = found["plays"]
    parts = ["## Goals\n", goals(plays)]
    for scenario in SCENARIOS:
        if plays.get(scenario.id):
            parts += [f"## {scenario.title}\n", scenario.says + "\n"]
            parts.append(scenario_table(scenario, plays[scenario.id]))
    parts.append("## What was set\n")
    options = [(name, option) for name, option in found["options"].items()]
    parts.append(table(("", "set"), options))
    parts.append("## Versions\n")
    versions = dict.fromkeys(found["versions"].values())
    parts.append("".join(f"* {version}\n" for version in versions))
    if found["errors"]:
        parts.append("## What could not be played\n")
        parts.append("".join(f"* {error}\n" for error in found["errors"]))
    return "\n".join(parts)
