"""The nodes from outside: started, killed, brought back, and what each has written down."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.integration.harness.ports import LOOPBACK

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Absence:
    """A span in which a node was dead: from just before its SIGKILL until it listens again."""

    began: float
    ended: float = float("inf")

    def touches(self, began: float, ended: float) -> bool:
        """Whether something that lasted from `began` to `ended` can have met it."""
        return self.began <= ended and began <= self.ended


@dataclass
class Member:
    """One node: a process that can die, on a port that stays its own."""

    name: str
    cluster: str
    record: Path
    holder: socket.socket = field(init=False)
    process: subprocess.Popen[str] | None = None
    absences: list[Absence] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Bound and never listening: nobody else gets the port while the node is dead, and callers are refused.
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.bind((LOOPBACK, 0))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.holder.getsockname()[1])

    @property
    def address(self) -> str:
        """How the configuration names it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        """Start the process without waiting for it."""
        arguments = [str(self.port), self.name, str(self.record)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.soak.node", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> None:
        """Wait until it listens."""
        assert self.process is not None and self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "listening\n", f"{self.name} did not start: {line!r}"
        if self.absences and self.absences[-1].ended == float("inf"):
            self.absences[-1].ended = time.time()

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None and self.process.stdout is not None
        self.absences.append(Absence(time.time()))
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def absent(self, began: float, ended: float) -> bool:
        """Whether it was dead at some moment of this span."""
        return any(one.touches(began, ended) for one in self.absences)

    def hits(self) -> Iterator[int]:
        """The number of each request that it has read the head of."""
        if self.record.exists():
            with self.record.open() as lines:
                for line in lines:
                    yield int(line.split()[0])


class Fleet:
    """All nodes of all clusters."""

    def __init__(self, folder: Path, sizes: dict[str, int]) -> None:
        self.members = [
            Member(f"{cluster}-{number}", cluster, folder / f"{cluster}-{number}.hits")
            for cluster, size in sizes.items()
            for number in range(size)
        ]

    def __enter__(self) -> Self:
        for member in self.members:
            member.launch()
        for member in self.members:
            member.wait()
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            if member.alive:
                member.kill()
            member.holder.close()

    def of(self, cluster: str) -> list[Member]:
        """The nodes of one cluster."""
        return [member for member in self.members if member.cluster == cluster]
