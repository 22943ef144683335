"""Pictures of results. matplotlib is loaded when the first one is drawn, and never before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from evenly.errors import EvenlyError
from evenly.simulate.faults import unknown
from evenly.simulate.table import COLUMNS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evenly.simulate.result import Results
    from evenly.simulate.sweep import Sweep

__all__ = ["KINDS", "PlotFailed", "draw", "draw_sweep"]

KINDS = ("comparison", "timeline")
"""What can be drawn."""


class PlotFailed(EvenlyError):
    """A picture that cannot be drawn: there is nothing for it, or no matplotlib."""


def draw(results: Results, path: Path, what: str | None = None) -> Path:
    """Draw `what` into `path`; see `Results.plot`."""
    timed = any(result.series for result in results)
    what = what or ("timeline" if timed else "comparison")
    if what not in KINDS:
        raise PlotFailed(unknown("picture", what, KINDS))
    if not len(results):
        raise PlotFailed("there is nothing to draw: no strategy has run")
    if what == "timeline" and not timed:
        raise PlotFailed("there is nothing over time to draw: give a timeline, or series_every=1.0")
    mpl = _matplotlib()
    from evenly.simulate.plots import comparison, over_time

    def figure() -> Figure:
        return comparison.figure(results) if what == "comparison" else over_time.figure(results)

    return _saved(mpl, figure, path)


def draw_sweep(sweep: Sweep, path: Path, column: str) -> Path:
    """Draw a figure of a sweep into `path`; see `Sweep.plot`."""
    if column not in COLUMNS:
        raise PlotFailed(unknown("column", column, COLUMNS))
    if len(sweep.grid) > 2:
        raise PlotFailed(
            f"a picture holds two keys of a grid, not {len(sweep.grid)}: draw parts of it"
        )
    if not any(len(results) for results in sweep):
        raise PlotFailed("there is nothing to draw: no strategy has run")
    mpl = _matplotlib()
    from evenly.simulate.plots import sweeps

    return _saved(mpl, lambda: sweeps.figure(sweep, column), path)


def _matplotlib() -> ModuleType:
    try:
        import matplotlib as mpl
    except ImportError:
        raise PlotFailed(
            "plots need matplotlib, which is not installed: pip install 'evenly[plot]'"
        ) from None
    return mpl


def _saved(mpl: ModuleType, figure: Callable[[], Figure], path: Path) -> Path:
    from evenly.simulate.plots.style import DPI, STYLE

    with mpl.rc_context(STYLE):
        try:
            figure().savefig(path, dpi=DPI)
        except ValueError as error:
            raise PlotFailed(f"{path}: {error}: end the name in .png, .svg or .pdf") from None
    return path
