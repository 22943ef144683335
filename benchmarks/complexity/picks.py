"""The measured side: builds a cluster of each size and picks from it. Run by run.py, under callgrind or without.

    python picks.py count 10 100    instructions: forks before each measurement, so that callgrind tells both sides
    python picks.py bytes 10 100    heap bytes of a balancer
    python picks.py time 10 100     nanoseconds, where there is no valgrind

Prints one JSON line for each measurement.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time

from evenly import Node, _engine
from evenly.testing import VirtualClock

PICKS = 200
"""Picks counted: enough to visit every kind of turn, few enough for valgrind, which is fifty times slower."""

# Measured with unequal weights too: what they cost beyond equal ones is the point of these strategies.
BY_WEIGHT = ("weighted_round_robin", "deadline", "least_connections", "random", "power_of_two")

# They try each node once before they compare any, which costs less than what they do ever after.
LEARNS = ("least_latency", "power_of_two", "prequal")

# What 10,000 nodes need beyond the defaults.
OPTIONS = {"anchor": {"size": 16_384}}


class Mallinfo(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    ]


def heap() -> int:
    """Bytes that are allocated and not freed. The engine uses the system's allocator; Python's objects do not count."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Mallinfo
    info = libc.mallinfo2()
    return int(info.uordblks + info.hblkhd)


def cases() -> dict[str, tuple[str, bool]]:
    """Name of the row: the strategy, and whether weights are equal."""
    names = [entry["name"] for entry in _engine.strategies()]
    unequal = {f"{name}, unequal weights": (name, False) for name in names if name in BY_WEIGHT}
    return {name: (name, True) for name in names} | unequal


def cluster(strategy: str, equal: bool, count: int) -> _engine.Balancer:
    """One balancer on a clock that stands still."""
    # The first weight makes the period far too long to be laid out in advance.
    weights = [1 if equal else 1 + at * 7919 % 13 + 4099 * (at == 0) for at in range(count)]
    nodes = [
        Node(f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}:80", id=str(at), weight=weight)
        for at, weight in enumerate(weights)
    ]
    options = {"name": strategy, **OPTIONS.get(strategy, {})}
    return VirtualClock(1).balancer(nodes, strategy=options, slow_start=0)


def pick(balancer: _engine.Balancer, times: int) -> None:
    """Lend and give back."""
    for key in range(times):
        balancer.pick(key=key).__exit__(None, None, None)


def first_picks(name: str, nodes: int) -> int:
    """How many picks to make before one is measured."""
    return PICKS + (nodes if name.startswith(LEARNS) else 0)


def count_instructions(name: str, balancer: _engine.Balancer, nodes: int) -> None:
    """Fork twice: one child ends at once, one after the picks. callgrind tells the totals of both by process id."""
    pick(balancer, first_picks(name, nodes))
    for times in (0, PICKS):
        child = os.fork()
        if child == 0:
            pick(balancer, times)
            os._exit(0)
        os.waitpid(child, 0)
        tell(name, nodes, pid=child, picks=times)


def nanoseconds(name: str, balancer: _engine.Balancer, nodes: int) -> None:
    """The best of many short slices, because noise only ever adds."""
    best = float("inf")
    pick(balancer, first_picks(name, nodes))
    for _ in range(100):
        start = time.perf_counter_ns()
        pick(balancer, PICKS)
        best = min(best, (time.perf_counter_ns() - start) / PICKS)
    tell(name, nodes, nanoseconds=round(best, 1))


def heap_bytes(name: str, strategy: str, equal: bool, nodes: int) -> None:
    """What one balancer adds to the heap."""
    cluster(strategy, equal, nodes)  # whatever is made once is made now
    gc.collect()
    before = heap()
    balancer = cluster(strategy, equal, nodes)
    pick(balancer, 1)
    tell(name, nodes, bytes=heap() - before)


def tell(name: str, nodes: int, **figures: float) -> None:
    """One line."""
    print(json.dumps({"name": name, "nodes": nodes, **figures}), flush=True)


def main() -> None:
    """Every case in every size."""
    what, *sizes = sys.argv[1:]
    for name, (strategy, equal) in cases().items():
        for nodes in map(int, sizes):
            if what == "bytes":
                heap_bytes(name, strategy, equal, nodes)
            elif what == "count":
                count_instructions(name, cluster(strategy, equal, nodes), nodes)
            else:
                nanoseconds(name, cluster(strategy, equal, nodes), nodes)


if __name__ == "__main__":
    main()
