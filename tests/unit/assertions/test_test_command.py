"""`evenly test` in front of a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from evenly.cli.menu import menu

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
[listen.web]
address = "127.0.0.1:8080"
to = "users"

[cluster.users]
nodes = ["10.0.0.1:80", "10.0.0.2:80"]

[[test]]
name = "both work"
no_node_below = "45 %"
"""
BROKEN = """
[[test]]
name = "none has much"
no_node_above = "45 %"
"""


def evenly(*words: str) -> Result:
    """Run a command inside this process."""
    return CliRunner().invoke(menu, words, prog_name="evenly")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one assertion, which holds."""
    file = tmp_path / "evenly.toml"
    file.write_text(FILE)
    return file


def test_what_holds_is_a_line_each_and_exit_code_0(file: Path) -> None:
    """Short enough to be read every day."""
    run = evenly("test", str(file))
    assert (run.exit_code, run.stdout) == (0, "ok    both work\n1 assertion holds\n")


def test_what_does_not_hold_is_told_with_its_line_and_exit_code_1(file: Path) -> None:
    """The line is that of its [[test]]."""
    file.write_text(FILE + BROKEN)
    run = evenly("test", str(file))
    assert run.exit_code == 1
    assert f"FAIL  none has much\n      {file}:12: cluster users\n" in run.stdout
    assert run.stdout.endswith("2 assertions: 1 hold, 1 does not\n")


def test_one_is_chosen_by_a_part_of_its_name(file: Path) -> None:
    """And when there is no such, the names that there are."""
    file.write_text(FILE + BROKEN)
    assert evenly("test", str(file), "-k", "Both").exit_code == 0
    run = evenly("test", str(file), "-k", "nothing")
    assert run.exit_code == 2
    assert (
        "no assertion's name holds 'nothing'; there are\n  both work\n  none has much" in run.stderr
    )


def test_programs_get_everything_as_json(file: Path) -> None:
    """Also of those that hold."""
    file.write_text(FILE + BROKEN)
    run = evenly("test", str(file), "--json")
    assert run.exit_code == 1
    found = json.loads(run.stdout)
    assert [test["held"] for test in found["tests"]] == [True, False]
    assert not found["held"]
    assert sum(node["picks"] for node in found["tests"][0]["nodes"]) == 10_000


def test_a_file_without_assertions_is_told_how_to_write_one(file: Path) -> None:
    """Silence would look like success."""
    file.write_text(FILE[: FILE.index("[[test]]")])
    run = evenly("test", str(file))
    assert run.exit_code == 1
    assert "has no [[test]]: write one, such as" in run.stderr


def test_a_faulty_file_is_told_its_faults(file: Path) -> None:
    """As by `evenly check`, which looks at assertions, too."""
    file.write_text(FILE.replace("no_node_below", "no_node_belo"))
    for command in ("test", "check"):
        run = evenly(command, str(file))
        assert run.exit_code == 1
        assert f'{file}:10: test[0].no_node_belo: unknown key "no_node_belo"' in run.stderr
