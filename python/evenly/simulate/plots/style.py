"""How all pictures look: one set of colours, sizes and words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evenly.simulate.result import Results

DPI = 160

INK = "#222222"
SOFT = "#6b6b6b"
FAINT = "#dddddd"

# Okabe and Ito: told apart by every common kind of colour blindness. Yellow is left out: too pale for a line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "Helvetica Neue", "Arial", "DejaVu Sans"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "evenly",
}


def colour(place: int) -> str:
    """The colour of the strategy at `place`; the same in every picture of a result."""
    return COLOURS[place % len(COLOURS)]


def colours(results: Results) -> dict[str, str]:
    """The colour of each label."""
    order = {one.label: place for place, one in enumerate(results.scenario.strategies)}
    return {result.label: colour(order[result.label]) for result in results}


def head(figure: Figure, title: str, below: str, left: float) -> None:
    """Title and subtitle, in inches from the top so that they sit alike on every figure."""
    height = figure.get_figheight()
    figure.text(left, 1 - 0.34 / height, title, fontsize=13, fontweight="bold", va="center")
    figure.text(left, 1 - 0.62 / height, below, fontsize=9.5, color=SOFT, va="center")


def foot(figure: Figure, text: str, left: float) -> None:
    """What one must know to read the picture."""
    figure.text(left, 0.14 / figure.get_figheight(), text, fontsize=8.5, color=SOFT, va="bottom")


def two_lines(label: str) -> str:
    """A long label with its options on a line of their own."""
    name, found, options = label.partition("(")
    return f"{name}\n{options.removesuffix(')')}" if found and len(label) > 18 else label


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places as near as may be to those wanted, in the same order, `least` apart, between `low` and `high`."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    edge = low
    for index in order:
        placed[index] = max(wanted[index], edge)
        edge = placed[index] + least
    edge = high
    for index in reversed(order):
        placed[index] = min(placed[index], edge)
        edge = placed[index] - least
    return placed


def number(value: float) -> str:
    """A figure to three digits without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def plain_log(axes: Axes, axis: str) -> None:
    """A logarithmic axis that says 0.5, 1, 2, 5, 10 and not powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    which = axes.xaxis if axis == "x" else axes.yaxis
    low, high = axes.get_xlim() if axis == "x" else axes.get_ylim()
    subs = (1.0, 2.0, 5.0) if high / low < (1000 if axis == "x" else 300) else (1.0,)
    which.set_major_locator(LogLocator(subs=subs))
    which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    which.set_minor_locator(NullLocator())
    which.set_minor_formatter(NullFormatter())
