"""What an entry is: a statement of the document (or one of ours), what became of it, and what shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from evenly.theory.theorems.figures import Figure

__all__ = ["Evidence", "Kind", "Theorem", "Verdict"]


class Kind(StrEnum):
    """What sort of statement an entry is."""

    DEFINITION = "definition"
    AXIOM = "axiom"
    THEOREM = "theorem"
    SCENARIO = "scenario"
    CLAIM = "claim"
    VARIANT = "variant"


class Verdict(StrEnum):
    """What became of a statement."""

    HOLDS = "holds"
    """True as written."""
    CORRECTED = "corrected"
    """False or meaningless as written; what it was after is true in the form given."""
    REFUTED = "refuted"
    """False, and nothing of it can be kept: another statement takes its place."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a counterexample found when it was run."""

    setting: str
    """The smallest case, in words."""
    claimed: object
    """What the statement says of it."""
    found: object
    """What is so."""

    @property
    def refutes(self) -> bool:
        """Whether the statement fails here."""
        return self.claimed != self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class Theorem:
    """One entry."""

    number: str
    """As in the document, or `E.1`, `E.2`, … for what Evenly adds to it."""
    kind: Kind
    title: str
    statement: str
    """The document's words, in English."""
    formula: str = ""
    """The document's formula."""
    verdict: Verdict
    gist: str
    """One line: what is true of it."""
    counterexample: Callable[[], Evidence] | None = None
    """The smallest case in which the statement fails; run it."""
    corrected: str = ""
    """The statement that takes its place."""
    laws: tuple[str, ...] = ()
    """Names of the laws that hold the corrected statement on the engine: `evenly.theory.laws.LAWS`."""
    lemmas: tuple[str, ...] = ()
    """Names of the machine-checked proofs."""
    simulation: str = ""
    """What the simulator shows of it."""
    figures: tuple[Figure, ...] = ()
    """Numbers of it that the simulator measures, with what theory says they must be."""
    sources: tuple[str, ...] = ()
    """Who said or proved it first."""

    @property
    def id(self) -> str:
        """The number with its kind, which is unambiguous: `axiom 1.3.1` is not `definition 1.3.1`."""
        return f"{self.kind} {self.number}"
