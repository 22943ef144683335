#!/usr/bin/env python3
"""Simulated requests per second of one core, beside simpy in the same run; and memory against requests.

    benchmarks/simulate/run.py [--rounds 5] [--share 1.0]

Ten nodes at 90 %, Poisson arrivals, exponential service. The products take turns; the table gives the median of the
rounds and the spread. Memory is the peak of a fresh process, interpreter and all. Results go to
`benchmarks/results/simulate.json`.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from by_simpy import CHOOSERS, play  # noqa: E402  # beside this file

NODES, RATE = 10, 9.0
OURS, THEIRS = 2_000_000, 30_000
GOAL = 3e6
STRATEGIES: dict[str, dict[str, Any]] = {
    "random": {"name": "random"},
    "round_robin": {"name": "round_robin"},
    "least_connections": {"name": "least_connections"},
    "power_of_two": {"name": "power_of_two", "load": "in_flight"},
    "power_of_two, default load": {"name": "power_of_two"},
}
LENGTHS = (1_000, 1_000_000, 16_000_000)
MEMORY = """
import resource, sys
from evenly import _engine
_engine.simulate(sys.argv[1], 1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def scenario(strategy: dict[str, Any], requests: int) -> str:
    """The scenario as the engine reads it."""
    return json.dumps(
        {
            "nodes": [{"id": f"n{number}"} for number in range(NODES)],
            "strategy": strategy,
            "arrivals": {"kind": "poisson", "rate": RATE},
            "service": {"kind": "exponential", "mean": 1.0},
            "requests": requests,
        }
    )


def ours(strategy: dict[str, Any], requests: int) -> float:
    """Requests per second of our simulator on one core."""
    from evenly import _engine

    text = scenario(strategy, requests)
    began = time.perf_counter()
    _engine.simulate(text, 1)
    return requests / (time.perf_counter() - began)


def theirs(name: str, requests: int) -> float:
    """Requests per second of simpy."""
    began = time.perf_counter()
    play(name, nodes=NODES, rate=RATE, requests=requests, seed=1)
    return requests / (time.perf_counter() - began)


def memory(requests: int) -> int:
    """Peak KiB of a process that makes a run of that length."""
    text = scenario(STRATEGIES["power_of_two"], requests)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, text], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def table(speeds: dict[str, list[float]], grown: dict[int, int]) -> str:
    """Million requests per second, the spread, the distance to simpy, and memory."""
    rows = [f"{'10 nodes at 90 %, one core':34} {'M/s':>7} {'lowest':>8} {'× simpy':>8}  goal"]
    for name in STRATEGIES:
        found = speeds[f"evenly {name}"]
        median = statistics.median(found)
        beside = speeds.get(f"simpy {name}")
        ratio = f"{median / statistics.median(beside):8.0f}" if beside else f"{'':8}"
        goal = f"  {GOAL / 1e6:.0f} {'reached' if median >= GOAL else 'missed'}" if beside else ""
        rows.append(f"  {name:32} {median / 1e6:7.2f} {min(found) / 1e6:8.2f} {ratio}{goal}")
    for name in CHOOSERS:
        found = speeds[f"simpy {name}"]
        rows.append(
            f"  {'simpy, ' + name:32} {statistics.median(found) / 1e6:7.3f} {min(found) / 1e6:8.3f}"
        )
    rows.append("")
    rows.append(f"{'peak memory of the process':34} {'MiB':>7}")
    rows += [
        f"  {requests:>15,} requests{'':7} {grown[requests] / 1024:7.1f}" for requests in LENGTHS
    ]
    return "\n".join(rows)


def main() -> int:
    """Measure in turns, print and store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/simulate.json")
    options = parser.parse_args()
    speeds: dict[str, list[float]] = {}
    for turn in range(options.rounds):
        for name, strategy in STRATEGIES.items():
            rate = ours(strategy, int(OURS * options.share))
            speeds.setdefault(f"evenly {name}", []).append(rate)
            if name in CHOOSERS:
                rate = theirs(name, int(THEIRS * options.share))
                speeds.setdefault(f"simpy {name}", []).append(rate)
        print(f"round {turn + 1} of {options.rounds}", file=sys.stderr)
    grown = {requests: memory(requests) for requests in LENGTHS}
    text = table(speeds, grown)
    print(text)
    result = {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu_name(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("evenly", "simpy")},
        "requests_per_second": speeds,
        "memory_kib": {str(requests): kib for requests, kib in grown.items()},
        "table": text.splitlines(),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return 0


def cpu_name() -> str:
    """What the kernel calls the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    raise SystemExit(main())
