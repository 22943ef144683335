"""`evenly theorems --proofs`: the table, the same for programs, and what is said where Coq or the files are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evenly.cli.menu import menu
from evenly.theory import proofs
from evenly.theory.proofs import source
from evenly.theory.theorems import THEOREMS

pytestmark = pytest.mark.timeout(1800)

KNOWN = proofs.promises(proofs.read(proofs.folder()))


def theorems(*words: str, columns: int = 100) -> Result:
    """Runs the command inside this process, in a terminal of that width."""
    environment = {"COLUMNS": str(columns)}
    return CliRunner().invoke(menu, ["theorems", *words], prog_name="evenly", env=environment)


def test_coq_confirms_what_is_proved_of_one_entry() -> None:
    """Each lemma with its sentence, its law and the engine's file; compiled for this entry alone."""
    shown = theorems("theorem 2.4.1", "--proofs")
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.stdout.split())
    promise = KNOWN["swrr_lag"]
    assert "✓ swrr_lag" in text
    assert promise.sentence in text
    assert f"law {', '.join(promise.laws)}" in text
    assert promise.engine[0] in text
    assert "all proved, without axioms" in text


def test_programs_get_every_proof_with_coqs_word() -> None:
    """One row for each lemma, closed under the global context."""
    shown = theorems("--proofs", "--json")
    assert shown.exit_code == 0, shown.output
    rows = json.loads(shown.stdout)
    assert {row["lemma"] for row in rows} == set(KNOWN)
    assert all(row["closed"] is True for row in rows)
    for row in rows:
        assert row["theorems"] == [e.id for e in THEOREMS if row["lemma"] in e.lemmas]


@pytest.mark.parametrize("columns", [40, 100, 140])
def test_the_table_fits_the_terminal(columns: int) -> None:
    """72 columns at least; names are never cut."""
    shown = theorems("6.3.1", "--proofs", columns=columns).stdout
    assert max(map(len, shown.splitlines())) <= max(72, columns)
    assert "rr_variance_quarter" in shown


def test_without_coq_the_table_is_printed_and_said_to_be_unchecked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No mark, no claim, and how to have it checked."""
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = theorems("6.3.1", "--proofs")
    assert shown.exit_code == 0
    assert "✓" not in shown.stdout and "all proved" not in shown.stdout
    assert shown.stderr.startswith("Not checked: coqc is not installed")


def test_without_the_files_one_is_told_where_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As from a wheel."""
    monkeypatch.setattr(source, "__file__", str(tmp_path / "a/b/c/d/source.py"))
    shown = theorems("--proofs")
    assert shown.exit_code == 1
    assert "clone the repository" in shown.stderr


def test_an_axiom_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Coq says a theorem rests on is told; that Coq finds it is tested in `tests/proofs`."""

    def rests(asked: list[proofs.Promise], built: Path) -> dict[str, str]:
        return dict.fromkeys((each.name for each in asked), "Axioms: sloth : False")

    monkeypatch.setattr(proofs, "assumptions", rests)
    shown = theorems("6.3.1", "--proofs")
    assert shown.exit_code == 1
    assert "FAILED rr_variance rests on more than the logic: Axioms: sloth" in shown.stdout
    assert "✗ rr_variance" in shown.stdout and "all proved" not in shown.stdout


def test_what_has_no_proof_is_not_said_to_be_proved() -> None:
    """A definition whose laws run, and no more."""
    shown = theorems("definition 1.1.1", "--proofs")
    assert shown.exit_code == 0
    assert "Nothing of this is proved by machine" in shown.stdout
    assert "all proved" not in shown.stdout


def test_a_file_that_coq_refuses_is_told_beside_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without marks, and with Coq's complaint."""

    def refuses(where: Path, into: Path, only: list[str]) -> None:
        raise proofs.NotProved("make failed: proofs/Variance.v:3: not so")

    monkeypatch.setattr(proofs, "build", refuses)
    shown = theorems("6.3.1", "--proofs")
    assert shown.exit_code == 1
    assert "rr_variance" in shown.stdout and "✓" not in shown.stdout
    assert "FAILED make failed: proofs/Variance.v:3" in shown.stdout
