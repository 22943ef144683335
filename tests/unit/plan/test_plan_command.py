"""`evenly plan` in front of two files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from evenly.cli.menu import menu

if TYPE_CHECKING:
    from pathlib import Path

LISTEN = '[listen.web]\naddress = "127.0.0.1:8080"\nto = "users"\n'
THREE = '[cluster.users]\nstrategy = "rendezvous"\nnodes = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]\n'


def evenly(*words: str) -> Result:
    """Run a command inside this process."""
    return CliRunner().invoke(menu, words, prog_name="evenly")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Three nodes, and the same with a fourth."""
    old, new = tmp_path / "old.toml", tmp_path / "new.toml"
    old.write_text(LISTEN + THREE)
    new.write_text(LISTEN + THREE.replace('3:80"]', '3:80", "10.0.0.4:80"]'))
    return str(old), str(new)


def test_a_plan_is_printed_for_people_and_for_programs(files: tuple[str, str]) -> None:
    """Both say the same share."""
    old, new = files
    run = evenly("plan", new, "--against", old)
    assert run.exit_code == 0, run.output
    assert "10.0.0.4:80 joins\n" in run.stdout
    found = json.loads(evenly("plan", new, "--against", old, "--json").stdout)
    assert f"keys: {found['moves']:.1%}".replace("%", " %") in run.stdout


def test_nothing_to_do_is_one_line_and_exit_code_0(files: tuple[str, str]) -> None:
    """So is a file against itself."""
    run = evenly("plan", files[0], "--against", files[0])
    assert (run.exit_code, run.stdout) == (0, "nothing changes\n")


@pytest.mark.parametrize(("most", "code"), [("10%", 1), ("0.1", 1), ("30 %", 0), ("1", 0)])
def test_a_pipeline_stops_at_too_many_moves(files: tuple[str, str], most: str, code: int) -> None:
    """A quarter of the keys moves here; the plan is printed all the same."""
    run = evenly("plan", files[1], "--against", files[0], "--fail-if-moves", most)
    assert run.exit_code == code
    assert "keys: 2" in run.stdout
    assert ("more than 10.0 %" in run.stderr) == (code == 1)


@pytest.mark.parametrize("most", ["ten", "-1", "101%", ""])
def test_a_share_that_is_none_is_refused(files: tuple[str, str], most: str) -> None:
    """With what to write."""
    run = evenly("plan", files[1], "--against", files[0], "--fail-if-moves", most)
    assert run.exit_code == 2
    assert "write 10% or 0.1" in run.stderr


def test_a_plan_that_would_be_refused_exits_1(files: tuple[str, str], tmp_path: Path) -> None:
    """It says so before anything else."""
    wide = tmp_path / "wide.toml"
    wide.write_text((LISTEN + THREE).replace("127.0.0.1", "0.0.0.0"))
    run = evenly("plan", str(wide), "--against", files[0])
    assert run.exit_code == 1
    assert run.stdout.startswith("refused: listen.web: 0.0.0.0:8080 is still taken")


def test_a_faulty_file_is_told_its_faults(files: tuple[str, str], tmp_path: Path) -> None:
    """With file, line and key, as by every command."""
    bad = tmp_path / "bad.toml"
    bad.write_text(LISTEN + THREE.replace("rendezvous", "rendezvouz"))
    run = evenly("plan", str(bad), "--against", files[0])
    assert run.exit_code == 1
    assert f'{bad}:5: cluster.users.strategy: unknown strategy "rendezvouz"' in run.stderr


def test_without_anything_to_compare_with_it_says_what_to_give(files: tuple[str, str]) -> None:
    """The file has no [admin], so there is no proxy to ask; and one thing is compared with, not two."""
    run = evenly("plan", files[1])
    assert run.exit_code == 2
    assert "say --admin ADDRESS, or compare with a file: --against OLD" in " ".join(
        run.stderr.split()
    )
    assert evenly("plan", files[1], "--against", files[0], "--admin", "127.0.0.1:1").exit_code == 2


def test_a_proxy_that_is_not_there_is_said(files: tuple[str, str]) -> None:
    """Port 1 of this machine has no listener."""
    run = evenly("plan", files[1], "--admin", "127.0.0.1:1")
    assert run.exit_code == 1
    assert "no proxy answers at 127.0.0.1:1" in run.stderr
