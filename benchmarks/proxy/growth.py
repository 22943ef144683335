"""What a request costs more with many nodes, and with a further worker: Evenly against itself, in turns.

With `--nodes N`: `FEW` nodes against N, for strategies whose pick costs the same whatever the number
of nodes. With `--workers N`: one worker against N. The nodes are addresses 127.x.y.z of one nginx
worker that listens on all of them, so what differs is in the proxy alone.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from products import (
    LOAD_CPU,
    PROXY_CPU,
    Running,
    evenly_at,
    first_line,
    free_port,
    nginx_answering,
)

FEW = 10
GOAL = 1.1
STRATEGIES = ("power_of_two", "round_robin", "random")
Sample = Callable[[Running, int, int], dict[str, float]]


@dataclass(frozen=True)
class Setup:
    """One way to run the proxy, compared with the first of its group."""

    group: str
    name: str
    strategy: str
    nodes: int
    workers: int
    cpus: str


def of_nodes(count: int) -> list[Setup]:
    """Few and many nodes, per strategy."""
    return [
        Setup(strategy, f"{nodes:,} nodes", strategy, nodes, 1, PROXY_CPU)
        for strategy in STRATEGIES
        for nodes in (FEW, count)
    ]


def of_workers(count: int) -> list[Setup]:
    """One and several workers. Both may use both processors, so that workers really run side by side."""
    cpus = f"{PROXY_CPU},{LOAD_CPU}"
    return [
        Setup("workers", f"{workers} workers", "power_of_two", FEW, workers, cpus)
        for workers in (1, count)
    ]


def addresses(count: int, port: int) -> list[str]:
    """That many loopback addresses, all served by whoever listens on `port` of every address."""
    return [f"127.{1 + at // 62500}.{at // 250 % 250}.{at % 250 + 1}:{port}" for at in range(count)]


def table(setups: list[Setup], samples: list[list[dict[str, float]]]) -> str:
    """Median CPU per request, its spread, and the ratio to the first of the group."""
    lines = [
        "| compared | setup | CPU µs/request | lowest–highest | × first | goal |",
        "|---|---|---|---|---|---|",
    ]
    first: dict[str, float] = {}
    for setup, taken in zip(setups, samples, strict=True):
        values = [one["cpu_us"] for one in taken]
        median = statistics.median(values)
        base = first.setdefault(setup.group, median)
        ratio, goal = "–", "–"
        if base is not median:
            ratio = f"{median / base:.2f}"
            goal = f"≤ {GOAL}, {'reached' if median <= GOAL * base else 'missed'}"
        lines.append(
            f"| {setup.group} | {setup.name} | {median:.2f} "
            f"| {min(values):.2f}–{max(values):.2f} | {ratio} | {goal} |"
        )
    return "\n".join(lines)


def measure(
    setups: list[Setup], sample: Sample, rounds: int, seconds: int, connections: int
) -> list[list[dict[str, float]]]:
    """Start all setups and measure them in interleaved rounds."""
    samples: list[list[dict[str, float]]] = [[] for _ in setups]
    running: list[Running] = []
    with tempfile.TemporaryDirectory(prefix="evenly-bench-") as name:
        folder = Path(name)
        port = free_port()
        nodes = nginx_answering(folder / "nodes", [f"0.0.0.0:{port}"], port)
        try:
            for at, setup in enumerate(setups):
                (folder / str(at)).mkdir()
                listed = addresses(setup.nodes, port)
                running.append(
                    evenly_at(folder / str(at), listed, setup.strategy, setup.workers, setup.cpus)
                )
            for turn in range(rounds):
                for one, taken in zip(running, samples, strict=True):
                    # Connections to nodes that idled through the others' turns are opened again unmeasured.
                    sample(one, connections, 1)
                    taken.append(sample(one, connections, seconds))
                print(f"round {turn + 1} of {rounds}", file=sys.stderr)
        finally:
            for one in running:
                one.stop()
            nodes.terminate()
            nodes.wait()
    return samples


def run(
    setups: list[Setup], sample: Sample, rounds: int, seconds: int, connections: int, out: Path
) -> None:
    """Measure, print and store."""
    samples = measure(setups, sample, rounds, seconds, connections)
    text = table(setups, samples)
    print(text)
    result = {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "kernel": platform.release(),
        "load": first_line("wrk", "-v"),
        "rounds": rounds,
        "seconds": seconds,
        "connections": connections,
        "samples": [
            {"compared": setup.group, "setup": setup.name, "rounds": taken}
            for setup, taken in zip(setups, samples, strict=True)
        ],
        "table": text.splitlines(),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
