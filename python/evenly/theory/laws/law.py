"""What a law is: a sentence about the engine that one can run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evenly.errors import LawBroken

__all__ = ["Law", "law", "need"]

Run = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Law:
    """One sentence about the engine, and the run that would show it false."""

    name: str
    sentence: str
    run: Run
    """Takes a seed; answers what was looked at, or raises `LawBroken` with what was found instead."""


def law(run: Run) -> Law:
    """Make a law of a function: its name is the law's, the first line of its docstring the sentence."""
    sentence = (run.__doc__ or "").strip().splitlines()[0]
    return Law(run.__name__, sentence, run)


def need(holds: bool, found: str) -> None:
    """Raise `LawBroken` with what was found, unless it holds."""
    if not holds:
        raise LawBroken(found)
