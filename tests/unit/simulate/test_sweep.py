"""Sweeps: every point of a grid, here and on a Dask cluster of a real scheduler and two real workers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import evenly
from evenly.simulate import Exponential, InvalidScenario, Poisson, SimNode, simulate, sweep
from evenly.simulate.dask import NoCluster

COMMON = {
    "strategies": ["random", "round_robin"],
    "nodes": 4,
    "arrivals": Poisson(2),
    "service": Exponential(1),
    "requests": 2000,
    "seed": 5,
}
GRID = {"arrivals.rate": [1, 2, 3], "nodes": [4, 6]}


def leftmost(view: evenly.View) -> evenly.NodeView:
    """Always the first."""
    return view.nodes[0]


def test_a_sweep_is_the_simulation_of_every_point() -> None:
    """No more and no less than running each by itself, in the order of the grid."""
    swept = sweep(GRID, **COMMON)
    assert len(swept) == 6
    assert swept.points[3] == {"arrivals.rate": 2, "nodes": 6}
    alone = simulate(**{**COMMON, "nodes": 6, "arrivals": Poisson(2)})
    assert swept[3].json() == alone.json()
    assert swept.complete


def test_anything_of_a_scenario_can_be_varied() -> None:
    """Through tables, classes and lists; what is around stays as it was."""
    changed = {**COMMON, "nodes": [SimNode(), {"speed": 1}], "settings": {"slow_start": 0}}
    swept = sweep({"nodes.1.speed": [0.5, 2.0], "settings.decay": ["1s", "4s"]}, **changed)
    nodes = [results.scenario.nodes[1].speed for results in swept]
    assert nodes == [0.5, 0.5, 2.0, 2.0]
    assert swept[1].scenario.settings.engine == {"slow_start": 0, "decay": 4}
    assert str(swept.table("mean")).splitlines()[0].split()[:2] == [
        "nodes.1.speed",
        "settings.decay",
    ]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({}, "sweep: names nothing to vary: write arrivals.rate = [5, 7, 9]"),
        ({"nodes": 4}, "sweep.nodes: must be a list of values, not 4"),
        ({"nodes": []}, "sweep.nodes: must hold at least one value"),
        ({"nodes": list(range(1, 200)), "seed": list(range(200))}, "sweep: has 39,800 points;"),
        ({"arrivals.rat": [1]}, 'sweep.arrivals.rat: unknown key "rat". Did you mean "rate"?'),
        ({"nodes.x": [1]}, 'sweep.nodes.x: leads nowhere: 4 has no "x"'),
        ({"arrivals.rate": [1, -1]}, "sweep.arrivals.rate: must be a number above 0, not -1"),
    ],
    ids=str,
)
def test_a_grid_that_cannot_be_is_refused_before_anything_runs(
    grid: dict[str, list[object]], said: str
) -> None:
    """With the place in the grid."""
    with pytest.raises(InvalidScenario) as caught:
        sweep(grid, **COMMON)
    assert str(caught.value).startswith(said)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, each a process of its own."""
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    quiet = ["--scheduler-file", str(file), "--no-dashboard"]
    worker = ["distributed.cli.dask_worker", *quiet, "--nthreads", "1", "--no-nanny"]
    commands = [
        ["distributed.cli.dask_scheduler", *quiet, "--host", "127.0.0.1", "--port", "0"],
        [*worker, "--local-directory", str(folder / "one")],
        [*worker, "--local-directory", str(folder / "two")],
    ]
    with (folder / "log").open("w") as log:
        running = [
            subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log)
            for command in commands
        ]
        try:
            yield _address(file, running)
        finally:
            for process in running:
                process.kill()
            for process in running:
                process.wait()


def _address(file: Path, running: list[subprocess.Popen[bytes]]) -> str:
    from distributed import Client

    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in running)
        time.sleep(0.05)
    address = str(json.loads(file.read_text())["address"])
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return address


def test_a_cluster_gives_what_this_machine_gives(scheduler: str) -> None:
    """To the last digit, and both workers have had a part in it."""
    told: list[tuple[int, int | None]] = []
    far = sweep(
        GRID, dask=scheduler, progress=lambda done, total: told.append((done, total)), **COMMON
    )
    assert far.json() == sweep(GRID, **COMMON).json()
    assert told[-1] == (24_000, 24_000)


def test_a_strategy_in_python_travels_along(scheduler: str) -> None:
    """A function of one's own is sent to the workers."""
    changed = {**COMMON, "strategies": [leftmost], "arrivals": Poisson(0.5)}
    far = sweep({"nodes": [2, 3]}, dask=scheduler, **changed)
    assert [[node.picks for node in results[0].nodes] for results in far] == [
        [2000, 0],
        [2000, 0, 0],
    ]


def test_a_sweep_on_a_cluster_can_be_stopped(scheduler: str) -> None:
    """What is done is kept; the other points are empty, and say so. Each plays for seconds: time to stop."""
    long = {**COMMON, "requests": 10_000_000}
    far = sweep({"seed": [1, 2, 3]}, dask=scheduler, progress=lambda *_: False, **long)
    assert not far.complete
    assert len(far) == 3
    missing = [note for results in far for note in results.notes]
    assert missing
    assert all(note.startswith("stopped early: ") for note in missing)


def test_the_command_takes_the_address_of_a_cluster(scheduler: str, tmp_path: Path) -> None:
    """The same table as without."""
    file = tmp_path / "sweep.toml"
    file.write_text(
        'strategies = ["random"]\nnodes = 2\nrequests = 500\narrivals = { kind = "poisson", rate = 1 }\n'
        "[sweep]\narrivals.rate = [0.5, 1]\n"
    )
    command = [sys.executable, "-m", "evenly", "simulate", str(file)]
    near, far = (
        subprocess.run([*command, *more], capture_output=True, text=True, check=True, timeout=60)
        for more in ([], ["--dask", scheduler])
    )
    assert far.stdout == near.stdout
    assert len(near.stdout.splitlines()) == 3


def test_a_cluster_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to start."""
    monkeypatch.setattr("evenly.simulate.dask.PATIENCE", 0.5)
    with pytest.raises(NoCluster, match=r"no Dask scheduler answers at tcp://127.0.0.1:9: .*start"):
        sweep({"nodes": [1]}, dask="tcp://127.0.0.1:9", **COMMON)
    with pytest.raises(NoCluster, match="no Dask scheduler answers at nonsense"):
        sweep({"nodes": [1]}, dask="nonsense://x:1", **COMMON)
    with pytest.raises(NoCluster, match="an address ends in a port"):
        sweep({"nodes": [1]}, dask="scheduler", **COMMON)
