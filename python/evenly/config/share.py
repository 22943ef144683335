"""Shares: `"40 %"`, or a number from 0 to 1. Kept as a float."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from evenly.config.words import shown

_PATTERN = r"[0-9]+(\.[0-9]+)? ?%"
_TEXT = re.compile(_PATTERN)


def part(value: object) -> float:
    """Reads a share in either form, from 0."""
    how = 'write "40 %" or a number such as 0.4'
    if isinstance(value, str):
        if _TEXT.fullmatch(value.strip()) is None:
            raise ValueError(f"{shown(value)} is not a share: {how}")
        return float(value.strip().removesuffix("%")) / 100
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"must be a share, not {shown(value)}: {how}")
    if value < 0:
        raise ValueError(f"a share cannot be {shown(value)}: {how}")
    return float(value)


def share(value: object) -> float:
    """Reads a share of a whole, which is no more than all of it."""
    read = part(value)
    if read > 1:
        raise ValueError(f'{shown(value)} is more than all: write at most "100 %" or 1')
    return read


def written(value: float) -> str:
    """A share as people say it, with as many places as it has, up to two."""
    return f"{value * 100:.2f}".rstrip("0").rstrip(".") + " %"


def _schema(number: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "pattern": f"^{_PATTERN}$"}
    return {"anyOf": [text, {"type": "number", "minimum": 0, **number}]}


Share = Annotated[float, BeforeValidator(share), WithJsonSchema(_schema({"maximum": 1}))]
Load = Annotated[float, BeforeValidator(part), WithJsonSchema(_schema({}))]
"""Work beside what can be done, which may be more than all of it: `"150 %"`."""
