"""The proxy as the first process of a PID namespace, as in a container: nobody else would bury the dead."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from .harness import processes
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.waiting import until

ORPHANS = 20


class First(Proxy):
    """Started by `unshare`: its child, which is process 1 inside, is the engine."""

    @property
    def pid(self) -> int:
        """The engine as it is seen from outside."""
        outer = self.running.pid
        inner = processes.children(outer)
        return inner[0] if inner else outer


def contained(node: Node) -> First:
    """Return a proxy that will be process 1 of a namespace of its own."""
    proxy = First(node)
    proxy.before = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    return proxy


def zombies(pid: int) -> list[int]:
    """Return the dead children of `pid` that nobody asked."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    below = [int(one) for thread in threads for one in (thread / "children").read_text().split()]
    return [child for child in below if not processes.alive(child)]


def orphans(pid: int, count: int) -> None:
    """Leave `count` processes behind in the namespace of `pid` that die once their parent is gone."""
    script = f"for n in $(seq {count}); do (sleep 0.2; exit $n) & done"
    inside = ["nsenter", "--target", str(pid), "--pid", "--mount", "sh", "-c", script]
    subprocess.run(inside, check=True, timeout=30, stdin=subprocess.DEVNULL)


def test_it_is_process_one() -> None:
    """The other tests of this file would prove nothing otherwise."""
    with Node() as node, contained(node) as proxy:
        lines = Path(f"/proc/{proxy.pid}/status").read_text().splitlines()
        (inside,) = [line.split() for line in lines if line.startswith("NSpid:")]
        assert inside[-1] == "1"
        assert proxy.get("/").status == 200


def test_orphans_are_buried() -> None:
    """None stays a zombie, and the control process's end is still told as it was."""
    with Node() as node, contained(node) as proxy:
        control = proxy.control()
        proxy.clusters()
        orphans(proxy.pid, ORPHANS)
        os.kill(control, signal.SIGKILL)
        orphans(proxy.pid, ORPHANS)
        until(lambda: "control process ended (signal: 9" in proxy.stderr(), "its end is told")
        asleep = [pid for pid in processes.children(proxy.pid) if "sleep" in command(pid)]
        until(lambda: not [pid for pid in asleep if processes.alive(pid)], "orphans end")
        until(lambda: not zombies(proxy.pid), "nobody is left unburied")
        assert proxy.clusters()
        assert proxy.get("/").status == 200


def command(pid: int) -> str:
    """What `pid` runs; nothing once it is gone."""
    try:
        return " ".join(processes.command(pid))
    except OSError:
        return ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_drains_when_told_to_end(number: signal.Signals) -> None:
    """The kernel gives process 1 only the signals it asked for: these two it did. Exit code 0."""
    with Node() as node, contained(node) as proxy, proxy.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        assert client.response().status == 200
        proxy.signal(number)
        assert proxy.wait() == 0
