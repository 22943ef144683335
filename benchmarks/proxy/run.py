#!/usr/bin/env python3
"""CPU per HTTP/1.1 request of Evenly beside nginx, HAProxy, Envoy and the floor, in one run.

    benchmarks/proxy/run.py [--rounds 5] [--seconds 3] [--connections 16,64,256]
                            [--idle 5000] [--only a,b] [--nodes 1000 | --workers 2]

The figure is user and system time of every thread of the product, from the scheduler's own books
(`/proc/PID/task/*/schedstat`), divided by the requests that wrk counted. Rounds are interleaved
(A B C A B C), so that a noisy neighbour hits all products alike; the table gives the median and the
spread. A second table gives resident memory of all processes of a product, at rest and with idle
clients. Results go to `benchmarks/results/proxy.json`.

`--nodes N` and `--workers N` compare Evenly with itself instead (`growth.py`): few nodes with N, one
worker with N. Their results go to `proxy-nodes.json` and `proxy-workers.json` beside it.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import growth
import memory
from products import (
    LOAD_CPU,
    PRODUCTS,
    ROOT,
    Running,
    cpu_name,
    first_line,
    missing_tools,
    nodes,
)

PEERS = ("nginx", "haproxy")


def family(root: int) -> list[int]:
    """A process and all its descendants."""
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found.extend(int(word) for word in task.read_text().split())
    return found


def cpu_seconds(root: int) -> float:
    """Time on the CPU, user and system, of every thread of a process and its descendants."""
    spent = 0
    for pid in family(root):
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            spent += int(path.read_text().split()[0])
    return spent / 1e9


def load(port: int, connections: int, seconds: int) -> tuple[int, float]:
    """Run wrk once; requests answered and requests per second. Any error voids the run."""
    words = ["taskset", "-c", LOAD_CPU, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    words += ["--latency", f"http://127.0.0.1:{port}/"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for bad in ("Non-2xx", "Socket errors"):
        if bad in text:
            raise RuntimeError(f"port {port}, {connections} connections: wrk saw errors\n{text}")
    count = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not count or not rate:
        raise RuntimeError(f"wrk printed something else than expected:\n{text}")
    return int(count.group(1)), float(rate.group(1))


def sample(product: Running, connections: int, seconds: int) -> dict[str, float]:
    """One measurement of one product."""
    before = cpu_seconds(product.process.pid)
    requests, rate = load(product.port, connections, seconds)
    spent = cpu_seconds(product.process.pid) - before
    return {"cpu_us": 1e6 * spent / requests, "requests_per_second": rate}


def table(samples: dict[str, dict[int, list[dict[str, float]]]], connections: list[int]) -> str:
    """The samples as a Markdown table: median CPU, its spread, ratio to the better peer."""
    lines = [
        "| connections | product | CPU µs/request | lowest–highest | × better peer | requests/s |",
        "|---|---|---|---|---|---|",
    ]
    for count in connections:
        medians = {
            name: statistics.median(one["cpu_us"] for one in by_count[count])
            for name, by_count in samples.items()
        }
        best = min((medians[name] for name in PEERS if name in medians), default=None)
        for name, median in medians.items():
            values = [one["cpu_us"] for one in samples[name][count]]
            rate = statistics.median(one["requests_per_second"] for one in samples[name][count])
            ratio = f"{median / best:.2f}" if best else "–"
            lines.append(
                f"| {count} | {name} | {median:.2f} | {min(values):.2f}–{max(values):.2f} "
                f"| {ratio} | {rate:,.0f} |"
            )
    return "\n".join(lines)


def main() -> int:
    """Start everything, measure in interleaved rounds, print and store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", default="16,64,256")
    parser.add_argument("--idle", type=int, default=5000, help="idle clients to hold at the end")
    parser.add_argument("--only", default=",".join(PRODUCTS))
    compare = parser.add_mutually_exclusive_group()
    compare.add_argument("--nodes", type=int, help="compare a few nodes with so many")
    compare.add_argument("--workers", type=int, help="compare one worker with so many")
    parser.add_argument("--out", type=Path, help="where results go")
    options = parser.parse_args()
    if missing := missing_tools():
        print(
            f"missing: {', '.join(missing)}; scripts/install-test-packages, scripts/bench --peers"
        )
        return 1

    connections = [int(word) for word in options.connections.split(",")]
    results = ROOT / "benchmarks/results"
    if options.nodes or options.workers:
        what = "nodes" if options.nodes else "workers"
        many = (
            growth.of_nodes(options.nodes) if options.nodes else growth.of_workers(options.workers)
        )
        middle = sorted(connections)[len(connections) // 2]
        out = options.out or results / f"proxy-{what}.json"
        growth.run(many, sample, options.rounds, options.seconds, middle, out)
        return 0
    out = options.out or results / "proxy.json"
    running: list[Running] = []
    with tempfile.TemporaryDirectory(prefix="evenly-bench-") as name:
        folder = Path(name)
        ports, node_process = nodes(folder / "nodes")
        try:
            for product in options.only.split(","):
                (folder / product).mkdir()
                running.append(PRODUCTS[product](folder / product, ports))
                load(running[-1].port, 64, 1)
            samples: dict[str, dict[int, list[dict[str, float]]]] = {
                one.name: {count: [] for count in connections} for one in running
            }
            for turn in range(options.rounds):
                for count in connections:
                    for one in running:
                        samples[one.name][count].append(sample(one, count, options.seconds))
                print(f"round {turn + 1} of {options.rounds}", file=sys.stderr)
            idle = {
                one.name: memory.idle(one, family(one.process.pid), options.idle)
                for one in running
                if one.name != "floor"
            }
        finally:
            for one in running:
                one.stop()
            node_process.terminate()
            node_process.wait()

    text = table(samples, connections) + "\n\n" + memory.table(idle, options.idle)
    print(text)
    out.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": cpu_name(),
        "kernel": platform.release(),
        "load": first_line("wrk", "-v"),
        "versions": {one.name: one.version for one in running},
        "rounds": options.rounds,
        "seconds": options.seconds,
        "idle_clients": options.idle,
        "memory": idle,
        "samples": samples,
        "table": text.splitlines(),
    }
    out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
