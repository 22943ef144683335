#!/usr/bin/env python3
"""Operations of a pick and bytes of a balancer against the number of nodes: section 6 of the theory document, measured.

    benchmarks/complexity/run.py [--nodes 10 100 1000 10000] [--out FILE]

Operations are instructions, counted by valgrind's callgrind in a fork before and a fork after 200 picks: the same on a
busy machine and on an idle one. Without valgrind they are nanoseconds, the best of many short slices. Both include
the Python call that asks for the pick, which does not depend on the nodes. Bytes are the heap's, by mallinfo2.
Results go to `benchmarks/results/complexity.json`; docs/complexity.md is made of them (`make docs`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

COLLECTED = re.compile(r"^==(\d+)== Collected : (\d+)", re.MULTILINE)


def measured(what: str, sizes: list[str]) -> list[dict[str, Any]]:
    """Run picks.py, under callgrind where instructions are counted."""
    command = [sys.executable, str(HERE / "picks.py"), what, *sizes]
    if what == "count":
        command = [
            "valgrind",
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--trace-children=no",
            *command,
        ]
    # A hash seed of chance would change Python's own instructions from run to run.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if what == "count":
        totals = {int(pid): int(total) for pid, total in COLLECTED.findall(done.stderr)}
        return [
            {
                "name": before["name"],
                "nodes": before["nodes"],
                "instructions": (totals[after["pid"]] - totals[before["pid"]]) / after["picks"],
            }
            for before, after in zip(lines[::2], lines[1::2], strict=True)
        ]
    return lines


def main() -> int:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", nargs="+", default=["10", "100", "1000", "10000"])
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/complexity.json")
    options = parser.parse_args()
    what = "count" if shutil.which("valgrind") else "time"
    unit = "instructions" if what == "count" else "nanoseconds"
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for line in [*measured(what, options.nodes), *measured("bytes", options.nodes)]:
        row = rows.setdefault(line["name"], {unit: {}, "bytes": {}})
        kind = unit if unit in line else "bytes"
        row[kind][str(line["nodes"])] = round(line[kind], 1)
    for kind in (unit, "bytes"):
        print(f"{kind + (' of a pick' if kind == unit else ' of a balancer'):<40}", end="")
        print("".join(f"{int(nodes):>14,}" for nodes in options.nodes))
        for name, row in rows.items():
            print(
                f"  {name:<38}" + "".join(f"{row[kind][nodes]:>14,.0f}" for nodes in options.nodes)
            )
        print()
    result = {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "unit": unit,
        "nodes": [int(nodes) for nodes in options.nodes],
        "rows": rows,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
