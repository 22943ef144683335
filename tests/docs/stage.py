"""Where a page is performed: real servers behind the addresses that the page names.

A page says `127.0.0.1:9001` as a reader would write it. Tests may run side by side, so the stage puts a free
port in the place of each such address before a block runs, and the page's own words back into what it prints.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Self

from evenly.theory import proofs
from tests.docs.pages import ROOT, Block

if TYPE_CHECKING:
    from collections.abc import Iterator

NODES = {
    "127.0.0.1:9001": "one",
    "127.0.0.1:9002": "two",
    "127.0.0.1:9003": "three",
    "10.0.0.1:8000": "one",
    "10.0.0.2:8000": "two",
    "10.0.0.3:8000": "three",
}
LISTENERS = {
    "127.0.0.1:8080": "web",
    "0.0.0.0:8080": "web",
    "127.0.0.1:9900": "admin",
    "127.0.0.1:8081": "web-2",
}
STAYS = re.compile(r"^evenly (serve|run)\b")
INSTALL = "pip install ."
PATIENCE = 30.0  # seconds a command may take to start or to end before the page counts as wrong


class Answer(BaseHTTPRequestHandler):
    """Says which server answered: `hello from one`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"hello from {self.server.role}\n".encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the test's output its own."""


class Server(ThreadingHTTPServer):
    """One small real server in a thread."""

    daemon_threads = True

    def __init__(self, role: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.role = role
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no news."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stage:
    """One page's servers, its folder, its Python names and the commands it left running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, object] = {"__name__": "page"}
        self.running: list[subprocess.Popen[str]] = []
        self.programs = Path(sys.executable).parent
        self.servers = {role: Server(role) for role in ("one", "two", "three")}
        ports = {role: server.server_port for role, server in self.servers.items()}
        ports |= {role: free_port() for role in set(LISTENERS.values())}
        self.real = {said: f"127.0.0.1:{ports[role]}" for said, role in (NODES | LISTENERS).items()}
        # Several addresses stand for one server; printed is the one that the page has named.
        self.said: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop_commands()
        finally:
            for server in self.servers.values():
                server.stop()

    def put_on(self, text: str) -> str:
        """The text with free ports in the place of the addresses it names."""
        used = [said for said in self.real if said in text]
        self.said |= {self.real[said]: said for said in used}
        return self._replace(text, {said: self.real[said] for said in used})

    def take_off(self, text: str) -> str:
        """What was printed, with the page's own addresses again."""
        return self._replace(text, self.said)

    @staticmethod
    def _replace(text: str, pairs: dict[str, str]) -> str:
        if not pairs:
            return text
        pattern = "|".join(rf"\b{re.escape(one)}\b" for one in pairs)
        return re.sub(pattern, lambda match: pairs[match[0]], text)

    def environment(self) -> dict[str, str]:
        """The commands of the Python that runs the tests come first, or of the one a page installed into."""
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        # Wide, so that no table is folded differently here and on the page.
        return os.environ | {"PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}

    def python(self, block: Block) -> None:
        """Run a python block in the page's own names; a traceback shows the page's own lines."""
        source = "\n" * (block.line - 1) + self.put_on(block.text)
        with contextlib.chdir(self.folder):
            exec(compile(source, str(block.page), "exec"), self.names)

    def toml(self, block: Block) -> None:
        """Write the file and let `evenly check` judge it; tables a fragment leaves out are added."""
        text = block.text
        if (block.name or "").startswith(("scenario", "sweep")):
            # No configuration of the proxy: the `evenly simulate` below it on the page is its judge.
            (self.folder / str(block.name)).write_text(text)
            return
        if "[listen." not in text:
            text += '\n[listen.web]\naddress = "127.0.0.1:8080"\nto = "users"\n'
        if "[cluster." not in text:
            text += '\n[cluster.users]\nnodes = ["127.0.0.1:9001", "127.0.0.1:9002"]\n'
        file = self.folder / (block.name or "evenly.toml")
        file.write_text(self.put_on(text))
        done = self._finish(f"evenly check {shlex.quote(str(file))}")
        assert done.returncode == 0, f"{block.where}: evenly check refuses it:\n{done.stdout}"

    def coq(self, block: Block) -> None:
        """What a page shows of the proofs stands there, word for word; that it holds is `tests/proofs`."""
        shown = " ".join(block.text.split())
        stated = [" ".join(source.code.split()) for source in proofs.read(proofs.folder())]
        assert any(shown in code for code in stated), f"{block.where}: no file of proofs/ says this"

    def console(self, block: Block) -> None:
        """Run each `$ command`; lines below it are what it must print, `...` stands for anything."""
        for command, expected in exchanges(block):
            if command == INSTALL:
                self._install()
                continue
            if STAYS.match(command):
                self._start(command, block)
                continue
            done = self._finish(self.put_on(command))
            shown = self.take_off(done.stdout)
            assert done.returncode == 0, (
                f"{block.where}: {command} exits {done.returncode}:\n{shown}"
            )
            assert matches(expected, shown), (
                f"{block.where}: {command} prints\n{shown}\nand the page says\n{expected}"
            )

    def _install(self) -> None:
        """Install the clone as a reader does, into an environment of its own that has nothing else."""
        home = self.folder / "installed"
        python = home / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
        self.programs = python.parent

    def _finish(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def _start(self, command: str, block: Block) -> None:
        self.stop_commands()  # a page that starts a second one has ended the first with Ctrl-C
        log = self.folder / "command.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {self.put_on(command)}"],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.running.append(process)
        host, port = self.real["127.0.0.1:8080"].split(":")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
                return
            time.sleep(0.05)
        raise AssertionError(f"{block.where}: {command} does not listen:\n{log.read_text()}")

    def stop_commands(self) -> None:
        """End what stays, as Ctrl-C would, and expect a clean end."""
        while self.running:
            process = self.running.pop()
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            log = (self.folder / "command.log").read_text()
            assert code == 0, f"a command left running ended with {code}:\n{log}"


def exchanges(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output the page shows for it."""
    command: str | None = None
    expected: list[str] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command, "\n".join(expected)
            command, expected = line[2:].split("  # ")[0].rstrip(), []
        elif command is not None and command.endswith("\\"):
            command = f"{command[:-1]}{line.strip()}"
        else:
            assert command is not None, f"{block.where}: a console block begins with `$ `"
            expected.append(line)
    if command is not None:
        yield command, "\n".join(expected)


def matches(expected: str, shown: str) -> bool:
    """No expectation, or the whole output; `...` stands for any text, also over lines."""
    if not expected.strip():
        return True
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, shown.strip(), re.DOTALL) is not None
