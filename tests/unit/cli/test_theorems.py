"""`evenly theorems`: the table, an entry, the check, and the same for programs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from evenly.cli.menu import menu
from evenly.errors import LawBroken
from evenly.theory.laws import LAWS, Law
from evenly.theory.theorems import THEOREMS


def theorems(*words: str, columns: int = 100) -> Result:
    """Runs the command inside this process, in a terminal of that width."""
    environment = {"COLUMNS": str(columns)}
    return CliRunner().invoke(menu, ["theorems", *words], prog_name="evenly", env=environment)


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_the_table_lists_every_entry_within_the_terminal(columns: int) -> None:
    """One row each, folded to the width, 72 columns at least."""
    shown = theorems(columns=columns)
    assert shown.exit_code == 0
    rows = shown.stdout.splitlines()
    assert max(map(len, rows)) <= max(72, columns)
    numbers = [row.split()[0] for row in rows[1:] if row[:1] not in ("", " ")]
    assert [each.number for each in THEOREMS] == numbers[: len(THEOREMS)]


def test_an_entry_is_printed_in_full_with_what_its_counterexample_found() -> None:
    """A number with a definition and a theorem prints both."""
    shown = theorems("2.3.1").stdout
    assert "Definition 2.3.1: Consistent hashing" in shown
    assert "Theorem 2.3.1: Monotonicity of consistent hashing" in shown
    assert "Claimed 1, found 123/250." in shown
    assert "joining_is_monotone: After a node has joined" in " ".join(shown.split())
    assert "leave_minimal" in shown


def test_a_kind_before_the_number_prints_one() -> None:
    """As two words, or as one in quotes."""
    shown = theorems("axiom", "1.3.1").stdout
    assert shown.startswith("Axiom 1.3.1") and "Definition" not in shown
    assert theorems("axiom 1.3.1").stdout == shown


def test_several_numbers_print_each_once() -> None:
    """In the order in which they are asked for."""
    shown = theorems("E.2", "axiom", "1.3.1", "e.2").stdout
    assert shown == theorems("E.2").stdout + theorems("axiom", "1.3.1").stdout
    assert theorems("E.2", "9.9.9").stderr.startswith('no entry "9.9.9".')
    assert theorems("E.2", "axiom").exit_code == 1


def test_an_unknown_number_is_an_error_with_the_nearest() -> None:
    """No traceback, exit code 1."""
    refused = theorems("9.9.9")
    assert refused.exit_code == 1
    assert refused.stderr.startswith('no entry "9.9.9".')


def test_programs_get_a_list() -> None:
    """Each with its id and verdict, its evidence and its laws."""
    listed = json.loads(theorems("--json").stdout)
    assert [each["id"] for each in listed] == [entry.id for entry in THEOREMS]
    assert {each["verdict"] for each in listed} == {"holds", "corrected", "refuted"}
    (one,) = json.loads(theorems("--json", "theorem 3.2.2").stdout)
    assert one["counterexample"] == {
        "setting": "99 requests of 1 ms on one node, 1 of 101 ms on the other: the mean response in ms",
        "claimed": "51",
        "found": "2",
        "refutes": True,
    }


def test_the_check_runs_all_and_is_green() -> None:
    """A line for every counterexample and every law."""
    shown = theorems("--check")
    assert shown.exit_code == 0
    rows = shown.stdout.splitlines()
    examples = sum(entry.counterexample is not None for entry in THEOREMS)
    figures = len({figure.says for entry in THEOREMS for figure in entry.figures})
    assert sum(row.startswith("ok ") for row in rows) == examples + len(LAWS) + figures
    counted = f"{examples} counterexamples, {len(LAWS)} laws, {figures} figures"
    assert rows[-1] == f"{counted}: all as stated"


def test_the_check_of_one_entry_runs_what_it_names() -> None:
    """Its counterexample and its laws, for programs too."""
    found = json.loads(theorems("6.3.1", "--check", "--json", "--seed", "4").stdout)
    assert [(each["subject"], each["name"], each["ok"]) for each in found] == [
        ("counterexample", "theorem 6.3.1", True),
        ("law", "round_robin_variance", True),
        ("law", "random_share", True),
    ]


def test_the_check_fails_when_a_law_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, and the line says what was found."""

    def breaks(seed: int) -> str:
        raise LawBroken("two nodes, one pick, three loans")

    monkeypatch.setitem(LAWS, "ledger", Law("ledger", "It breaks.", breaks))
    shown = theorems("1.1.1", "--check")
    assert shown.exit_code == 1
    assert "FAILED ledger" in shown.stdout
    assert "two nodes, one pick, three loans (seed 0)" in shown.stdout
    assert "1 FAILED of 1 counterexample, 2 laws" in shown.stdout
    assert theorems("1.1.1", "--check", "--json").exit_code == 1
