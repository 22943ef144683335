"""How messages show values and offer names."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that was probably meant."""
    # 0.6 is difflib's own default: it forgives a typing error or two, and offers nothing for a guess.
    close = difflib.get_close_matches(name.lower(), list(allowed), n=1, cutoff=0.6)
    return close[0] if close else None


def unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Says that `name` is no `kind`, which one was probably meant, and which there are."""
    allowed = sorted(allowed)
    meant = nearest(name, allowed)
    hint = f' Did you mean "{meant}"?' if meant else ""
    listed = f" Allowed: {', '.join(allowed)}." if allowed else ""
    return f'unknown {kind} "{name}".{hint}{listed}'


def shown(value: object) -> str:
    """A value as it stands in the file; of lists and tables only their kind."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return json.dumps(value, ensure_ascii=False, default=str)
