"""The real program in a child process: configured by a file, ready before the test goes on, always
ended by its pid.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from . import processes, toml
from .client import Client, Response, get
from .metrics import Metrics
from .ports import LOOPBACK, free_ports
from .waiting import until

if TYPE_CHECKING:
    from types import TracebackType

Table = Mapping[str, object]


class Addressed(Protocol):
    """Anything with an address: a scripted node, an nginx."""

    address: str


def evenly() -> str:
    """Return the console script that belongs to the Python running the tests."""
    found = Path(sys.executable).parent / "evenly"
    assert found.exists(), f"{found} is missing: make build"
    return str(found)


def address_of(node: Addressed | Table | str) -> object:
    """Return how the configuration writes a node."""
    return node if isinstance(node, str | Mapping) else node.address


class Proxy:
    """`evenly run` with one listener in front of one cluster, and whatever the tables change of
    that.

    Leaving the block stops it with SIGTERM and fails the test unless it exits 0 and leaves no
    process behind.
    """

    def __init__(
        self,
        *nodes: Addressed | Table | str,
        cluster: Table | None = None,
        listen: Table | None = None,
        proxy: Table | None = None,
        log: bool | Table = True,
        more: Mapping[str, Table] | None = None,
        arguments: Sequence[str] | None = None,
        exit_code: int = 0,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="evenly-test-"))
        web, admin = free_ports(2)
        self.address = f"{LOOPBACK}:{web}"
        self.admin = f"{LOOPBACK}:{admin}"
        self.access = self.folder / "access.jsonl"
        self.exit_code = exit_code
        self.tables: dict[str, Table] = {
            "proxy": {"workers": 2, "drain": "10s", **(proxy or {})},
            "admin": {"address": self.admin},
            "log": {
                "access": str(self.access) if log else "off",
                **(log if isinstance(log, Mapping) else {}),
            },
            "listen.web": {"address": self.address, "to": "users", **(listen or {})},
            "cluster.users": {"nodes": [address_of(node) for node in nodes], **(cluster or {})},
            **(more or {}),
        }
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.file = self.folder / "evenly.toml"
        self.save()
        self.before: list[str] = []
        """Words in front of the command: a program that starts it in other circumstances."""
        self.environment: dict[str, str] = {}
        """Variables beside our own."""
        self.inherited: Sequence[int] = ()
        """Descriptors that it gets under their own numbers."""
        self.arguments = list(arguments) if arguments is not None else ["run", str(self.file)]
        self.errors = self.folder / "stderr.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.family: set[int] = set()

    def save(self) -> None:
        """Write `tables` to its file."""
        self.file.write_text(toml.document(self.tables))

    def __enter__(self) -> Self:
        self.launch()
        try:
            until(self.ready, "the proxy is ready", within=60)
        except BaseException:
            self.end()
            print(self.stderr(), file=sys.stderr)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.stop()
        finally:
            self.end()
            if kind is not None:
                print("--- the proxy's stderr:\n" + self.stderr(), file=sys.stderr)
            shutil.rmtree(self.folder, ignore_errors=True)

    def launch(self) -> None:
        """Start the program without waiting for anything."""
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*self.before, evenly(), *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                cwd=self.folder,
                env={**os.environ, "TMPDIR": str(self.temporary), **self.environment},
                pass_fds=self.inherited,
            )

    def ready(self) -> bool:
        """Whether it serves; fails at once when the process has already died."""
        code = self.running.poll()
        assert code is None, f"the proxy exited with {code} before it was ready:\n{self.stderr()}"
        answer = get(self.admin, "/healthz")
        self.family.update(self.pids())
        return answer.status == 200

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The child process."""
        assert self.process is not None, "the proxy was not started"
        return self.process

    @property
    def pid(self) -> int:
        """The engine process."""
        return self.running.pid

    def pids(self) -> list[int]:
        """Return the engine process and everything below it."""
        return [self.pid, *processes.descendants(self.pid)]

    def control(self) -> int:
        """Return the pid of the control process once there is one."""

        def find() -> int | None:
            for child in processes.children(self.pid):
                if any("evenly.control" in part for part in processes.command(child)):
                    return child
            return None

        pid = until(find, "a control process runs")
        assert pid is not None
        self.family.add(pid)
        return pid

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to the engine process only."""
        self.family.update(self.pids())
        os.kill(self.pid, number)

    def wait(self, within: float = 60.0) -> int:
        """Return the exit code."""
        return self.running.wait(within)

    def stop(self) -> None:
        """Stop it as an operator would, and check what is left: exit code, processes, panics in its
        log.
        """
        if self.running.poll() is None:
            self.signal()
        code = self.wait()
        said = self.stderr()
        assert code == self.exit_code, f"exit code {code}, not {self.exit_code}:\n{said}"
        assert "panicked" not in said and "Traceback" not in said, said
        self.gone()

    @contextlib.contextmanager
    def launched(self) -> Iterator[Self]:
        """Start it, ready or not; afterwards nothing is left of it, however it went."""
        try:
            self.launch()
            yield self
        finally:
            self.end()
            shutil.rmtree(self.folder, ignore_errors=True)

    def gone(self) -> None:
        """Check that no process of ours is left, and no file outside of what the user named."""
        until(
            lambda: not [pid for pid in self.family if processes.alive(pid)],
            f"no process left of {sorted(self.family)}",
        )
        until(
            lambda: not list(self.temporary.iterdir()),
            "its temporary folder is put away",
        )

    def end(self) -> None:
        """End whatever still runs, by pid."""
        if self.process is None:
            return
        self.family.update(self.pids())
        for pid in sorted(self.family):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def stderr(self) -> str:
        """Return what it has said so far."""
        return self.errors.read_text(errors="replace") if self.errors.exists() else ""

    def client(self, timeout: float = 30.0) -> Client:
        """Open a connection to its listener."""
        return Client(self.address, timeout)

    def get(
        self, target: str = "/", *fields: str, method: str = "GET", body: bytes = b""
    ) -> Response:
        """Ask once through it."""
        return get(self.address, target, *fields, method=method, body=body)

    def metrics(self) -> Metrics:
        """Read /metrics as Prometheus would."""
        answer = get(self.admin, "/metrics")
        assert answer.status == 200, answer
        return Metrics(answer.body.decode())

    def clusters(self) -> Any:
        """Read /v1/clusters once the control process answers: it starts beside the engine, a
        moment later.
        """

        def read() -> bytes | None:
            answer = get(self.admin, "/v1/clusters")
            return answer.body if answer.status == 200 else None

        body = until(read, "/v1/clusters is answered")
        assert body is not None
        return json.loads(body)

    def log(self, lines: int) -> list[dict[str, Any]]:
        """Return the access log once it holds `lines` lines: it is written off the workers, a
        moment later.
        """

        def read() -> list[dict[str, Any]] | None:
            if not self.access.exists():
                return None
            found = [json.loads(line) for line in self.access.read_text().splitlines()]
            return found if len(found) >= lines else None

        found = until(read, f"{lines} lines in the access log")
        assert found is not None
        return found
