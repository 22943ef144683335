"""Each command does what it says, and errors are sentences, never tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from evenly import _engine
from evenly.cli.menu import COMMANDS, menu
from evenly.config import json_schema, parse

if TYPE_CHECKING:
    from pathlib import Path

SOUND = '[listen.web]\naddress = "127.0.0.1:8080"\nto = "c"\n[cluster.c]\nnodes = ["a:1"]\n'


Started = list[tuple[dict[str, Any], list[str], dict[str, Any]]]


def evenly(*words: str) -> Result:
    """Runs a command inside this process."""
    return CliRunner().invoke(menu, words, prog_name="evenly")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What the engine would have been started with; it ends with exit code 7 at once."""
    calls: Started = []

    def run_proxy(text: str, control: list[str], document: str) -> int:
        calls.append((json.loads(text), control, json.loads(document)))
        return 7

    monkeypatch.setattr(_engine, "run_proxy", run_proxy)
    return calls


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    """`--help` works for each line of the table, and the menu lists it."""
    assert evenly(command, "--help").exit_code == 0
    assert f"\n  {command} " in evenly("--help").stdout


def test_the_module_runs_as_the_command_does() -> None:
    """`python -m evenly` is `evenly`."""
    run = subprocess.run(
        [sys.executable, "-m", "evenly", "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"evenly {_engine.version}\n"


def test_the_menu_loads_only_what_a_command_uses() -> None:
    """pydantic and rich cost a tenth of a second that `evenly version` need not wait for."""
    code = (
        "import sys; sys.argv = ['evenly', 'version']\n"
        "from evenly.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'pydantic', 'rich'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("\n[]\n")


def test_a_command_mistyped_is_told_the_nearest() -> None:
    """Exit code 2, as for every wrong use."""
    run = evenly("serv")
    assert run.exit_code == 2
    assert 'Error: unknown command "serv". Did you mean "serve"? Allowed: ' in run.stderr


def test_check_takes_a_sound_file(tmp_path: Path) -> None:
    """One line that says what the file does, and exit code 0."""
    file = tmp_path / "evenly.toml"
    file.write_text(SOUND)
    run = evenly("check", str(file))
    assert run.exit_code == 0
    assert run.stdout == f"{file}: sound: web 127.0.0.1:8080 → c; c: 1 node, power_of_two\n"


def test_check_tells_every_fault(tmp_path: Path) -> None:
    """All of them on standard error, one a line, and exit code 1."""
    file = tmp_path / "evenly.toml"
    file.write_text(SOUND.replace('"c"', '"d"').replace("a:1", "a"))
    run = evenly("check", str(file))
    assert run.exit_code == 1
    assert run.stdout == ""
    assert run.stderr == (
        f'{file}:3: listen.web.to: unknown cluster "d". Allowed: c.\n'
        f'{file}:5: cluster.c.nodes[0]: "a" has no port: '
        'write it after a colon, such as "a:8000"\n'
    )


def test_check_says_what_file_it_cannot_read() -> None:
    """No traceback for a wrong name."""
    run = evenly("check", "none.toml")
    assert run.exit_code == 1
    assert run.stderr == "none.toml: cannot be read: No such file or directory\n"


def test_the_schema_is_printed_as_json() -> None:
    """What the configuration has is what comes out."""
    assert json.loads(evenly("schema").stdout) == json_schema()


def test_strategies_are_listed_for_people_and_for_programs() -> None:
    """Both from the engine's one table."""
    table = evenly("strategies").stdout
    listed = json.loads(evenly("strategies", "--json").stdout)
    assert [entry["name"] for entry in listed] == [entry["name"] for entry in _engine.strategies()]
    rows = [line for line in table.splitlines() if not line.startswith(" ")]
    assert [row.split()[0] for row in rows] == [entry["name"] for entry in listed]
    assert table.count("(default)") == 1
    for entry in listed:
        for option in entry["options"]:
            assert f"{option['name']} = " in table


def test_the_version_says_what_it_runs_on() -> None:
    """What a bug report needs."""
    assert evenly("version").stdout.startswith(f"evenly {_engine.version} (CPython 3.")


def test_run_starts_the_engine_with_the_whole_configuration(
    tmp_path: Path, started: Started
) -> None:
    """The engine's exit code is the command's; the control process is this very Python."""
    file = tmp_path / "evenly.toml"
    file.write_text(SOUND)
    assert evenly("run", str(file)).exit_code == 7
    ((configuration, control, document),) = started
    assert (document["file"], document["source"]) == (str(file), SOUND)
    assert set(configuration) == {"proxy", "admin", "log", "listeners", "clusters"}
    assert control[:3] == [sys.executable, "-m", "evenly.control"]


def test_run_starts_nothing_with_a_faulty_file(tmp_path: Path, started: Started) -> None:
    """A proxy that half understood its configuration is worse than none."""
    file = tmp_path / "evenly.toml"
    file.write_text(SOUND.replace("[cluster.c]", "[cluster.d]"))
    assert evenly("run", str(file)).exit_code == 1
    assert started == []


def test_serve_is_a_file_in_one_line(started: Started) -> None:
    """All options reach the engine."""
    words = "--listen 127.0.0.1:80 --to a:1,b:2 --to [::1]:3 --strategy random --health /up"
    run = evenly("serve", *words.split(), "--workers", "3", "--admin", "127.0.0.1:9901")
    assert run.exit_code == 7, run.stderr
    ((configuration, _, document),) = started
    assert document["file"] is None
    assert parse(document["source"]).engine() == configuration
    assert configuration["proxy"] == {"workers": 3, "drain": 30.0, "user": None, "group": None}
    assert configuration["admin"] == {"address": "127.0.0.1:9901", "token": None}
    (listener,) = configuration["listeners"]
    (cluster,) = configuration["clusters"]
    assert listener["address"] == "127.0.0.1:80"
    assert [node["address"] for node in cluster["nodes"]] == ["a:1", "b:2", "[::1]:3"]
    assert cluster["strategy"] == {"name": "random"}
    assert (cluster["health"]["path"], cluster["health"]["every"]) == ("/up", 5.0)


def test_serve_names_options_where_a_file_has_lines(
    started: Started,
) -> None:
    """Every fault at once, each beside the option it comes from."""
    words = "--listen localhost:80 --to a:1,a:1,b --strategy rnadom --health up --workers 0"
    run = evenly("serve", *words.split(), "--admin", "0.0.0.0:9900")
    assert run.exit_code == 1
    assert [line.partition(": ")[2].partition(": ")[0] for line in run.stderr.splitlines()] == [
        "--workers",
        "--listen",
        "--to, node 3",
        "--health",
        "--to, node 2",
        "--admin",
        "--strategy",
    ]
    assert 'evenly serve: --to, node 2: "a:1" is already --to, node 1: ' in run.stderr
    assert started == []


def test_serve_without_nodes_says_so() -> None:
    """A comma is no node."""
    assert "Missing option '--to'" in evenly("serve").stderr
    assert "--to names no node: write --to 127.0.0.1:9001," in evenly("serve", "--to", ",").stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """`evenly schema | head` says nothing about pipes."""
    with subprocess.Popen(
        [sys.executable, "-m", "evenly", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""


def test_an_error_of_the_system_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port in use is nobody's bug."""

    def run_proxy(*_: object) -> int:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(_engine, "run_proxy", run_proxy)
    run = evenly("serve", "--to", "a:1")
    assert run.exit_code == 1
    assert run.stderr == "evenly: [Errno 98] Address already in use\n"
