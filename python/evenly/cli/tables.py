"""Tables and moments as the commands print them: plain text, the same on a terminal and in a pipe."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: str = "") -> Iterator[str]:
    """Lines of a table whose columns are as wide as their longest cell; names in `right` are set to the right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    ends = [name in right.split() for name in head]
    for row in cells:
        set_cells = (
            cell.rjust(width) if end else cell.ljust(width)
            for cell, width, end in zip(row, widths, ends, strict=True)
        )
        yield "  ".join(set_cells).rstrip()


def moment(seconds: float) -> str:
    """A moment on this machine's calendar."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def seconds(value: float | None) -> str:
    """A short time in milliseconds."""
    return "-" if value is None else f"{value * 1e3:.1f} ms"


def value(given: Any) -> str:
    """A value of a change: a strategy by name and options, a node by its address, nothing as a dash."""
    if given is None:
        return "-"
    if isinstance(given, dict):
        name = given.get("name", given.get("address", ""))
        options = " ".join(
            f"{key}={item}"
            for key, item in given.items()
            if key not in ("name", "address", "id") and item is not None
        )
        return f"{name} {options}".strip()
    return str(given)
