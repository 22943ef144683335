"""A figure against what was varied: a line for each strategy, its confidence interval shaded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evenly.simulate.estimate import Estimate
from evenly.simulate.plots.style import COLOURS, apart, foot, head, plain_log
from evenly.simulate.table import TIMES, UNITS, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evenly.simulate.result import Results
    from evenly.simulate.sweep import Sweep

NAMES = {"p999": "p99.9", "p50": "median response time", "mean": "mean response time"}


def figure(sweep: Sweep, column: str) -> Figure:
    """Draw the picture: a panel for each value of the second key, or one."""
    from matplotlib.figure import Figure

    from evenly.simulate.sweep import said

    along, *others = sweep.grid
    over = others[0] if others else None
    values = sweep.grid[over] if over else (None,)
    labels = list(dict.fromkeys(result.label for results in sweep for result in results))
    width, height = 11.0 if over else 9.0, 4.6
    drawn = Figure(figsize=(width, height))
    left, right = 0.95 / width, 1 - (0.3 + 0.085 * max(map(len, labels))) / width
    bottom, top = 0.95 / height, 1 - (1.35 if over else 1.05) / height
    each = (right - left) / len(values)
    factor, unit = _unit(sweep, column)
    first: Axes | None = None
    every: list[Axes] = []
    for place, value in enumerate(values):
        at = (left + place * each, bottom, each - 0.03, top - bottom)
        axes = drawn.add_axes(at, sharey=first, sharex=first)
        first = first or axes
        every.append(axes)
        chosen = [
            (point[along], results)
            for point, results in zip(sweep.points, sweep, strict=True)
            if over is None or point[over] == value
        ]
        _lines(axes, chosen, column, factor, labels)
        axes.set_xlabel(along)
        axes.tick_params(axis="y", labelleft=place == 0)
        if over:
            axes.set_title(f"{over} = {said(value)}", fontweight="normal", fontsize=9.5)
    _scale(every, sweep, column, factor)
    _label(every[-1], labels)
    name = NAMES.get(column, column.replace("_", " "))
    scenario = sweep[0].scenario
    edge = 0.25 / width
    head(
        drawn, f"{name}{f' [{unit}]' if unit else ''} against {' and '.join(sweep.grid)}", "", edge
    )
    below = f"{len(sweep)} points · {scenario.strategies and len(labels)} strategies · seed {scenario.seed}"
    drawn.text(edge, 1 - 0.62 / height, below, fontsize=9.5, color="#6b6b6b", va="center")
    foot(drawn, "Shaded: 95 % confidence interval.", edge)
    return drawn


def _unit(sweep: Sweep, column: str) -> tuple[float, str]:
    if column not in TIMES:
        return 1.0, ""
    known = [float(getattr(one, column)) for results in sweep for one in results]
    unit = unit_of(*known)
    return UNITS[unit], unit


def _lines(
    axes: Axes,
    chosen: list[tuple[object, Results]],
    column: str,
    factor: float,
    labels: list[str],
) -> None:
    numeric = all(isinstance(at, (int, float)) for at, _ in chosen)
    for place, label in enumerate(labels):
        xs: list[float] = []
        ys: list[Estimate] = []
        for position, (at, results) in enumerate(chosen):
            for result in results:
                if result.label == label:
                    found = getattr(result, column)
                    exact = found if isinstance(found, Estimate) else Estimate(float(found), 0, 0)
                    xs.append(float(at) if numeric else position)  # type: ignore[arg-type]
                    ys.append(exact.times(factor))
        shade = COLOURS[place % len(COLOURS)]
        axes.plot(xs, [float(y) for y in ys], "o-", color=shade, lw=1.6, ms=4.5, label=label)
        sure = [(x, y) for x, y in zip(xs, ys, strict=True) if math.isfinite(y.half_width)]
        axes.fill_between(
            [x for x, _ in sure],
            [y.low for _, y in sure],
            [y.high for _, y in sure],
            color=shade,
            alpha=0.2,
            lw=0,
        )
    if numeric and len(chosen) <= 8:
        axes.set_xticks([float(at) for at, _ in chosen])  # type: ignore[arg-type]
    if not numeric:
        axes.set_xticks(range(len(chosen)), [str(at) for at, _ in chosen])
    axes.grid(axis="y")


def _scale(every: list[Axes], sweep: Sweep, column: str, factor: float) -> None:
    values = [float(getattr(one, column)) * factor for results in sweep for one in results]
    known = [value for value in values if math.isfinite(value)]
    if known and min(known) > 0 and max(known) / min(known) > 8:
        every[0].set_yscale("log")
        plain_log(every[0], "y")
    else:
        every[0].set_ylim(bottom=0)


def _label(axes: Axes, labels: list[str]) -> None:
    """The name of each line where it ends."""
    lines = {str(line.get_label()): line for line in axes.get_lines()}
    ends = {label: [float(y) for _, y in _points(line)] for label, line in lines.items()}
    named = [label for label in labels if ends.get(label)]
    wanted = []
    for label in named:
        end = ends[label][-1]
        pixel = axes.transData.transform((0, end))
        wanted.append(float(axes.transAxes.inverted().transform(pixel)[1]))
    for label, place in zip(named, apart(wanted, 0.06, 0.02, 0.98), strict=True):
        shade = str(lines[label].get_color())
        axes.text(
            1.03, place, label, transform=axes.transAxes, color=shade,
            fontsize=9, fontweight="bold", va="center",
        )  # fmt: skip


def _points(line: Any) -> Any:
    """matplotlib's types do not say what these are."""
    return line.get_xydata()
