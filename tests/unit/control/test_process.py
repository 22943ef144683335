"""The control process as a process: who starts it, who ends it, and an engine that says nothing."""

from __future__ import annotations

import socketserver
import threading
from pathlib import Path

import pytest

from tests.integration.harness.waiting import until

from .standin import Control, Standin, controlled


def test_what_is_not_there_is_refused_with_what_is(engine: Standin, control: Control) -> None:
    """An unknown page names the known ones; another method says which to use; HEAD is GET without a body."""
    status, index = control.ask("GET", "/v1")
    assert (status, index["version"]) == (200, "1.2.3")
    status, fault = control.ask("GET", "/v1/nothing")
    assert (status, fault["error"]) == (404, "not_found")
    assert all(page in fault["message"] for page in index["pages"])
    answer, body = control.raw("DELETE", "/v1/clusters")
    assert (answer.status, answer.getheader("allow")) == (405, "GET")
    assert b"method_not_allowed" in body
    answer, body = control.raw("HEAD", "/v1/clusters")
    assert (answer.status, body) == (200, b"")
    assert int(answer.getheader("content-length") or 0) > 100


def test_a_silent_engine_is_named(folder: Path, control: Control) -> None:
    """Nobody at the engine's socket is 503 with a reason, and an engine that comes back is seen."""
    status, fault = control.ask("GET", "/v1/clusters")
    assert (status, fault["error"]) == (503, "engine_silent")
    with Standin(folder):
        assert control.ask("GET", "/v1/clusters")[0] == 200


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"no status line\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_an_engine_that_ends_in_the_middle_is_named(
    folder: Path, control: Control, said: bytes
) -> None:
    """An answer that is cut off, or is none, is 503 with a reason as well."""

    class Cut(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(said)

    with socketserver.ThreadingUnixStreamServer(str(folder / "engine"), Cut) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        status, fault = control.ask("GET", "/v1/clusters")
        server.shutdown()
        thread.join()
    assert (status, fault["error"]) == (503, "engine_silent")


def test_it_ends_with_the_engine(folder: Path, engine: Standin, control: Control) -> None:
    """The end of its standard input is the engine's, however that went; the folder goes too, with all it kept."""
    changed = control.ask("PATCH", "/v1/clusters/users", {"strategy": "random"})
    assert changed[0] == 200
    assert (folder / "audit.jsonl").exists()
    assert (folder / "version-2.json").exists()
    assert control.process.stdin is not None
    control.process.stdin.close()
    assert control.process.wait(20) == 0
    assert not folder.exists()


def test_its_socket_is_there_before_anything_else(folder: Path) -> None:
    """A killed predecessor does not keep its successor from answering, and nobody is refused while it starts."""
    with Standin(folder):
        for _ in range(2):
            with controlled(folder) as control:
                assert control.ask("GET", "/v1/clusters")[0] == 200
            assert (folder / "serve").exists()


def test_a_new_process_goes_on_where_the_old_one_was_killed(folder: Path) -> None:
    """Document and edition are the engine's; audit log and versions are in the folder."""
    with Standin(folder):
        with controlled(folder) as control:
            control.ask("PATCH", "/v1/clusters/users/nodes/10.0.0.1:80", {"weight": 7})
            audit = control.ask("GET", "/v1/audit")[1]["entries"]
            versions = control.ask("GET", "/v1/config/versions")[1]["versions"]
        with controlled(folder) as control:
            assert control.ask("GET", "/v1/audit")[1]["entries"] == audit
            assert control.ask("GET", "/v1/config/versions")[1]["versions"] == versions
            assert control.ask("GET", "/v1/changes")[1]["changes"][0]["value"] == 7
            done = control.ask("PATCH", "/v1/clusters/users/nodes/10.0.0.1:80", {"weight": 8})[1]
            assert (done["edition"], len(done["changes"])) == (3, 1)


def test_an_action_whose_process_was_killed_before_it_wrote_is_in_the_log(folder: Path) -> None:
    """The engine's document says what was asked for, so the next process makes the entry up for it."""
    with Standin(folder) as engine:
        with controlled(folder) as control:
            control.ask("PATCH", "/v1/clusters/users/nodes/10.0.0.1:80", {"weight": 7})
        (folder / "audit.jsonl").unlink()
        (folder / "version-2.json").unlink()
        with controlled(folder) as control:
            assert control.ask("GET", "/v1/config")[0] == 200

            def told() -> list[str]:
                return [one["what"] for one in control.ask("GET", "/v1/audit")[1]["entries"]]

            until(told, "the entry is there")
            assert told() == ["PATCH /v1/clusters/users/nodes/10.0.0.1:80"]
            assert control.ask("GET", "/v1/config/versions/2")[1]["changes"][0]["value"] == 7
        assert engine.edition == 2
