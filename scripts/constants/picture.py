"""Why two seconds, five and one: for each constant what goes wrong when it is too small, and when it is too large."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenly.simulate.plots.style import COLOURS, DPI, SOFT, STYLE, foot, head, plain_log
from scripts.constants import measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

BLUE, ORANGE, GREEN, PINK = COLOURS[:4]
Cells = list[dict[str, float]]


def draw(figures: dict[str, Any], path: Path) -> None:
    """Draw six panels: a column for each constant; above what wants it large, below what wants it small."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with mpl.rc_context(STYLE):
        figure, panels = plt.subplots(2, 3, figsize=(12.6, 7.4), sharex="col")
        figure.subplots_adjust(
            left=0.062, right=0.985, top=0.845, bottom=0.115, wspace=0.24, hspace=0.33
        )
        head(
            figure,
            "The default strategy's constants, chosen by simulation",
            "32 clients, four nodes of 5 ms, power_of_two with peak_ewma, 8 seeds; the grey line is what Evenly ships",
            0.062,
        )
        decay(figures["decay"], panels[0][0], panels[1][0])
        penalty(figures["penalty"], panels[0][1], panels[1][1])
        exploration(figures["exploration"], panels[0][2], panels[1][2])
        for axes in panels.flat:
            axes.grid(axis="y")
            plain_log(axes, "x")
        foot(
            figure,
            "Back: 80 % of the fair share for a second; bars span the seeds. Blip: 20 ms of failures, ejection off. "
            "“Tried again after” is compiled in: all other times were stretched.",
            0.062,
        )
        figure.savefig(path, dpi=DPI)
        plt.close(figure)


def column(
    top: Axes, bottom: Axes, cells: Cells, chosen: float, label: str, said: str
) -> list[float]:
    """What every column has: its values on a logarithmic axis, and the value that was chosen."""
    values = [cell["value"] for cell in cells]
    for axes in (top, bottom):
        axes.set_xscale("log")
        axes.set_xlim(values[0] / 1.25, values[-1] * 1.25)
        axes.axvline(chosen, color="#b9b9b9", linewidth=5, alpha=0.45, zorder=0)
    bottom.annotate(
        said,
        (chosen, 1),
        xycoords=("data", "axes fraction"),
        xytext=(5, -9),
        textcoords="offset points",
        color=SOFT,
        fontsize=9,
        fontweight="bold",
    )
    bottom.set_xlabel(label)
    return values


def recovered(axes: Axes, values: list[float], cells: Cells, title: str) -> None:
    """Seconds until a node has its share again, with the spread over the seeds."""
    means = [cell["recovery"] for cell in cells]
    low = [cell["recovery"] - cell["recovery_low"] for cell in cells]
    high = [cell["recovery_high"] - cell["recovery"] for cell in cells]
    axes.errorbar(
        values,
        means,
        yerr=[low, high],
        color=BLUE,
        marker="o",
        markersize=5,
        linewidth=1.8,
        elinewidth=1.2,
    )
    axes.set_title(title)
    axes.set_ylim(0, 1.15 * max(cell["recovery_high"] for cell in cells))


def line(axes: Axes, values: list[float], shares: list[float], colour: str, label: str) -> None:
    """A line with its dots."""
    axes.plot(values, shares, color=colour, marker="o", markersize=5, linewidth=1.8, label=label)


def decay(cells: Cells, top: Axes, bottom: Axes) -> None:
    """Too short: noise passes for news. Too long: a node that is well again stays away."""
    values = column(top, bottom, cells, measure.DECAY, "decay, seconds", "2 s")
    best = min(cell["healthy"] for cell in cells)
    slower = [100 * (cell["healthy"] / best - 1) for cell in cells]
    lost = [100 * (1 - cell["throughput"]) for cell in cells]
    line(top, values, slower, GREEN, "healthy cluster: slower than best")
    line(top, values, lost, ORANGE, "A, one slow node: throughput lost")
    top.set_title("Too short: noise passes for news, %")
    top.set_ylim(bottom=0)
    top.legend(frameon=False, loc="upper right", fontsize=9)
    recovered(bottom, values, cells, "Too long: C, seconds until the node is back")
    goal(bottom, "goal: within 10 s")


def goal(axes: Axes, said: str) -> None:
    """The line below which a recovery must stay."""
    axes.axhline(10, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.annotate(
        said,
        (0, 10),
        xycoords=("axes fraction", "data"),
        xytext=(6, 4),
        textcoords="offset points",
        color=ORANGE,
        fontsize=9,
    )


def penalty(cells: Cells, top: Axes, bottom: Axes) -> None:
    """Too small: a node that fails fast looks fast. Too large: one failure keeps it away for long."""
    values = column(top, bottom, cells, measure.PENALTY, "failure penalty, seconds", "5 s")
    labels = (("5 ms", 0.27, 1.5), ("50 ms", 3.1, 1.7), ("500 ms", 14.5, 5.5))
    for service, colour, (said, x, y) in zip(
        measure.SERVICES, (GREEN, BLUE, PINK), labels, strict=True
    ):
        shares = [100 * cell[f"failing_{service:g}"] for cell in cells]
        line(top, values, shares, colour, said)
        top.annotate(said, (x, y), color=colour, fontsize=9, fontweight="bold")
    guarded = [100 * cell["guarded"] for cell in cells]
    top.plot(values, guarded, color=PINK, linewidth=1.8, linestyle=(0, (4, 3)))
    top.annotate("500 ms, ejection on", (values[0], guarded[0] * 1.3), color=PINK, fontsize=9)
    top.axhline(100 / measure.NODES, color=SOFT, linewidth=1, linestyle=(0, (1, 2)))
    top.annotate(
        "fair share",
        (1, 100 / measure.NODES),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 4),
        textcoords="offset points",
        ha="right",
        color=SOFT,
        fontsize=9,
    )
    top.set_yscale("log")
    plain_log(top, "y")
    top.set_title("Too small: B, traffic to the failing node, %")
    recovered(bottom, values, cells, "Large costs little: seconds away after a blip")


def exploration(cells: Cells, top: Axes, bottom: Axes) -> None:
    """Too often: the failing node is asked for nothing. Too seldom: nobody hears that it is well."""
    label = "a forgotten node is tried again after, seconds"
    values = column(top, bottom, cells, measure.EXPLORATION, label, "1 s")
    line(top, values, [100 * cell["failing"] for cell in cells], BLUE, "")
    top.set_yscale("log")
    plain_log(top, "y")
    top.set_title("Too often: B, traffic to the failing node, %")
    recovered(bottom, values, cells, "Too seldom: seconds until the node is back")
    bottom.lines[-1].set_label("after a blip")
    line(
        bottom,
        values,
        [cell["slow_then_fast"] for cell in cells],
        GREEN,
        "C: the slow node is fast again",
    )
    bottom.legend(frameon=False, loc="center left", fontsize=9)
