"""Durations: `"250ms"`, `"5s"`, `"1m"`, or a number of seconds. Kept as float seconds.

What is none raises ValueError with what to write instead; pydantic turns that into a fault with its place.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from evenly.config.words import shown

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

# The engine counts 64-bit nanoseconds; a year is far below that and above every sensible wait.
LONGEST = 365 * UNITS["d"]

_PATTERN = r"[0-9]+(\.[0-9]+)?(us|ms|s|m|h|d)"
_TEXT = re.compile(_PATTERN)


def seconds(value: object) -> float:
    """Reads a duration in either form."""
    how = 'write "5s", "250ms", "1m" or a number of seconds'
    if isinstance(value, str):
        match = _TEXT.fullmatch(value.strip())
        if match is None:
            raise ValueError(f"{shown(value)} is not a duration: {how}")
        unit = match[2]
        amount = float(value.strip().removesuffix(unit)) * UNITS[unit]
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a duration, not {shown(value)}: {how}")
    else:
        amount = float(value)
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(f"a duration cannot be {shown(value)}: {how}")
    if amount > LONGEST:
        raise ValueError(f"{shown(value)} is longer than a year, the longest duration")
    return amount


def positive_seconds(value: object) -> float:
    """Reads a duration that cannot be zero: a wait that ends at once would refuse everything."""
    amount = seconds(value)
    if amount == 0:
        raise ValueError("must be longer than 0")
    return amount


def _schema(number: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "pattern": f"^{_PATTERN}$"}
    return {"anyOf": [text, {"type": "number", "maximum": LONGEST, **number}]}


Duration = Annotated[float, BeforeValidator(seconds), WithJsonSchema(_schema({"minimum": 0}))]
PositiveDuration = Annotated[
    float, BeforeValidator(positive_seconds), WithJsonSchema(_schema({"exclusiveMinimum": 0}))
]


def written(amount: float) -> str:
    """Seconds in the largest unit that keeps the number whole, for messages."""
    for unit in ("d", "h", "m", "s", "ms"):
        count = amount / UNITS[unit]
        if count >= 1 and math.isclose(count, round(count), rel_tol=1e-9):
            return f"{round(count)}{unit}"
    return f"{amount / UNITS['us']:.0f}us"
