"""What is wrong with a scenario: every fault at once, each with its place and what to write."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

from evenly.errors import EvenlyError

__all__ = ["Found", "InvalidScenario", "Loc", "shown", "unknown"]

Loc = tuple[str | int, ...]
"""Where a value stands: names and positions, from the root."""

Found = tuple[Loc, str]
"""One fault: its place, and what to write there instead."""


class InvalidScenario(EvenlyError, ValueError):
    """A scenario that cannot be simulated; `faults` holds every reason, as place and words."""

    def __init__(self, faults: Iterable[Found], owner: str = "") -> None:
        self.faults = tuple(faults)
        lines = (
            f"{place(loc, owner)}: {what}" if loc or owner else what for loc, what in self.faults
        )
        super().__init__("\n".join(lines))


def place(loc: Loc, owner: str = "") -> str:
    """`timeline[2].node`, as it is written in Python and in the file."""
    text = owner
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    return text


def shown(value: object) -> str:
    """A value as one would write it; of lists and tables only their kind."""
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    if value is None or isinstance(value, (bool, int, float, str)):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def unknown(kind: str, name: object, allowed: Iterable[str]) -> str:
    """Says that `name` is no `kind`, which one was probably meant, and which there are."""
    allowed = list(allowed)
    near = difflib.get_close_matches(str(name).lower(), allowed, 1)
    meant = f' Did you mean "{near[0]}"?' if near else ""
    listed = f" Allowed: {', '.join(allowed)}." if allowed else ""
    return f"unknown {kind} {shown(name)}.{meant}{listed}"
