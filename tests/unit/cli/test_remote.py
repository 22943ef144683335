"""Where the commands look for a running proxy, and what they say when it is not there or says no."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from evenly.cli.menu import menu
from evenly.cli.tables import table, value
from tests.integration.harness.ports import free_port


def evenly(*words: str, **environment: str) -> Result:
    """Runs a command inside this process."""
    return CliRunner().invoke(menu, words, prog_name="evenly", env=environment)


@contextmanager
def answering(*answers: tuple[int, dict[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """A server that gives these answers one after another, and what it was asked."""
    left, asked = list(answers), list[Any]()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            asked.append((self.command, self.path, dict(self.headers), body))
            status, said = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_PATCH = do_POST = do_DELETE = do_PUT = answer  # noqa: N815 - given names

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


APPLIED = {"edition": 2, "applied": True, "changes": [], "dropped": []}


def test_who_does_not_answer_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    """The address, where it is from, and what to do."""
    address = f"127.0.0.1:{free_port()}"
    file = tmp_path / "evenly.toml"
    file.write_text(f'[admin]\naddress = "{address}"\n')
    run = evenly("nodes", "--config", str(file))
    assert run.exit_code == 1
    assert run.stderr.startswith(f"no proxy answers at {address} (from {file}: admin.address): ")
    assert "`evenly run`" in run.stderr
    assert (
        f"no proxy answers at {address} (from --admin)"
        in evenly("nodes", "--admin", address).stderr
    )


def test_a_wrong_place_to_look_is_a_wrong_use(tmp_path: Path) -> None:
    """Exit code 2: both places, no admin listener, no address."""
    file = tmp_path / "evenly.toml"
    file.write_text("[proxy]\nworkers = 1\n")
    run = evenly("nodes", "--config", str(file))
    assert (run.exit_code, "has no [admin]" in run.stderr) == (2, True)
    assert evenly("nodes", "--config", str(file), "--admin", "127.0.0.1:1").exit_code == 2
    run = evenly("nodes", "--admin", "9900")
    assert (run.exit_code, "has no port" in run.stderr) == (2, True)
    assert evenly("nodes", "--config", "none.toml").exit_code == 1


def test_the_token_comes_from_the_file_or_the_environment(tmp_path: Path) -> None:
    """And the program says who calls."""
    with answering((200, {"changes": []})) as (address, asked):
        file = tmp_path / "evenly.toml"
        file.write_text(f'[admin]\naddress = "{address}"\ntoken = "from-file"\n')
        assert evenly("changes", "--config", str(file)).exit_code == 0
        assert evenly("changes", "--admin", address, EVENLY_ADMIN_TOKEN="from-env").exit_code == 0
    tokens = [fields["Authorization"] for _, _, fields, _ in asked]
    assert tokens == ["Bearer from-file", "Bearer from-env"]
    assert asked[0][2]["User-Agent"].startswith("evenly/")


def test_a_refusal_is_told_with_its_faults() -> None:
    """Exit code 1 and every sentence on standard error."""
    said = {
        "error": "invalid_configuration",
        "message": "no",
        "faults": [{"text": "f:1: x: wrong"}],
    }
    with answering((422, said)) as (address, _):
        run = evenly("reload", "--admin", address)
    assert (run.exit_code, run.stdout, run.stderr) == (1, "", "no\n  f:1: x: wrong\n")


def test_a_control_process_that_starts_is_waited_for() -> None:
    """503 `control_down` is asked again; what was perhaps heard already is not."""
    down = {"error": "control_down", "message": "starting"}
    with answering((503, down), (503, down), (200, APPLIED)) as (address, asked):
        assert evenly("down", "c", "n", "--admin", address).exit_code == 0
        assert len(asked) == 3
    late = {"error": "control_timeout", "message": "stuck"}
    with answering((504, late), (200, APPLIED)) as (address, asked):
        assert evenly("down", "c", "n", "--admin", address).exit_code == 1
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("words", "method", "target", "body"),
    [
        ("add c 1.2.3.4:5 --weight 2", "POST", "/nodes", {"address": "1.2.3.4:5", "weight": 2}),
        ("remove c unix:/a/b", "DELETE", "/nodes/unix%3A%2Fa%2Fb", None),
        ("weight c n 3", "PATCH", "/nodes/n", {"weight": 3}),
        ("capacity c n none", "PATCH", "/nodes/n", {"capacity": None}),
        ("capacity c n 7", "PATCH", "/nodes/n", {"capacity": 7}),
        ("drain c ü", "PATCH", "/nodes/%C3%BC", {"state": "drain"}),
        ("undrain c n", "PATCH", "/nodes/n", {"state": "serve"}),
        ("down c n", "PATCH", "/nodes/n", {"state": "down"}),
        ("strategy c maglev key=path", "PATCH", "", {"strategy": {"name": "maglev", "key": "path"}}),
        ("strategy c random x=2 y=true", "PATCH", "", {"strategy": {"name": "random", "x": 2, "y": True}}),
    ],
)  # fmt: skip
def test_each_command_asks_for_what_it_says(
    words: str, method: str, target: str, body: object
) -> None:
    """Names are escaped, values are typed, and the answer is a line."""
    with answering((200, APPLIED)) as (address, asked):
        run = evenly(*words.split(), "--admin", address)
    assert (run.exit_code, run.stdout.startswith("edition 2: ")) == (0, True), run.output
    assert asked[0][:2] == (method, f"/v1/clusters/c{target}")
    assert (json.loads(asked[0][3]) if asked[0][3] else None) == body


def test_what_else_came_of_a_change_is_told() -> None:
    """Changes that ended, sockets that opened and what waits for a restart; or that nothing differs."""
    change = {"what": "weight", "cluster": "c", "node": "n", "value": 3, "replaced": 1}
    said = {
        **APPLIED,
        "listeners": {"kept": ["a"], "opened": ["b"], "closed": []},
        "dropped": [{"change": change, "why": "the file says 2 now"}],
        "needs_restart": ["proxy.workers"],
    }
    with answering((200, said), (200, {**APPLIED, "applied": False})) as (address, _):
        run = evenly("reload", "--admin", address)
        again = evenly("reload", "--admin", address)
    assert run.stdout == (
        "edition 2: the file is in force\n"
        "  listeners opened: b\n"
        "  no longer in force: cluster c: node n: weight 3: the file says 2 now\n"
        "  proxy.workers is taken at the next start only\n"
    )
    assert again.stdout.startswith("edition 2 stays in force")


def test_a_drain_may_wait_for_what_is_in_flight() -> None:
    """It ends when nothing is in flight, or with exit code 1 when the time was too short."""
    busy, idle = {"in_flight": 2}, {"nodes": [{"in_flight": 0}, {"in_flight": 0}]}
    with answering((200, APPLIED), (200, busy), (200, idle)) as (address, _):
        run = evenly("drain", "c", "n", "--wait", "20s", "--admin", address)
    assert (run.exit_code, "nothing is in flight" in run.stdout) == (0, True)
    with answering((200, APPLIED), (200, busy)) as (address, _):
        run = evenly("drain", "c", "n", "--wait", "0", "--admin", address)
    assert (run.exit_code, run.stderr) == (1, "evenly: 2 requests are still in flight\n")
    assert evenly("drain", "c", "n", "--wait", "soon").exit_code == 2


def test_columns_are_as_wide_as_their_cells() -> None:
    """Numbers to the right, and no space at a line's end."""
    rows = [("a", 10, ""), ("bcd", 5, "x")]
    assert list(table(("N", "COUNT", "MORE"), rows, right="COUNT")) == [
        "N    COUNT  MORE",
        "a       10",
        "bcd      5  x",
    ]
    assert value({"name": "maglev", "key": "path"}) == "maglev key=path"
    assert (value(None), value({"address": "a:1", "weight": 2})) == ("-", "a:1 weight=2")
