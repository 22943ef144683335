#!/usr/bin/env python3
"""Time of one `with balancer.pick() as pick: pass`, beside the pickers that Python programs use today.

    benchmarks/pick/run.py [--rounds 5] [--share 1.0]

Each line is timed over its calls (a million unless a peer is very slow; --share takes a part of them) in
slices of a few milliseconds, which fit between two of a busy machine's interruptions. The products take turns, and
the best slice of a round is its figure, the best round the line's: noise only ever adds. Results go to
`benchmarks/results/pick.json`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import subprocess
import sys
import sysconfig
import tempfile
import time
import timeit
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

SLICE = 10_000
WITH = "with b.pick() as pick: pass"
STRATEGIES = ("round_robin", "least_connections", "power_of_two", "random", "weighted_round_robin")
LOOKUPS = ("consistent_hash", "maglev")
GOALS = {
    ("consistent_hash, owner of a key", 10): 107,
    ("round_robin", 10): 220,
    ("least_connections", 10): 220,
    ("power_of_two", 10): 260,
    ("round_robin", 10_000): 400,
    ("least_connections", 10_000): 400,
    ("power_of_two", 10_000): 400,
}


def install_peers() -> None:
    """Install the peers that are missing, so that `make bench` runs on a fresh clone."""
    modules = ("elastic_transport", "hrw", "pymemcache", "uhashring")
    if not all(importlib.util.find_spec(name) for name in modules):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)


def build_floor(folder: Path) -> None:
    """Compile floor.c against the running interpreter."""
    include = sysconfig.get_paths()["include"]
    out = folder / "floor.so"
    words = [
        "gcc",
        "-O2",
        "-shared",
        "-fPIC",
        f"-I{include}",
        str(HERE / "floor.c"),
        "-o",
        str(out),
    ]
    subprocess.run(words, check=True)
    sys.path.insert(0, str(folder))


def cases() -> list[tuple[str, Case]]:
    """All lines of the table, each with its group."""
    import floor  # type: ignore[import-not-found]  # built by build_floor

    import evenly

    lines: list[tuple[str, Case]] = []
    for count in (10, 1_000, 10_000):
        for name in STRATEGIES:
            balancer = evenly.Balancer(addresses(count), strategy=name)
            lines.append((f"evenly, {count} nodes", Case(name, WITH, {"b": balancer})))
        ring = evenly.Balancer(addresses(count), strategy="consistent_hash")
        statement = "with b.pick(key='key') as pick: pass"
        case = Case("consistent_hash, with a key", statement, {"b": ring})
        lines.append((f"evenly, {count} nodes", case))
        for name in LOOKUPS:
            look = evenly.Balancer(addresses(count), strategy=name)
            lookup = Case(f"{name}, owner of a key", "b.owner('user-42')", {"b": look})
            lines.append((f"evenly, {count} nodes", lookup))
    lines.append(("floor", Case("a C type that does nothing", WITH, {"b": floor.Balancer()})))
    lines.extend(("peers, 10 nodes", case) for case in peers())
    return lines


def main() -> int:
    """Measure in turns, print and store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/pick.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evenly-bench-") as name:
        build_floor(Path(name))
        lines = cases()
        timers = [timeit.Timer(case.statement, globals=case.names) for _, case in lines]
        samples: list[list[float]] = [[] for _ in lines]
        for turn in range(options.rounds):
            for (_, case), timer, found in zip(lines, timers, samples, strict=True):
                slices = max(1, int(case.calls * options.share / SLICE))
                found.append(min(timer.repeat(slices, SLICE)) / SLICE * 1e9)
            print(f"round {turn + 1} of {options.rounds}", file=sys.stderr)
    text = table(lines, samples)
    print(text)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu_name(),
        "python": platform.python_version(),
        "versions": {
            name: version(name) for name in ("elastic-transport", "hrw", "pymemcache", "uhashring")
        },
        "nanoseconds": {
            f"{group}: {case.name}": found
            for (group, case), found in zip(lines, samples, strict=True)
        },
        "table": text.splitlines(),
    }
    options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return 0


def table(lines: list[tuple[str, Case]], samples: list[list[float]]) -> str:
    """Best of the rounds, the spread, and the goal where there is one."""
    rows, last = [], ""
    for (group, case), found in zip(lines, samples, strict=True):
        if group != last:
            rows.append(f"\n{group:52} {'ns':>8} {'M/s':>7} {'worst':>8}  goal")
            last = group
        words = group.replace(",", "").split()
        goal = GOALS.get((case.name, int(words[1]))) if words[0] == "evenly" else None
        best = min(found)
        rows.append(
            f"  {case.name:50} {best:8.0f} {1e3 / best:7.2f} {max(found):8.0f}"
            + (f"  {goal} {'reached' if best <= goal else 'missed'}" if goal else "")
        )
    return "\n".join(rows).strip("\n")


def cpu_name() -> str:
    """What the kernel calls the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


install_peers()
from peers import Case, addresses, peers  # noqa: E402  # after what it imports was installed

if __name__ == "__main__":
    raise SystemExit(main())
