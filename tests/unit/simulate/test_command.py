"""`evenly simulate`: a scenario from a file, its faults with their lines, pictures, and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evenly.cli.menu import menu
from evenly.simulate import Poisson, simulate

SCENARIO = """\
strategies = ["random", { name = "power_of_two", load = "in_flight" }]
nodes = 4
requests = 5000
seed = 3

[arrivals]
kind = "poisson"
rate = 300

[service]
kind = "exponential"
mean = "10ms"
"""
SWEEP = SCENARIO + "\n[sweep]\narrivals.rate = [100, 300]\ndispatchers = [1, 2]\n"


def evenly(*words: str) -> Result:
    """Runs the command inside this process."""
    return CliRunner().invoke(menu, ["simulate", *words], prog_name="evenly")


def lines(file: Path) -> list[str]:
    """The lines of the file that faults are told of."""
    return [line.split(":")[1] for line in evenly(str(file)).stderr.splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The scenario as a file."""
    made = tmp_path / "scenario.toml"
    made.write_text(SCENARIO)
    return made


def test_a_file_means_what_the_same_words_in_python_mean(file: Path) -> None:
    """The table of the command is the table of the function."""
    run = evenly(str(file))
    assert run.exit_code == 0, run.output
    same = simulate(
        ["random", {"name": "power_of_two", "load": "in_flight"}],
        nodes=4,
        arrivals=Poisson(300),
        service={"kind": "exponential", "mean": 0.01},
        requests=5000,
        seed=3,
    )
    assert run.stdout == f"{same.scenario.summary}\n\n{same.table()}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["scenario.toml", "--kill", "n0"],
        ["scenario.toml", "--faster", "2"],
        ["--log", "access.jsonl", "--requests", "10"],
        ["--log", "access.jsonl", "--dask", "tcp://127.0.0.1:8786"],
    ],
)
def test_an_option_that_would_do_nothing_is_refused(words: list[str]) -> None:
    """Rather than being passed over in silence."""
    run = evenly(*words)
    assert run.exit_code == 2
    assert f"{words[-2]} is for " in run.stderr


def test_json_is_for_programs(file: Path) -> None:
    """Options of the command line go before the file's keys."""
    run = evenly(str(file), "--json", "--seed", "4", "--requests", "2000", "--replications", "3")
    read = json.loads(run.stdout)
    assert (read["seed"], read["replications"], read["complete"]) == (4, 3, True)
    assert [one["requests"] for one in read["results"]] == [6000, 6000]


def test_pictures_are_drawn_into_a_folder_that_is_made(file: Path, tmp_path: Path) -> None:
    """With a timeline, one of the run over time as well; a program's JSON is not disturbed."""
    folder = tmp_path / "new" / "plots"
    run = evenly(str(file), "--plot", str(folder))
    assert run.stdout.endswith(f"drawn: {folder}/comparison.png\n")
    file.write_text(SCENARIO + '[[timeline]]\nat = "5s"\ndo = "kill"\nnode = "n0"\n')
    run = evenly(str(file), "--plot", str(folder), "--json")
    assert json.loads(run.stdout)["results"]
    assert sorted(path.name for path in folder.iterdir()) == ["comparison.png", "timeline.png"]


# What is changed in the file, and the fault that must come of it.
FAULTS = {
    "an unknown key": (
        "seed = 3",
        "sed = 3",
        '4: sed: unknown key "sed". Did you mean "seed"? Allowed: ',
    ),
    "an unknown strategy": (
        '"random"',
        '"randum"',
        '1: strategies[0]: unknown strategy "randum". Did you mean "random"?',
    ),
    "an option out of place": (
        'load = "in_flight"',
        'load = "weight"',
        '1: strategies[1]: unknown load "weight": the loads are in_flight, latency, ',
    ),
    "no nodes": ("nodes = 4", "nodes = 0", "2: nodes: must be a number of nodes from 1 to 100000"),
    "an unknown kind": (
        'kind = "poisson"',
        'kind = "poison"',
        '7: arrivals.kind: unknown kind "poison". Did you mean "poisson"? Allowed: ',
    ),
    "a rate as text": ("rate = 300", 'rate = "300"', "8: arrivals.rate: must be a number above 0"),
    "a key of another kind": (
        'mean = "10ms"',
        'mean = "10ms"\ncv = 2',
        '13: service.cv: unknown key "cv". Allowed: mean.',
    ),
    "what is missing": ("rate = 300", "", "6: arrivals.rate: is missing: poisson needs a number"),
    "no time": ('"10ms"', '"ten"', "12: service.mean: must be a time above 0: seconds (1.5) or "),
    "an event of nobody": (
        "[arrivals]",
        '[[timeline]]\nat = 1\ndo = "kill"\nnode = "n4"\n[arrivals]',
        '9: timeline[0].node: unknown node "n4". Allowed: n0, n1, n2, n3.',
    ),
    "an event that is none": (
        "[arrivals]",
        '[[timeline]]\nat = 1\ndo = "explode"\nnode = "n1"\n[arrivals]',
        '8: timeline[0].do: unknown do "explode". Allowed: kill, hang, slow, fail, recover, join, ',
    ),
    "a setting": (
        "[arrivals]",
        "settings.slow_strat = 1\n[arrivals]",
        '6: settings.slow_strat: unknown key "slow_strat". Did you mean "slow_start"? ',
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_file_line_key_and_remedy(name: str, file: Path) -> None:
    """On standard error, with exit code 1 and no traceback."""
    old, new, told = FAULTS[name]
    assert SCENARIO.count(old) == 1
    file.write_text(SCENARIO.replace(old, new))
    run = evenly(str(file))
    assert run.exit_code == 1
    assert run.stdout == ""
    assert run.stderr.startswith(f"{file}:{told}"), run.stderr
    assert run.stderr.count("\n") == 1


def test_all_faults_are_told_at_once(file: Path) -> None:
    """Those that stand beside one another, in the order of the file."""
    text = SCENARIO
    for name in ("an unknown key", "an unknown strategy", "no nodes", "a rate as text", "no time"):
        text = text.replace(*FAULTS[name][:2])
    file.write_text(text)
    assert lines(file) == ["1", "2", "4", "8", "12"]


def test_a_file_that_is_not_there_is_said() -> None:
    """And a command without one says what to write."""
    assert evenly("none.toml").stderr == "none.toml: cannot be read: No such file or directory\n"
    run = evenly()
    assert run.exit_code == 2
    assert "evenly simulate scenario.toml" in run.stderr


def test_a_sweep_stands_in_the_same_file(file: Path, tmp_path: Path) -> None:
    """Each point of the grid, for each strategy; mean and p99 are drawn."""
    file.write_text(SWEEP)
    run = evenly(str(file), "--plot", str(tmp_path / "plots"))
    assert run.exit_code == 0, run.stderr
    rows = [line.split()[:3] for line in run.stdout.splitlines()[1:9]]
    assert [row[:2] for row in rows[::2]] == [
        ["100", "1"],
        ["100", "2"],
        ["300", "1"],
        ["300", "2"],
    ]
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["mean.png", "p99.png"]
    read = json.loads(evenly(str(file), "--json").stdout)
    assert [point["at"] for point in read["points"]][1] == {
        "arrivals.rate": "100",
        "dispatchers": "2",
    }


def test_a_fault_of_a_sweep_has_the_line_of_the_sweep(file: Path) -> None:
    """What only a point of the grid has is told there, what the scenario has at its own line."""
    file.write_text(
        SWEEP.replace("[100, 300]", "[100, -1]").replace("[1, 2]", "0").replace("nodes = 4", "")
    )
    assert lines(file) == ["16"]
    file.write_text(SWEEP.replace("[100, 300]", "[100, -1]").replace("nodes = 4", "nodes = -4"))
    assert lines(file) == ["2", "15"]
    file.write_text(SWEEP.replace("dispatchers", "dispatcher"))
    assert ':16: sweep.dispatcher: unknown key "dispatcher". Did you' in evenly(str(file)).stderr


def test_dask_is_for_sweeps(file: Path) -> None:
    """A single scenario would use one worker; it says what is missing."""
    run = evenly(str(file), "--dask", "tcp://127.0.0.1:1")
    assert run.exit_code == 2
    assert "write a table [sweep]" in run.stderr


def test_ctrl_c_prints_what_is_done_and_ends_with_130(file: Path) -> None:
    """On a terminal a bar has shown how far it is; the table comes all the same."""
    file.write_text(SCENARIO.replace("requests = 5000", "requests = 1_000_000_000\nwarmup = 0"))
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "evenly", "simulate", str(file)],
        stdout=subprocess.PIPE,
        stderr=inside,
        text=True,
    ) as run:
        os.close(inside)
        shown = b""
        deadline = time.monotonic() + 60
        while b"simulating" not in shown and time.monotonic() < deadline:
            shown += os.read(terminal, 4096)
        run.send_signal(signal.SIGINT)
        # What is still drawn must be read, or the terminal would hold the program back.
        while True:
            try:
                if not os.read(terminal, 4096):
                    break
            except OSError:
                break
        assert run.stdout is not None
        out = run.stdout.read()
    os.close(terminal)
    assert run.returncode == 130
    assert "requests" in out.splitlines()[0]
    assert "\nnote: stopped early: random after " in out
