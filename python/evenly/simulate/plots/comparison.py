"""Strategies side by side: response times with their intervals, and who got which share of the requests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evenly.simulate.plots.style import (
    FAINT,
    INK,
    SOFT,
    apart,
    colours,
    foot,
    head,
    number,
    plain_log,
    two_lines,
)
from evenly.simulate.table import UNITS, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evenly.simulate.estimate import Estimate
    from evenly.simulate.result import Results

MARKS = (("p50", "median", "o"), ("mean", "mean", "D"), ("p99", "p99", "o"), ("p999", "p99.9", "|"))
"""What is marked on each row: the figure, its name, and its mark."""

MOST_IN_NUMBERS = 12
"""With more nodes than this, shares are shown by dots: numbers would not fit."""


def figure(results: Results) -> Figure:
    """Draw the picture."""
    from matplotlib.figure import Figure

    rows = len(results)
    longest = max(len(line) for one in results for line in two_lines(one.label).split("\n"))
    width, margin = 11.0, 0.35 + 0.085 * longest
    height = 1.95 + 0.62 * rows
    drawn = Figure(figsize=(width, height))
    left, top, bottom = margin / width, 1 - 1.22 / height, 0.82 / height
    middle = left + (0.97 - left) * 0.53
    times = drawn.add_axes((left, bottom, middle - left - 0.02, top - bottom))
    shares = drawn.add_axes((middle + 0.02, bottom, 0.965 - middle - 0.02, top - bottom))
    edge = 0.25 / width
    scenario = results.scenario
    head(drawn, f"{_title(results)}", scenario.summary, edge)
    _times(times, results)
    _shares(shares, results)
    even = "Thin line on the bars: the share by weight." if _bars(results) else ""
    foot(drawn, f"Shaded around each mark: 95 % confidence interval. {even}", edge)
    return drawn


def _title(results: Results) -> str:
    """What is to be seen, said only when the intervals carry it."""
    best = min(results, key=lambda result: _finite(result.p99))
    others = [result for result in results if result is not best]
    if others and all(best.p99.below(other.p99) for other in others):
        return f"{best.label} has the lowest p99"
    return "Response times and shares"


def _finite(estimate: Estimate) -> float:
    return float(estimate) if math.isfinite(float(estimate)) else math.inf


def _times(axes: Axes, results: Results) -> None:
    marked = [[getattr(result, name) for name, _, _ in MARKS] for result in results]
    known = [float(one) for row in marked for one in row if math.isfinite(float(one))]
    unit = unit_of(*known)
    factor = UNITS[unit]
    low, high = min(known, default=1.0) * factor, max(known, default=1.0) * factor
    if low > 0 and high / low > 12:
        axes.set_xscale("log")
        axes.set_xlim(low / 1.35, high * 1.35)
        plain_log(axes, "x")
    else:
        axes.set_xlim(0, high * 1.12)
    shades = colours(results)
    for row, (result, estimates) in enumerate(zip(results, marked, strict=True)):
        _row(axes, row, [one.times(factor) for one in estimates], shades[result.label])
    _rows(axes, results)
    axes.set_yticks(range(len(results)), [two_lines(result.label) for result in results])
    axes.tick_params(axis="y", length=0, labelcolor=INK, labelsize=9.5)
    axes.grid(axis="x")
    axes.set_xlabel(f"response time [{unit}]")
    if marked and math.isfinite(float(marked[0][0])):
        _legend(axes, [one.times(factor) for one in marked[0]])


def _row(axes: Axes, row: int, marks: list[Estimate], shade: str) -> None:
    known = [one for one in marks if math.isfinite(float(one))]
    if not known:
        axes.text(0.5, row, "no request ended well", transform=axes.get_yaxis_transform())
        return
    ends = [float(one) for one in known]
    axes.plot([min(ends), max(ends)], [row, row], color=shade, lw=1.6, alpha=0.55, zorder=2)
    for (name, _, mark), one in zip(MARKS, marks, strict=True):
        if not math.isfinite(float(one)):
            continue
        if math.isfinite(one.half_width):
            low = max(one.low, axes.get_xlim()[0])
            axes.fill_betweenx(
                [row - 0.2, row + 0.2], low, one.high, color=shade, alpha=0.22, lw=0, zorder=1
            )
        strong = name == "p99"
        axes.plot(
            float(one),
            row,
            mark,
            color=shade,
            ms=8 if strong else 11 if mark == "|" else 5.5,
            mew=2 if mark == "|" else 1.2,
            mfc=shade if name in ("p99", "p50") else "white",
            zorder=3,
        )
        if strong:
            axes.annotate(
                number(float(one)),
                (float(one), row),
                (0, 9),
                textcoords="offset points",
                ha="center",
                color=shade,
                fontweight="bold",
                fontsize=9,
            )


def _rows(axes: Axes, results: Results) -> None:
    axes.set_ylim(len(results) - 0.45, -0.55)
    axes.spines["left"].set_visible(False)


def _legend(axes: Axes, marks: list[Estimate]) -> None:
    """The names of the marks, above the marks of the first row."""
    named = [
        (float(one), word) for one, (_, word, _) in zip(marks, MARKS, strict=True) if one == one
    ]
    named = [(value, word) for value, word in named if math.isfinite(value)]
    ahead = axes.transAxes.inverted().transform(
        [axes.transData.transform((value, 0)) for value, _ in named]
    )
    places = apart([float(x) for x, _ in ahead], 0.12, 0.03, 0.97)
    for (_, word), (x, _), place in zip(named, ahead, places, strict=True):
        axes.annotate(
            word,
            (float(x), 1.0),
            (place, 1.075),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="center",
            va="center",
            color=SOFT,
            fontsize=9,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": FAINT, "lw": 0.8, "shrinkA": 1, "shrinkB": 0},
        )


def _shares(axes: Axes, results: Results) -> None:
    if _bars(results):
        _in_numbers(axes, results)
    else:
        _in_dots(axes, results)
    _rows(axes, results)
    axes.set_yticks([])


def _bars(results: Results) -> bool:
    return len(results[0].nodes) <= MOST_IN_NUMBERS


def _fair(results: Results) -> list[float]:
    """What each node would get if it went by weight."""
    members = [node.weight if node.joins else 0 for node in results.scenario.nodes]
    return [weight / sum(members) for weight in members]


def _in_numbers(axes: Axes, results: Results) -> None:
    """A bar for each node, its share above it; a dash where it would be if shares went by weight."""
    axes.annotate(
        "requests that each node got [%]",
        (0.5, 1.0),
        (0.5, 1.075),
        xycoords="axes fraction",
        textcoords="axes fraction",
        ha="center",
        va="center",
        color=SOFT,
        fontsize=9,
        annotation_clip=False,
    )
    most = max([*(node.share for result in results for node in result.nodes), *_fair(results)])
    shades = colours(results)
    for row, result in enumerate(results):
        base = row + 0.34
        for column, (node, fair) in enumerate(zip(result.nodes, _fair(results), strict=True)):
            tall = 0.46 * node.share / most
            axes.bar(column, -tall, 0.8, base, color=shades[result.label], alpha=0.8, lw=0)
            line = base - 0.46 * fair / most
            axes.plot([column - 0.46, column + 0.46], [line, line], color=INK, lw=0.8, alpha=0.6)
            axes.text(
                column,
                min(base - tall, line) - 0.04,
                f"{100 * node.share:.1f}",
                ha="center",
                va="bottom",
                fontsize=8.5,
                color=INK,
            )
        axes.plot([-0.46, len(result.nodes) - 0.54], [base, base], color=SOFT, lw=0.8)
    axes.set_xlim(-0.55, len(results[0].nodes) - 0.45)
    fast = [node.speed for node in results.scenario.nodes]
    names = [node.id for node in results[0].nodes]
    if len(set(fast)) > 1:
        pairs = zip(names, fast, strict=True)
        names = [f"{name}\n{speed:g}×" for name, speed in pairs]
    axes.set_xticks(range(len(names)), names)
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel("node" + (" and its speed" if len(set(fast)) > 1 else ""))


def _in_dots(axes: Axes, results: Results) -> None:
    """A dot for each node, above one another where they crowd; a line where even shares would be."""
    shades = colours(results)
    even = sorted({round(100 * share, 9) for share in _fair(results) if share})
    for share in even[:4]:
        axes.axvline(share, color=SOFT, lw=0.9, ls=(0, (3, 3)), zorder=1)
    if len(even) == 1:
        axes.annotate(
            "even", (even[0], 1), (0, 3), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", color=SOFT, fontsize=8.5,
        )  # fmt: skip
    high = max(100 * node.share for result in results for node in result.nodes)
    axes.set_xlim(0, max(high, even[-1]) * 1.08)
    for row, result in enumerate(results):
        shares = sorted(100 * node.share for node in result.nodes)
        # A fixed pattern of heights keeps dots apart without pretending to mean anything.
        heights = [row + 0.24 * (((7 * place) % 11) / 5 - 1) for place in range(len(shares))]
        axes.plot(
            shares, heights, "o", ms=4.2, color=shades[result.label], alpha=0.65, mew=0, zorder=2
        )
    axes.grid(axis="x")
    axes.set_xlabel(
        f"requests that each node got [%]; each dot is one of {len(results[0].nodes)} nodes"
    )
