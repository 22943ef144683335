"""One play of one scenario: fresh nodes, a fresh proxy, the load, and what happens to the nodes meanwhile."""

from __future__ import annotations

import contextlib
import random
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple, Self, cast

from benchmarks.proxy.products import LOAD_CPU, Running

from .products import Way
from .scenarios import NODES, Scenario

HERE = Path(__file__).resolve().parent
# Where no outgoing connection takes a port: one that is free while its node is down stays free.
PORTS = range(20000, 32000)


class Request(NamedTuple):
    """What became of a request, as its client saw it."""

    at: float  # seconds since the load began
    took: float
    status: int  # 0: connection broken or refused, -1: the client lost patience
    node: str
    reason: str

    @property
    def ended(self) -> float:
        return self.at + self.took

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


def compiled(folder: Path) -> None:
    """Build the nodes and the load."""
    for name in ("nodes", "load"):
        source = str(HERE / f"{name}.c")
        subprocess.run(["gcc", "-O2", "-Wall", "-o", folder / name, source, "-lm"], check=True)


def free_ports(count: int) -> list[int]:
    """So many ports that nobody has bound."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError(f"fewer than {count} free ports between {PORTS.start} and {PORTS.stop}")


class Nodes:
    """The nodes of one play, in one process of their own."""

    def __init__(self, programs: Path) -> None:
        self.ports = free_ports(NODES)
        self._process = subprocess.Popen(
            ["taskset", "-c", LOAD_CPU, programs / "nodes", *map(str, self.ports)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def tell(self, *commands: str) -> None:
        """Change the nodes; returns when they have changed."""
        asked, told = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        for command in commands:
            asked.write(command + "\n")
            if told.readline() != "ok\n":
                raise RuntimeError(f"the nodes ended at {command!r}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        cast(IO[str], self._process.stdin).close()
        cast(IO[str], self._process.stdout).close()
        self._process.wait()


def loaded(programs: Path, proxy: Running, nodes: Nodes, scenario: Scenario) -> list[Request]:
    """Ask the proxy as the scenario says, while it happens to the nodes what the scenario says."""
    words = [proxy.port, scenario.connections, scenario.seconds, scenario.patience]
    words += [scenario.rate, random.getrandbits(32)] if scenario.rate else []
    with subprocess.Popen(
        ["taskset", "-c", LOAD_CPU, programs / "load", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
    ) as load:
        told = cast(IO[str], load.stdout)
        if told.readline() != "begun\n":
            raise RuntimeError("the load did not begin")
        began = time.monotonic()
        for moment, command in scenario.events:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            nodes.tell(command)
        lines = told.read().splitlines()
    if load.returncode:
        raise RuntimeError(f"the load ended with {load.returncode}")
    return [read(line) for line in lines]


def read(line: str) -> Request:
    """One line of the load."""
    at, took, status, node, reason = line.split(" ", 4)
    return Request(int(at) / 1e6, int(took) / 1e6, int(status), node, reason)


def ready(proxy: Running, seconds: float = 10.0) -> None:
    """Wait until a request is answered by a node: some listen before they know where to send it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", proxy.port)) as one,
        ):
            one.settimeout(1.0)
            one.sendall(b"GET /scenario HTTP/1.1\r\nHost: scenario\r\nConnection: close\r\n\r\n")
            if one.recv(4096).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.02)
    raise RuntimeError(f"{proxy.name} answered no request within {seconds} s")


def play(programs: Path, way: Way, scenario: Scenario) -> tuple[list[Request], str]:
    """Play it once from a cold start; the requests, and the version of the product."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="evenly-scenario-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        nodes = stack.enter_context(Nodes(programs))
        proxy = way.start(folder, nodes.ports, scenario.places)
        stack.callback(proxy.stop)
        ready(proxy)
        nodes.tell(*scenario.before)
        return loaded(programs, proxy, nodes, scenario), proxy.version
