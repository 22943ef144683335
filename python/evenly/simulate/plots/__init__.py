"""Pictures of results. matplotlib is loaded when the first one is drawn, and never before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from evenly.errors import EvenlyError
from evenly.simulate.faults import unknown

if TYPE_CHECKING:
    from evenly.simulate.result import Results

__all__ = ["KINDS", "PlotFailed", "draw"]

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
    try:
        import matplotlib as mpl
    except ImportError:
        raise PlotFailed(
            "plots need matplotlib, which is not installed: pip install 'evenly[plot]'"
        ) from None
    from evenly.simulate.plots import comparison, over_time
    from evenly.simulate.plots.style import DPI, STYLE

    with mpl.rc_context(STYLE):
        figure = (comparison if what == "comparison" else over_time).figure(results)
        try:
            figure.savefig(path, dpi=DPI)
        except ValueError as error:
            raise PlotFailed(f"{path}: {error}: end the name in .png, .svg or .pdf") from None
    return path
