"""The check of everything that the entries say: counterexamples refute, laws hold, figures are what they must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evenly.errors import EvenlyError
from evenly.theory.laws import LAWS
from evenly.theory.theorems.entry import Evidence, Theorem, Verdict
from evenly.theory.theorems.figures import BEYOND, Figure

__all__ = ["Finding", "check"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one run showed."""

    subject: str
    """`counterexample`, `law` or `figure`."""
    name: str
    """The entry's id, the law's name, or what the figure is of."""
    ok: bool
    said: str
    """What was found."""


def check(entries: Iterable[Theorem], seed: int = 0) -> Iterator[Finding]:
    """Run every counterexample of these entries, and every law and figure of theirs once."""
    laws: dict[str, None] = {}
    figures: dict[str, Figure] = {}
    for entry in entries:
        yield from _counterexample(entry)
        laws |= dict.fromkeys(entry.laws)
        figures |= {figure.says: figure for figure in entry.figures}
    for name in laws:
        yield _law(name, seed)
    for figure in figures.values():
        measured = figure.run(seed)
        off = figure.off(measured)
        said = (
            f"{measured.value:.4f}, expected {figure.expected:.4f}; "
            f"{off:.1f} of {BEYOND:g} standard errors"
        )
        yield Finding("figure", figure.says, off <= BEYOND, said)


def _counterexample(entry: Theorem) -> Iterator[Finding]:
    if entry.counterexample is None:
        if entry.verdict is not Verdict.HOLDS:
            said = f"verdict {entry.verdict} without a counterexample"
            yield Finding("counterexample", entry.id, False, said)
        return
    try:
        evidence = entry.counterexample()
    except (AssertionError, EvenlyError) as error:
        yield Finding("counterexample", entry.id, False, f"did not run to its end: {error}")
        return
    ok = evidence.refutes and entry.verdict is not Verdict.HOLDS
    yield Finding("counterexample", entry.id, ok, comparison(evidence))


def _law(name: str, seed: int) -> Finding:
    if name not in LAWS:
        return Finding("law", name, False, "there is no such law")
    try:
        return Finding("law", name, True, LAWS[name].run(seed))
    except (AssertionError, EvenlyError) as error:
        return Finding("law", name, False, f"{error} (seed {seed})")


def comparison(evidence: Evidence) -> str:
    """Say what was claimed and what is so."""
    return f"claimed {written(evidence.claimed)}, found {written(evidence.found)}"


def written(value: object) -> str:
    """A value as one would write it: a yes, a fraction, a row of numbers."""
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return f"({', '.join(written(each) for each in value)})"
    return str(value)
