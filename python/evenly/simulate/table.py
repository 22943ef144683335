"""Results as a table of text: aligned, with confidence intervals, in the unit that reads best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from evenly.simulate.estimate import Estimate
from evenly.simulate.faults import InvalidScenario, unknown

if TYPE_CHECKING:
    from evenly.simulate.result import Result

__all__ = ["COLUMNS", "Table", "unit_of"]

TIMES = ("mean", "p50", "p90", "p95", "p99", "p999", "max")
FIGURES = (
    "peak_to_mean",
    "balance_ratio",
    "jain",
    "in_system",
    "peak_in_flight",
    "throughput",
)
COUNTS = ("requests", "ok", "lost", "failed", "refused", "retries")
COLUMNS = (*TIMES, *FIGURES, *COUNTS)
"""Every column there is."""

USUAL = ("mean", "p50", "p99", "p999", "peak_to_mean")

UNITS: Mapping[str, float] = {"s": 1.0, "ms": 1e3, "µs": 1e6}


def unit_of(*times: float) -> str:
    """The unit in which most of these seconds read well: `s`, `ms` or `µs`."""
    known = [time for time in times if math.isfinite(time)]
    seconds = median(known) if known else 1.0
    return "s" if seconds >= 0.95 else "ms" if seconds >= 0.95e-3 else "µs"


@dataclass(frozen=True, slots=True)
class _Cell:
    left: str
    right: str = ""


class Table:
    """One row for each result. `str()` gives the text; it is also what a Python prompt shows."""

    def __init__(
        self,
        rows: Sequence[tuple[Sequence[str], Result]],
        columns: Sequence[str],
        heads: Sequence[str] = ("strategy",),
        notes: Sequence[str] = (),
    ) -> None:
        for column in columns:
            if column not in COLUMNS:
                raise InvalidScenario([((), unknown("column", column, COLUMNS))])
        self.columns = tuple(columns) or usual([result for _, result in rows])
        """The columns of figures, by name."""
        self.heads = tuple(heads)
        """What the columns before them tell."""
        self.rows = tuple(
            (*labels, *(getattr(result, column) for column in self.columns))
            for labels, result in rows
        )
        """Labels and values of each row: `Estimate`s in seconds, and counts."""
        self.notes = tuple(notes)
        """What a reader of the figures must know."""

    @property
    def unit(self) -> str:
        """The unit of all times in the text."""
        at = [index for index, name in enumerate(self.columns, len(self.heads)) if name in TIMES]
        times = [float(row[index]) for row in self.rows for index in at]
        return unit_of(*times)

    def __str__(self) -> str:
        """The text: values right-aligned at their ±."""
        unit, flush = self.unit, len(self.heads)
        titles = [*self.heads, *(self._title(column, unit) for column in self.columns)]
        columns = []
        for index, title in enumerate(titles):
            values = [row[index] for row in self.rows]
            if index < flush:
                cells = [_Cell(str(value)) for value in values]
            else:
                cells = [_cell(self.columns[index - flush], value, unit) for value in values]
            columns.append(_column(title, cells, flush=index < flush))
        lines = ["   ".join(parts).rstrip() for parts in zip(*columns, strict=True)]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])

    __repr__ = __str__

    @staticmethod
    def _title(column: str, unit: str) -> str:
        name = {"p999": "p99.9"}.get(column, column)
        return f"{name} [{unit}]" if column in TIMES else name


def usual(results: Sequence[Result]) -> tuple[str, ...]:
    """The columns one looks at first; those about failures only where there were any."""
    hurt = any(result.lost or result.retries for result in results)
    return (*USUAL, "lost", "retries") if hurt else USUAL


def _cell(column: str, value: Estimate | float, unit: str) -> _Cell:
    factor = UNITS[unit] if column in TIMES else 1.0
    if isinstance(value, Estimate):
        return _Cell(*value.times(factor).parts())
    return _Cell(f"{value:,}" if isinstance(value, int) else f"{value * factor:,.3g}")


def _column(title: str, cells: list[_Cell], *, flush: bool) -> list[str]:
    """One column, all lines of the same width."""
    left = max(len(cell.left) for cell in cells) if cells else 0
    right = max((len(cell.right) for cell in cells), default=0)
    texts = []
    for cell in cells:
        text = f"{cell.left:<{left}}" if flush else f"{cell.left:>{left}}"
        if right:
            text += f" ± {cell.right:<{right}}" if cell.right else " " * (3 + right)
        texts.append(text)
    width = max(map(len, [title, *texts]))
    return [f"{text:<{width}}" if flush else f"{text:>{width}}" for text in [title, *texts]]
