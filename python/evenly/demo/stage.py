"""The processes of the demo: four nodes, and the proxy with its default settings in front."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from evenly.demo import child
from evenly.demo.cast import CAST, Actor
from evenly.errors import EvenlyError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL = "127.0.0.1"

# A cold start of five interpreters on a busy machine takes two seconds; what takes ten will not come.
_PATIENCE = 10.0


class DemoFailed(EvenlyError):
    """Something the demo needs does not run; the message says what it said itself."""


@dataclass
class Stage:
    """Everything that runs, and where."""

    proxy: subprocess.Popen[bytes]
    port: int
    admin: int
    log: IO[bytes]
    nodes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    """Name of each node by its address."""

    def order(self, actor: Actor, what: str) -> None:
        """Tells a node to `fail` or to `heal`."""
        stdin = self.nodes[actor.name].stdin
        assert stdin is not None
        stdin.write(f"{what}\n".encode())
        stdin.flush()

    def ask(self, path: str, timeout: float = 2.0) -> Any:
        """A JSON answer of the admin listener; nothing while it cannot say."""
        link = http.client.HTTPConnection(LOCAL, self.admin, timeout=timeout)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            body = answer.read()
            return json.loads(body) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            link.close()

    def check(self) -> None:
        """Raises if the proxy is no longer there."""
        if self.proxy.poll() is not None:
            self.log.seek(0)
            said = self.log.read().decode(errors="replace").strip()
            raise DemoFailed(f"the proxy ended with code {self.proxy.returncode}: {said}")

    def wait_until_ready(self) -> None:
        """Returns once a client would be answered."""
        deadline = time.monotonic() + _PATIENCE
        while not self._ready():
            self.check()
            if time.monotonic() > deadline:
                raise DemoFailed(f"the proxy was not ready within {_PATIENCE:g} s")
            time.sleep(0.02)

    def _ready(self) -> bool:
        try:
            with socket.create_connection((LOCAL, self.port), 1):
                return self.ask("/v1/clusters") is not None
        except OSError:
            return False


@contextlib.contextmanager
def built() -> Iterator[Stage]:
    """Starts everything, and leaves no process behind."""
    with contextlib.ExitStack() as stack:
        nodes = {actor.name: _node(stack, actor) for actor in CAST}
        addresses = {f"{LOCAL}:{_port(nodes[name], name)}": name for name in nodes}
        port, admin = _free_ports(2)
        log = stack.enter_context(tempfile.TemporaryFile())
        # Nothing but where to listen and whom to ask: every other setting is the default.
        where = ["--listen", f"{LOCAL}:{port}", "--to", ",".join(addresses)]
        command = ["-m", "evenly", "serve", *where, "--admin", f"{LOCAL}:{admin}"]
        proxy = child.start(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stack.callback(child.end, proxy)
        stage = Stage(proxy, port, admin, log, nodes, addresses)
        stage.wait_until_ready()
        yield stage


def _node(stack: contextlib.ExitStack, actor: Actor) -> subprocess.Popen[bytes]:
    command = ["-m", "evenly.demo.node", actor.name, str(actor.delay)]
    node = child.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    stack.enter_context(node)
    stack.callback(child.end, node)
    return node


def _port(node: subprocess.Popen[bytes], name: str) -> int:
    assert node.stdout is not None
    line = node.stdout.readline()
    if not line:
        raise DemoFailed(f"node {name} did not start")
    return int(line)


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on; held together, so that they differ."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_server((LOCAL, 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in held]
