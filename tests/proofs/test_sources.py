"""The Coq files as texts: nothing is left unproved, and every promise is told, named and tied."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenly.theory import proofs
from evenly.theory.theorems import THEOREMS, Kind, Theorem, Verdict

ROOT = proofs.folder().parent
SOURCES = proofs.read(proofs.folder())
LEAST_LINES = 1500
"""A fraction of what there is: fewer are read when a comment that nobody closes hides the rest of its file."""

SOUND = """\
(** * Nobody waits for ever

    Plain words. *)

(* A step. *)
Lemma a_step : True.
Proof. exact I. Qed.

(** Nobody waits
    for ever. (* Not
    even here. *)
    Law: smooth_gap, ledger. Engine: crates/core/src/lib.rs. *)
Theorem nobody_waits :
  True.
Proof. exact a_step. Qed.
"""


def entry(*lemmas: str, laws: tuple[str, ...] = ("smooth_gap", "ledger")) -> Theorem:
    """An entry that names them."""
    return Theorem(
        number="E.99",
        kind=Kind.THEOREM,
        title="",
        statement="",
        verdict=Verdict.HOLDS,
        gist="",
        laws=laws,
        lemmas=lemmas,
    )


def found(folder: Path, text: str, *entries: Theorem) -> list[str]:
    """The faults of a folder with one file."""
    (folder / "Waiting.v").write_text(text)
    faults = proofs.faults(proofs.read(folder), entries or [entry("nobody_waits")], ROOT)
    return list(map(str, faults))


def test_nothing_is_wrong_with_the_proofs() -> None:
    """No hole, no untold promise, no theorem that no entry names, no entry that names a missing theorem."""
    assert list(proofs.faults(SOURCES, THEOREMS, ROOT)) == []


def test_the_proofs_are_no_toy() -> None:
    """Lines of Coq that are neither comment nor blank."""
    lines = [line for source in SOURCES for line in source.code.splitlines() if line.strip()]
    assert len(lines) >= LEAST_LINES


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_line_can_be_read_without_scrolling(source: proofs.Source) -> None:
    """120 columns, as everywhere."""
    text = (proofs.folder() / f"{source.name}.v").read_text()
    assert max(map(len, text.splitlines())) <= 120


def test_a_promise_is_read_with_its_sentence_and_tie(tmp_path: Path) -> None:
    """Comments may be folded and nested; the Coq text is kept."""
    assert found(tmp_path, SOUND) == []
    (source,) = proofs.read(tmp_path)
    (promise,) = source.promises
    assert (source.title, source.head) == ("Nobody waits for ever", "Plain words.")
    assert source.steps == ("a_step",)
    assert promise.sentence == "Nobody waits for ever. (* Not even here. *)"
    assert promise.laws == ("smooth_gap", "ledger")
    assert promise.engine == ("crates/core/src/lib.rs",)
    assert promise.formal == "Theorem nobody_waits : True."
    assert (promise.file, promise.line) == ("Waiting", 13)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Proof. exact a_step. Qed.", "Admitted."), "Waiting.v:15: Admitted"),
        (("exact I. Qed", "admit. Qed"), "Waiting.v:7: admit"),
        (("Lemma a_step : True.\nProof. exact I. Qed.", "Axiom a_step : True."), "Axiom"),
        (("Lemma a_step", "Unset Guard  Checking.\nLemma a_step"), "Unset Guard Checking"),
        (("Lemma a_step", "Corollary a_step"), "Corollary"),
        (("Lemma a_step", "Local  Lemma a_step"), "Local Lemma"),
        (("Lemma a_step", "Variable lie : False.\nLemma a_step"), "Variable outside of a section"),
        (
            ("Lemma a_step", "Section A.\nEnd A. Context (lie : False).\nLemma a_step"),
            "Context outside",
        ),
        (
            (
                "Theorem nobody",
                "Section B. Theorem no_tie : True.\nProof. exact I. Qed.\nTheorem nobody",
            ),
            "no_tie: its",
        ),
        (("exact a_step", "exact I"), "lemma a_step is used by no proof"),
        (("Law: smooth_gap, ledger. ", ""), "must end in `Law"),
        (("Law: smooth_gap, ledger", "Law: smooth_gaps, ledger"), "no law 'smooth_gaps'"),
        (("Law: smooth_gap, ledger", "Law: capacity"), "'capacity' stands in no entry"),
        (("src/lib.rs", "src/library.rs"), "no file crates/core/src/library.rs"),
        (("(** * Nobody waits for ever", "(* Nobody"), "no head"),
        (
            ("Lemma a_step", "Lemma nobody_waits : True.\nProof. exact I. Qed.\nLemma a_step"),
            "2 times",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """Each hole, each missing tie, each step that nobody takes."""
    before, after = change
    assert before in SOUND
    faults = found(tmp_path, SOUND.replace(before, after))
    assert any(said in fault for fault in faults), faults


def test_entries_and_theorems_name_each_other(tmp_path: Path) -> None:
    """A name without a theorem is a fault, and so is a theorem without a name."""
    (missing,) = found(tmp_path, SOUND, entry("nobody_waits", "nobody_hurries"))
    assert missing.startswith("theorem E.99: names 'nobody_hurries'")
    (unnamed,) = found(tmp_path, SOUND, entry())
    assert "no entry of evenly.theory.theorems names it" in unnamed


def test_a_step_is_no_promise(tmp_path: Path) -> None:
    """An entry must not lean on a lemma: its statement is for the proof, not for the reader."""
    (said,) = found(tmp_path, SOUND, entry("nobody_waits", "a_step"))
    assert "no file states a Theorem or Example" in said


def test_the_tour_passes_every_file() -> None:
    """Nothing is proved that the guided tour does not lead to."""
    tour = (proofs.folder() / "README.md").read_text()
    assert [source.name for source in SOURCES if f"({source.name}.v)" not in tour] == []
