"""The library under a real gunicorn that loads the program once and forks its workers from it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from .harness.client import get
from .harness.node import Node
from .harness.ports import LOOPBACK, free_port
from .harness.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """
import http.client, json, os
import evenly

NODES = {nodes!r}
balancer = evenly.Balancer(NODES, strategy="round_robin", capacity=2,
                           health={{"http": "/healthz", "every": 0.2, "fast": 0.1}})
MASTER = os.getpid()
held = [balancer.pick() for _ in NODES]  # the master's own: no worker must wait for them
at_once = {{}}

def app(environ, start):
    if os.getpid() not in at_once:
        at_once[os.getpid()] = [node.in_flight for node in balancer.nodes]
    answer = None
    if environ["PATH_INFO"] == "/ask":
        with balancer.pick() as pick:
            there = http.client.HTTPConnection(str(pick))
            there.request("GET", "/")
            answer = there.getresponse().read().decode()
            there.close()
    said = {{"pid": os.getpid(), "master": MASTER, "at_once": at_once[os.getpid()], "answer": answer,
            "in_flight": [node.in_flight for node in balancer.nodes],
            "picks": sum(node.picks for node in balancer.nodes),
            "health": {{node.address: node.health for node in balancer.nodes}}}}
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(said).encode()]
"""
WORKERS = 2


@contextmanager
def gunicorn(folder: Path, nodes: list[str]) -> Iterator[str]:
    """Run the program preloaded, with two workers, until the block is left; give its address."""
    (folder / "program.py").write_text(PROGRAM.format(nodes=nodes))
    address = f"{LOOPBACK}:{free_port()}"
    words = [sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS)]
    words += ["--bind", address, "--no-control-socket", "program:app"]
    with (folder / "log").open("wb") as log:
        master = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
    try:
        until(lambda: ask(address, "/"), f"gunicorn answers; its log: {folder / 'log'}")
        yield address
    finally:
        master.terminate()
        master.wait(30)
    assert master.returncode == 0, (folder / "log").read_text()


def ask(address: str, path: str) -> dict[str, Any]:
    """Return what a worker says of its balancer."""
    answer: dict[str, Any] = json.loads(get(address, path).body)
    return answer


def test_workers_of_a_preloaded_program_pick_and_check_for_themselves(tmp_path: Path) -> None:
    """The balancer is made, and lends, before the fork. Each worker begins with nothing in flight, reaches both
    nodes, gives all back, counts its own picks only, and sees by its own checks when a node dies and returns.
    """
    with ExitStack() as stack:
        one = stack.enter_context(Node(name="one"))
        two = stack.enter_context(Node(name="two"))
        address = stack.enter_context(gunicorn(tmp_path, [one.address, two.address]))
        workers: dict[int, list[dict[str, Any]]] = {}

        def both_have_reached_both() -> bool:
            said = ask(address, "/ask")
            workers.setdefault(said["pid"], []).append(said)
            reached = [{one["answer"] for one in said} for said in workers.values()]
            return len(reached) == WORKERS and all(names == {"one", "two"} for names in reached)

        until(both_have_reached_both, "both workers have reached both nodes", every=0)
        for pid, said in workers.items():
            assert pid != said[0]["master"]
            assert said[0]["at_once"] == [0, 0]
            assert [one["in_flight"] for one in said] == [[0, 0]] * len(said)
            # The master's two picks were never given back here, so they are not among the worker's.
            assert [one["picks"] for one in said] == list(range(1, len(said) + 1))

        def all_say(health: dict[str, str]) -> None:
            agree: set[int] = set()

            def everybody() -> bool:
                said = ask(address, "/")
                (agree.add if said["health"] == health else agree.discard)(said["pid"])
                return len(agree) == WORKERS

            until(everybody, f"both workers say {health}")

        all_say({one.address: "healthy", two.address: "healthy"})
        two.stop()
        all_say({one.address: "healthy", two.address: "unhealthy"})
        stack.enter_context(Node(name="two", port=two.port))
        all_say({one.address: "healthy", two.address: "healthy"})
