"""A run over time: response times, lost requests and the share of the nodes that something happens to."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

from evenly.simulate.plots.style import (
    INK,
    SOFT,
    apart,
    colours,
    foot,
    head,
    plain_log,
)
from evenly.simulate.table import UNITS, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evenly.simulate.result import Point, Results

Value = Callable[["Point"], "float | None"]

ENOUGH = 200
"""Requests in a stretch from which its p99 is worth drawing; below, the mean is drawn."""

MOST_NODES = 3
"""Nodes whose shares get a panel each."""


def figure(results: Results) -> Figure:
    """Draw the picture: one panel under the other over the same time."""
    from matplotlib.figure import Figure

    panels = _panels(results)
    width, height = 11.0, 2.35 + 1.6 * len(panels)
    drawn = Figure(figsize=(width, height))
    longest = max(len(result.label) for result in results)
    left, right = 0.85 / width, 1 - (0.25 + 0.082 * longest) / width
    top, bottom = 1 - 1.3 / height, 0.75 / height
    # The first panel is what one looks at; it gets half as much again as the others.
    parts = [1.5, *(1.0 for _ in panels[1:])]
    low, first = top, None
    every: list[Axes] = []
    for part, (title, log, value) in zip(parts, panels, strict=True):
        tall = (top - bottom) * part / sum(parts)
        low -= tall
        axes = drawn.add_axes((left, low, right - left, tall - 0.42 / height), sharex=first)
        first = first or axes
        _panel(axes, results, title, log, value)
        axes.tick_params(axis="x", labelbottom=False)
        every.append(axes)
    # Only now the axes have their widths, which the names of lines and events go by.
    unit, factor = _clock(results)
    for axes in every:
        _events(axes, results, factor, words=axes is first)
    every[-1].tick_params(axis="x", labelbottom=True)
    every[-1].set_xlabel(f"time [{unit}]")
    edge = 0.25 / width
    head(drawn, _title(results), results.scenario.summary, edge)
    step = results.scenario.interval
    foot(drawn, f"Each point sums up {step:g} s of the first replication.", edge)
    return drawn


def _clock(results: Results) -> tuple[str, float]:
    """The unit in which the run's time reads best, and how many of it a second has."""
    last = max(result.series[-1].at for result in results if result.series)
    for unit, seconds in (("h", 3600.0), ("min", 60.0)):
        if last > 5 * seconds:
            return unit, 1 / seconds
    return "s", 1.0


def _title(results: Results) -> str:
    """The events, as many as a line holds."""
    said = [str(event) for event in results.scenario.ordered]
    if not said:
        return "The run over time"
    few = list(said)
    while len(few) > 1 and sum(map(len, few)) > 56:
        few.pop()
    return (
        f"{', '.join(few)}{', …' if len(few) < len(said) else ''}: what each strategy makes of it"
    )


def _panels(results: Results) -> list[tuple[str, bool, Value]]:
    """Title, whether it is logarithmic, and the value of each panel."""
    points = [point for result in results for point in result.series]
    counts = [point.ok for result in results for point in result.series]
    by_tail = bool(counts) and median(counts) >= ENOUGH
    which = "p99" if by_tail else "mean"
    known = [value for point in points if (value := getattr(point, which))]
    unit = unit_of(*known)
    factor = UNITS[unit]

    def time(point: Point) -> float | None:
        value: float | None = getattr(point, which)
        return None if value is None else value * factor

    log = bool(known) and max(known) / min(known) > 12
    word = "99 of 100 requests are answered within" if by_tail else "mean response time"
    panels: list[tuple[str, bool, Value]] = [(f"{word} [{unit}]", log, time)]
    if any(point.failed for point in points):
        panels.append(("requests lost [%]", False, _lost))
    ids = [node.id for node in results.scenario.nodes]
    hurt = list(dict.fromkeys(event.node for event in results.scenario.ordered))
    shares = (
        (f"requests sent to {node} [%]", False, _share(ids.index(node)))
        for node in hurt[:MOST_NODES]
    )
    return [*panels, *shares]


def _lost(point: Point) -> float | None:
    share = point.lost_share
    return None if share is None else 100 * share


def _share(place: int) -> Value:
    def share(point: Point) -> float | None:
        all_picks = sum(point.picks)
        return 100 * point.picks[place] / all_picks if all_picks else None

    return share


def _panel(axes: Axes, results: Results, title: str, log: bool, value: Value) -> None:
    shades = colours(results)
    step = results.scenario.interval or 0
    _, factor = _clock(results)
    ends: list[tuple[float, str]] = []
    for result in results:
        # The last stretch is cut off where the run ends.
        points = result.series[:-1] or result.series
        pairs = [((point.at + step / 2) * factor, value(point)) for point in points]
        heights = [math.nan if found is None else found for _, found in pairs]
        axes.plot([at for at, _ in pairs], heights, color=shades[result.label], lw=1.5, alpha=0.9)
        last = [found for _, found in pairs if found is not None][-5:]
        ends.append((median(last) if last else 0.0, result.label))
    if log:
        axes.set_yscale("log")
        plain_log(axes, "y")
    else:
        axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.grid(axis="y")
    axes.annotate(
        title,
        (0, 1),
        (0, 5),
        xycoords="axes fraction",
        textcoords="offset points",
        color=INK,
        fontsize=9.5,
    )
    if axes is axes.figure.axes[0]:
        _label(axes, ends, shades)


def _label(axes: Axes, ends: list[tuple[float, str]], shades: dict[str, str]) -> None:
    """The name of each line where it ends, kept apart from the others."""
    wanted = [
        float(axes.transAxes.inverted().transform(axes.transData.transform((0, end)))[1])
        for end, _ in ends
    ]
    for (_, label), place in zip(ends, apart(wanted, 0.105, 0.03, 0.97), strict=True):
        axes.text(
            1.012,
            place,
            label,
            transform=axes.transAxes,
            color=shades[label],
            fontsize=9,
            fontweight="bold",
            va="center",
        )


def _events(axes: Axes, results: Results, factor: float, *, words: bool) -> None:
    """A line at each event; its words above the uppermost panel, on two levels where they crowd."""
    low, high = axes.get_xlim()
    span = (high - low) or 1.0
    taken = [-math.inf, -math.inf]
    for event in results.scenario.ordered:
        at = event.at * factor
        axes.axvline(at, color=SOFT, lw=1.0, ls=(0, (4, 3)), zorder=1)
        if not words:
            continue
        text = str(event)
        place = (at - low) / span
        level = 0 if place > taken[0] else 1
        taken[level] = place + 0.0105 * len(text)
        axes.annotate(
            text,
            (at, 1),
            (0, 20 + 12 * level),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            fontsize=9,
            color=SOFT,
            annotation_clip=False,
        )
