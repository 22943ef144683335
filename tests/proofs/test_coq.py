"""The Coq files as proofs: Coq accepts each, and none rests on an axiom."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenly.theory import proofs
from tests.proofs.model import Coq, value

SOURCES = proofs.read(proofs.folder())
PROMISES = list(proofs.promises(SOURCES).values())

pytestmark = pytest.mark.timeout(1800)

RESTS = """\
(** * What rests on an axiom *)
Section Assumed.
Hypothesis assumed : False.
Theorem of_a_section : False.
Proof. exact assumed. Qed.
End Assumed.
Variable assumed : 1 = 2.
Theorem of_an_axiom : 1 = 2.
Proof. exact assumed. Qed.
"""


def test_every_promise_is_proved_without_axioms(coq: Coq) -> None:
    """All files compile, and `Print Assumptions` has nothing to print."""
    proofs.build(proofs.folder(), coq.built)
    rests = proofs.assumptions(PROMISES, coq.built)
    assert rests == {promise.name: proofs.CLOSED for promise in PROMISES}


def folder(where: Path, text: str) -> Path:
    """A folder of proofs with one file."""
    where.mkdir()
    (where / "_CoqProject").write_text("-Q . Evenly\n-arg -w\n-arg none\n")
    (where / "Assumed.v").write_text(text)
    return where


def test_an_axiom_is_found_by_whatever_name_it_comes(tmp_path: Path) -> None:
    """A variable outside of a section is one; a hypothesis of a section is part of the statement."""
    where = folder(tmp_path / "proofs", RESTS)
    proofs.build(where, tmp_path / "built")
    asked = proofs.promises(proofs.read(where)).values()
    rests = proofs.assumptions(asked, tmp_path / "built")
    assert rests["of_a_section"] == proofs.CLOSED
    assert "assumed : 1 = 2" in rests["of_an_axiom"]


def test_a_proof_that_does_not_hold_is_told_with_its_place(tmp_path: Path) -> None:
    """Coq's own message, with file and line."""
    where = folder(tmp_path / "proofs", "Theorem wrong : 1 = 2.\nProof. reflexivity. Qed.\n")
    with pytest.raises(proofs.NotProved, match=r"proofs/Assumed\.v:2"):
        proofs.build(where, tmp_path / "built")


def test_a_file_that_is_gone_is_missed_by_those_that_lean_on_it(tmp_path: Path) -> None:
    """Although all was compiled while it was there."""
    where = folder(tmp_path / "proofs", "Definition one := 1.\n")
    (where / "Leaning.v").write_text("From Evenly Require Import Assumed.\nCheck one.\n")
    proofs.build(where, tmp_path / "built")
    (where / "Assumed.v").unlink()
    with pytest.raises(proofs.NotProved, match="Assumed"):
        proofs.build(where, tmp_path / "built")


def test_a_compiler_that_does_not_end_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told as what is not proved, and not as a fault of ours."""
    monkeypatch.setitem(proofs.build.__globals__, "PATIENCE", 0.01)
    where = folder(tmp_path / "proofs", "Definition one := 1.\n")
    with pytest.raises(proofs.NotProved, match=r"had not ended after 0\.01 seconds"):
        proofs.build(where, tmp_path / "built")


def test_without_coq_one_is_told_how_to_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without `coqc`."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(proofs.NoCoq, match="make proofs"):
        proofs.build(proofs.folder(), tmp_path / "built")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("[:: 3; (-4)%Z]", [3, -4]),
        ("[(1, true); (2, false)]", [(1, True), (2, False)]),
        ("Some (Some 3%N)", 3),
        ("(None, [::], [:: [:: 1]])", (None, [], [[1]])),
        ("Healthy", "Healthy"),
        ("[:: Moved 3 [:: 1]; Stayed]", [("Moved", 3, [1]), "Stayed"]),
    ],
)
def test_coqs_answers_become_values(said: str, meant: object) -> None:
    """Both notations of lists, scopes, constructors with their arguments."""
    assert value(said) == meant
