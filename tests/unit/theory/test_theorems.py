"""The entries: none is missing, and each says what it can show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from evenly.errors import LawBroken
from evenly.theory.laws import LAWS, Law
from evenly.theory.theorems import THEOREMS, Evidence, Theorem, UnknownTheorem, Verdict, find
from evenly.theory.theorems.check import check, comparison
from evenly.theory.theorems.figures import Figure, Measured

NUMBERED = [
    line
    for line in Path(__file__).with_name("numbered.txt").read_text().splitlines()
    if not line.startswith("#")
]
every = pytest.mark.parametrize("entry", THEOREMS, ids=lambda entry: entry.id)

FOUND = {
    "definition 1.1.1": 2,
    "definition 1.2.1": False,
    "definition 1.3.1": (2, False),
    "axiom 1.3.1": 1,
    "definition 1.3.2": Fraction(1, 9),
    "axiom 1.3.2": False,
    "definition 1.4.1": False,
    "definition 1.4.2": False,
    "definition 2.1.1": (2000, 1000, 1000),
    "theorem 2.1.1": Fraction(1, 100),
    "definition 2.2.1": 2,
    "theorem 2.2.1": 2,
    "definition 2.3.1": 4,
    "theorem 2.3.1": Fraction(123, 250),
    "definition 2.4.1": 3,
    "theorem 2.4.1": (1, 0, 0),
    "theorem 3.1.1": 1,
    "theorem 3.1.2": 1,
    "theorem 3.2.1": False,
    "theorem 3.2.2": 2,
    "theorem 3.3.1": False,
    "theorem 3.3.2": 2,
    "theorem 6.3.1": 0,
}
"""What each counterexample finds; the hash of 2.3.1 is stable, so its share is, too."""


@pytest.mark.parametrize("name", NUMBERED)
def test_every_numbered_statement_of_the_document_has_its_entry(name: str) -> None:
    """The list is the document's; an entry of that kind and number is there once."""
    assert [entry.id for entry in THEOREMS].count(name) == 1


def test_the_document_numbers_twenty_three_statements() -> None:
    """Ten definitions, two axioms, eleven theorems."""
    kinds = [name.split()[0] for name in NUMBERED]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "definition": 10,
        "axiom": 2,
        "theorem": 11,
    }


def test_an_id_names_one_entry() -> None:
    """`definition 1.3.1` and `axiom 1.3.1` share a number, never an id."""
    assert len({entry.id for entry in THEOREMS}) == len(THEOREMS)
    assert [entry.id for entry in find("1.3.1")] == ["definition 1.3.1", "axiom 1.3.1"]
    assert [entry.id for entry in find(" Axiom  1.3.1 ")] == ["axiom 1.3.1"]
    assert [entry.id for entry in find("e.1")] == ["theorem E.1"]


def test_an_unknown_number_is_answered_with_the_nearest() -> None:
    """Whoever mistypes is told what there is."""
    with pytest.raises(UnknownTheorem, match=r'no entry "2.3.11"\. Did you mean "2\.3\.1"\?'):
        find("2.3.11")
    with pytest.raises(UnknownTheorem, match="lists them"):
        find("zzz")


@every
def test_a_counterexample_refutes_what_is_claimed(entry: Theorem) -> None:
    """Whatever is corrected or refuted fails somewhere, and what is found can be compared with what is claimed."""
    if entry.verdict is Verdict.HOLDS:
        assert entry.counterexample is None
        return
    assert entry.counterexample is not None
    evidence = entry.counterexample()
    assert evidence.refutes
    assert type(evidence.claimed) is type(evidence.found)


@pytest.mark.parametrize("name", FOUND)
def test_a_counterexample_finds_what_was_computed_by_hand(name: str) -> None:
    """The numbers are known; a counterexample that finds others counts something else."""
    (entry,) = find(name)
    assert entry.counterexample is not None
    assert entry.counterexample().found == FOUND[name]


@every
def test_an_entry_says_what_is_true_and_which_law_holds_it(entry: Theorem) -> None:
    """Complexities are measured, not law; everything else runs on the engine."""
    assert entry.corrected.endswith(".") and entry.statement.endswith(".")
    assert not entry.gist.endswith(".") and len(entry.gist) <= 80
    assert set(entry.laws) <= set(LAWS)
    assert entry.laws or entry.kind == "claim"


def test_every_law_belongs_to_an_entry() -> None:
    """A law that no entry names would never be run by `evenly theorems --check`."""
    assert {law for entry in THEOREMS for law in entry.laws} == set(LAWS)


def test_the_check_reports_what_is_not_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A law that is broken, one that is not there, a counterexample that shows nothing."""

    def breaks(seed: int) -> str:
        raise LawBroken("7 of 8")

    (entry,) = find("theorem 3.2.1")
    wrong = Theorem(
        number="0.0.1",
        kind=entry.kind,
        title="Wrong",
        statement="Two is two.",
        verdict=Verdict.REFUTED,
        gist="it is",
        counterexample=lambda: Evidence("two", claimed=2, found=2),
        laws=("efficiency", "no_such_law"),
    )
    monkeypatch.setitem(LAWS, "efficiency", Law("efficiency", "It breaks.", breaks))
    findings = list(check([wrong], seed=3))
    assert [finding.ok for finding in findings] == [False, False, False]
    assert [finding.said for finding in findings] == [
        "claimed 2, found 2",
        "7 of 8 (seed 3)",
        "there is no such law",
    ]


def test_a_verdict_without_evidence_is_reported() -> None:
    """Nobody may call a statement false and show nothing."""
    (entry,) = find("theorem 3.2.1")
    bare = Theorem(
        number="0.0.1",
        kind=entry.kind,
        title="Bare",
        statement="It is so.",
        verdict=Verdict.CORRECTED,
        gist="it is",
    )
    (finding,) = check([bare])
    assert not finding.ok


def test_a_figure_that_is_not_what_theory_says_is_reported() -> None:
    """Five standard errors are too many, whichever side the error comes from."""
    (entry,) = find("theorem 3.2.1")
    figures = [
        Figure("exact", 1.0, 0.0, lambda seed: Measured(1.4, 0.1)),
        Figure("wrong", 1.0, 0.0, lambda seed: Measured(1.5, 0.1)),
        Figure("uncertain", 1.0, 0.1, lambda seed: Measured(1.5, 0.1)),
    ]
    measured = Theorem(
        number="0.0.1",
        kind=entry.kind,
        title="Measured",
        statement="It is one.",
        verdict=Verdict.HOLDS,
        gist="it is",
        figures=tuple(figures),
    )
    assert [finding.ok for finding in check([measured])] == [True, False, True]


def test_values_are_written_as_one_would_say_them() -> None:
    """A yes is no 1, and a row stands in parentheses."""
    said = comparison(Evidence("", claimed=(Fraction(1, 2), True), found=(Fraction(2), False)))
    assert said == "claimed (1/2, yes), found (2, no)"
