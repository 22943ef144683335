"""Theorems as data: every numbered statement of the theory document, and some of our own.

find("2.3.1")   # the definition and the theorem of that number
"""

from __future__ import annotations

import difflib

from evenly.errors import EvenlyError
from evenly.theory.theorems import (
    core,
    foundation,
    hashing,
    practice,
    queues,
    round_robin,
    weights,
)
from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict

__all__ = ["THEOREMS", "Evidence", "Kind", "Theorem", "UnknownTheorem", "Verdict", "find"]


# One line registers a family.
FAMILIES = (foundation, round_robin, queues, hashing, weights, core, practice)


def place(entry: Theorem) -> tuple[bool, tuple[int, ...]]:
    """Where an entry stands: by its number in the document; ours come last."""
    ours = entry.number.startswith("E.")
    return ours, tuple(map(int, entry.number.removeprefix("E.").split(".")))


THEOREMS: tuple[Theorem, ...] = tuple(
    sorted((entry for family in FAMILIES for entry in family.ENTRIES), key=place)
)
"""Every entry, in the order of the document; ours come last."""


class UnknownTheorem(EvenlyError, LookupError):
    """A number that no entry has. The message says which is nearest."""


def find(asked: str) -> list[Theorem]:
    """Find the entries of a number (`2.3.1`) or the one of an id (`theorem 2.3.1`).

    Raises `UnknownTheorem`.
    """
    wanted = " ".join(asked.split()).lower()
    found = [entry for entry in THEOREMS if wanted in (entry.number.lower(), entry.id.lower())]
    if found:
        return found
    named = [entry.id for entry in THEOREMS if wanted in (*entry.lemmas, *entry.laws)]
    if named:
        raise UnknownTheorem(f'"{asked}" is a proof or a law of {", ".join(named)}: ask for that.')
    known = dict.fromkeys(name for entry in THEOREMS for name in (entry.number, entry.id))
    near = difflib.get_close_matches(asked, known, 1, cutoff=0.5)
    hint = f'Did you mean "{near[0]}"?' if near else "`evenly theorems` lists them."
    raise UnknownTheorem(f'no entry "{asked}". {hint}')
