"""The control process, started as the engine starts it, in front of a small real engine socket."""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from evenly.control.unix import Connection, Server

STATE: dict[str, Any] = {
    "version": "1.2.3",
    "pid": 1,
    "started": 0.0,
    "draining": False,
    "workers": [],
    "listeners": [],
    "clusters": [{"name": "users", "strategy": "random", "nodes": []}],
}


class Told(BaseHTTPRequestHandler):
    """Tells the state as the engine does."""

    def do_GET(self) -> None:
        """Answer /state."""
        body = json.dumps(STATE).encode()
        self.send_response(200 if self.path == "/state" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name is given
        """Say nothing."""


@contextmanager
def engine(path: Path) -> Iterator[None]:
    """Serve the state at `path`."""
    with Server(path, Told) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
    path.unlink()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path: those of sockets have at most 107 bytes."""
    return tmp_path_factory.mktemp("c")


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a control process as the engine does, with a pipe that only we hold open."""
    command = [sys.executable, "-m", "evenly.control", "--engine", str(folder / "engine")]
    process = subprocess.Popen([*command, "--serve", str(folder / "serve")], stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def control(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A control process."""
    with started(folder) as process:
        yield process


def ask(folder: Path, target: str, method: str = "GET") -> tuple[int, Any]:
    """Ask once."""
    while True:
        connection = Connection(folder / "serve", 20)
        try:
            connection.request(method, target)
            break
        except (ConnectionRefusedError, FileNotFoundError):  # it is still starting
            time.sleep(0.01)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.getheader("content-type") == "application/json"
    return answer.status, json.loads(body) if body else None


def test_every_page_shows_its_part_of_the_state(folder: Path, control: object) -> None:
    """/v1/clusters tells the clusters, /v1 the process and where else to look."""
    with engine(folder / "engine"):
        assert ask(folder, "/v1/clusters") == (200, {"clusters": STATE["clusters"]})
        status, index = ask(folder, "/v1")
        assert status == 200
        assert index["version"] == "1.2.3"
        assert "/v1/clusters" in index["pages"]
        assert ask(folder, "/v1/clusters?pretty=1")[0] == 200
        assert ask(folder, "/v1/clusters", "HEAD") == (200, None)


def test_what_is_not_there_is_refused_with_what_is(folder: Path, control: object) -> None:
    """An unknown page names the known ones; another method says which to use."""
    with engine(folder / "engine"):
        status, fault = ask(folder, "/v1/nothing")
        assert (status, fault["error"]) == (404, "not_found")
        assert "/v1/clusters" in fault["message"]
        status, fault = ask(folder, "/v1/clusters", "DELETE")
        assert (status, fault["error"]) == (405, "method_not_allowed")


def test_a_silent_engine_is_named(folder: Path, control: object) -> None:
    """Nobody at the engine's socket is 503 with a reason, and an engine that comes back is seen."""
    status, fault = ask(folder, "/v1/clusters")
    assert (status, fault["error"]) == (503, "engine_silent")
    with engine(folder / "engine"):
        assert ask(folder, "/v1/clusters")[0] == 200


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"no status line\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_an_engine_that_ends_in_the_middle_is_named(
    folder: Path, control: object, said: bytes
) -> None:
    """An answer that is cut off, or is none, is 503 with a reason as well."""

    class Cut(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(said)

    with socketserver.UnixStreamServer(str(folder / "engine"), Cut) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        status, fault = ask(folder, "/v1/clusters")
        thread.join()
    assert (status, fault["error"]) == (503, "engine_silent")


def test_it_ends_with_the_engine(folder: Path, control: subprocess.Popen[bytes]) -> None:
    """The end of its standard input is the engine's, however that went; the folder goes too."""
    assert ask(folder, "/v1/nothing")[0] == 404
    assert control.stdin is not None
    control.stdin.close()
    assert control.wait(20) == 0
    assert not folder.exists()


def test_a_socket_left_behind_is_taken_over(folder: Path) -> None:
    """A killed predecessor does not keep its successor from answering."""
    with engine(folder / "engine"):
        for _ in range(2):
            with started(folder):
                assert ask(folder, "/v1/clusters")[0] == 200
            assert (folder / "serve").exists()
