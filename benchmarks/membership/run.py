#!/usr/bin/env python3
"""Time of one node joining or leaving a cluster, for every strategy of the engine, from Python.

    benchmarks/membership/run.py [--nodes 1000] [--rounds 15]

A balancer over `--nodes` nodes of weight 1 gets one more and loses it again, `--rounds` times; the best time of each
is its figure, the median stands beside it. Results go to `benchmarks/results/membership.json`.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from pathlib import Path

import evenly
from evenly import _engine

ROOT = Path(__file__).resolve().parents[2]
GOALS = {"consistent_hash": 3.0, "maglev": 10.0}
"""Milliseconds that a change may take with 1,000 nodes."""


def timed(name: str, nodes: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each join and each leave."""
    addresses = [f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}:80" for at in range(nodes)]
    balancer = evenly.Balancer(addresses, strategy=name, slow_start=0)
    found: dict[str, list[float]] = {"join": [], "leave": []}
    for _ in range(rounds):
        begun = time.perf_counter()
        balancer.add("192.0.2.1:80")
        joined = time.perf_counter()
        balancer.remove("192.0.2.1:80")
        found["join"].append((joined - begun) * 1e3)
        found["leave"].append((time.perf_counter() - joined) * 1e3)
    return found


def main() -> int:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/membership.json")
    options = parser.parse_args()
    lines = [
        f"{options.nodes} nodes, milliseconds{'join':>14}{'median':>9}{'leave':>9}{'median':>9}  goal"
    ]
    results = {}
    for name in (entry["name"] for entry in _engine.strategies()):
        found = results[name] = timed(name, options.nodes, options.rounds)
        best = {what: min(times) for what, times in found.items()}
        figures = "".join(
            f"{best[what]:9.2f}{statistics.median(times):9.2f}" for what, times in found.items()
        )
        goal = GOALS.get(name) if options.nodes == 1000 else None
        verdict = "reached" if goal and max(best.values()) <= goal else "missed"
        lines.append(f"  {name:30}{figures}" + (f"  {goal:g} {verdict}" if goal else ""))
    print("\n".join(lines))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "nodes": options.nodes,
        "milliseconds": results,
        "table": lines,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
