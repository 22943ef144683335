"""A small real server at the engine's socket that keeps a configuration as the engine does, and balances nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import queue
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

from evenly import config
from evenly.control.in_force import first
from evenly.control.unix import Connection

SOURCE = """\
# What the tests begin with.
[admin]
token = "open-sesame"

[listen.web]
address = "127.0.0.1:8080"
to = "users"

[cluster.users]
nodes = ["10.0.0.1:80", { id = "b/ü", address = "unix:/run/b.sock", weight = 2 }]

[cluster.named]
nodes = ["api.example:80"]
"""


@dataclass
class Standin:
    """The engine's side of the contract.

    `fails` is what it answers to the next configuration instead, `silent` how many further ones get no answer.
    """

    folder: Path
    source: str = SOURCE
    file: Path | None = None
    edition: int = 1
    fails: str | None = None
    silent: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    document: Any = None
    readers: list[queue.Queue[dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = config.parse(self.source).engine()
        self.document = first(self.file and str(self.file), self.source).json()

    @property
    def path(self) -> Path:
        """Where it answers."""
        return self.folder / "engine"

    def __enter__(self) -> Self:
        standin = self

        class Handler(_Handler):
            engine = standin

        self.server = _Server(str(self.path), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        for reader in self.readers:
            reader.put({})
        self.path.unlink(missing_ok=True)

    def state(self) -> dict[str, Any]:
        """What `/state` tells."""
        return {
            "version": "1.2.3",
            "pid": 1,
            "started": 0.0,
            "draining": False,
            "workers": [{"connections": 0}],
            "listeners": [
                {"name": "web", "address": "127.0.0.1:8080", "to": "users", "connections": 3}
            ],
            "edition": self.edition,
            "clusters": [self._cluster(given) for given in self.config["clusters"]],
        }

    @staticmethod
    def _cluster(given: dict[str, Any]) -> dict[str, Any]:
        nodes = []
        for node in given["nodes"]:
            # A host name stands for one node per address.
            name = f"{node['id']}@10.9.9.9" if "example" in node["address"] else node["id"]
            nodes.append({**node, "id": name, "in_flight": 0, "health": "unknown"})
        strategy = dict(given["strategy"])
        return {
            "name": given["name"],
            "strategy": strategy.pop("name"),
            "options": strategy,
            "nodes": nodes,
        }

    def put(self, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Takes a configuration, or says why not."""
        if self.fails is not None:
            why, self.fails = self.fails, None
            return 422, {"error": "not_applied", "message": why}
        self.config, self.document = wish["config"], wish["document"]
        self.edition += 1
        self.say("edition_applied", edition=self.edition, why=wish["why"])
        return 200, {"edition": self.edition, "needs_restart": []}

    def say(self, kind: str, **fields: Any) -> None:
        """Something happens."""
        for reader in self.readers:
            reader.put({"time": time.time(), "kind": kind, **fields})


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of who leaves in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: Standin

    def do_GET(self) -> None:
        engine = self.engine
        path, _, query = self.path.partition("?")
        if path == "/events":
            self._stream()
        elif path == "/state":
            self._answer(200, engine.state())
        elif path == "/config":
            told = {"edition": engine.edition, "document": engine.document, "config": engine.config}
            self._answer(200, told)
        elif path == "/explain":
            self._answer(200, {"cluster": "users", "pick": "10.0.0.1:80", "query": query})
        elif path == "/decisions":
            self._answer(200, {"decisions": []})
        else:
            self._answer(404, {"error": "not_found", "message": "?"})

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.engine.silent:
            self.engine.silent -= 1
            self.close_connection = True
            return
        self._answer(*self.engine.put(json.loads(body)))

    def _answer(self, status: int, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        reader: queue.Queue[dict[str, Any]] = queue.Queue()
        self.engine.readers.append(reader)
        while event := reader.get():
            self.wfile.write(json.dumps(event).encode() + b"\n")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name is given
        """Say nothing."""


@dataclass
class Control:
    """A control process, started as the engine starts it."""

    folder: Path
    process: subprocess.Popen[bytes]

    def ask(
        self,
        method: str,
        target: str,
        body: object = None,
        fields: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Ask once; a text goes as TOML, all else as JSON."""
        answer, content = self.raw(method, target, body, fields)
        assert answer.getheader("content-type") == "application/json", content
        return answer.status, json.loads(content) if content else None

    def raw(
        self,
        method: str,
        target: str,
        body: object = None,
        fields: dict[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask once and take the answer as it is."""
        end = time.monotonic() + 60
        while True:
            connection = Connection(self.folder / "serve", 60)
            try:
                connection.connect()
                break
            except OSError:  # it is still starting
                connection.close()
                assert time.monotonic() < end and self.process.poll() is None
                time.sleep(0.01)
        with contextlib.closing(connection):
            sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            connection.request(method, target, None if body is None else sent, fields or {})
            answer = connection.getresponse()
            return answer, answer.read()


@contextmanager
def controlled(folder: Path) -> Iterator[Control]:
    """Run a control process, with a pipe that only we hold open."""
    command = [sys.executable, "-m", "evenly.control", "--engine", str(folder / "engine")]
    errors = folder.parent / "control.log"
    with errors.open("ab") as log:
        process = subprocess.Popen(
            [*command, "--serve", str(folder / "serve")], stdin=subprocess.PIPE, stderr=log
        )
    try:
        yield Control(folder, process)
    finally:
        process.kill()
        process.communicate()
    assert "Traceback" not in errors.read_text(), errors.read_text()
