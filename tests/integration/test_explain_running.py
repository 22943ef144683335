"""`evenly explain --running`: what the running proxy would do with a request, and what it then does."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import Any

from .harness.node import Node, closed_port
from .harness.proxy import Proxy, evenly
from .harness.reload import ask
from .harness.state import wait_health


def explained(proxy: Proxy, *more: str) -> dict[str, Any]:
    """What the command says."""
    found: dict[str, Any] = json.loads(run(proxy, *more, "--json"))
    return found


def run(proxy: Proxy, *more: str) -> str:
    """Ask by the file, whose [admin] says where the proxy is."""
    done = subprocess.run(
        [evenly(), "explain", str(proxy.file), "--running", *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_node_that_is_explained_is_the_one_that_answers() -> None:
    """Key by key, with a node drained and one that its check has found dead; and nothing is taken by asking."""
    with contextlib.ExitStack() as stack:
        all_nodes = {one: stack.enter_context(Node(name=one)) for one in "abc"}
        dead = {"id": "dead", "address": closed_port()}
        entries = [{"id": one, "address": node.address} for one, node in all_nodes.items()]
        proxy = stack.enter_context(
            Proxy(
                *entries,
                dead,
                cluster={
                    "strategy": {"name": "rendezvous", "key": "header:x-user"},
                    "health": {"tcp": True, "fast": "100ms", "every": "1s"},
                    "slow_start": 0,
                },
            )
        )
        wait_health(proxy, "dead", "unhealthy")
        status, told = ask(proxy, "PATCH", "/v1/clusters/users/nodes/c", '{"state": "drain"}')
        assert status == 200, told
        for number in range(10):
            found = explained(proxy, "--key", f"user-{number}")
            answer = proxy.get("/", f"x-user: user-{number}")
            assert answer.body.decode() == found["pick"]
            said = {one["id"]: one["excluded"] for one in found["candidates"]}
            assert said == {"a": None, "b": None, "c": "draining", "dead": "check_failed"}
        text = run(proxy, "--cluster", "users", "--key", "user-0")
        assert text.startswith("users, key user-0: ")
        assert "check_failed" in text
        # Eleven were explained and ten were sent.
        assert len(proxy.log(10)) == 10


def test_a_cluster_that_the_proxy_has_not_is_refused() -> None:
    """By the proxy, which says which there are."""
    with contextlib.ExitStack() as stack:
        node = stack.enter_context(Node())
        proxy = stack.enter_context(Proxy(node, log=False))
        done = subprocess.run(
            [evenly(), "explain", "--admin", proxy.admin, "--cluster", "user"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 1
        assert "users" in done.stderr
