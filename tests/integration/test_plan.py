"""What `evenly plan` foretells of a running proxy is what happens when the file is put in force."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from evenly import config
from evenly.plan.keys import moves

from .harness.exchange import Exchange
from .harness.node import Node
from .harness.ports import LOOPBACK, free_ports
from .harness.proxy import Proxy, evenly
from .harness.reload import ask, change, rewrite
from .harness.state import idle, nodes
from .harness.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYS = [f"user-{number}" for number in range(1500)]


def entries(all_nodes: dict[str, Node], *names: str, **weights: int) -> list[dict[str, object]]:
    """Nodes of these names, as the file has them."""
    return [
        {"id": name, "address": all_nodes[name].address, "weight": weights.get(name, 1)}
        for name in names
    ]


def planned(proxy: Proxy, *more: str) -> dict[str, Any]:
    """What the command says of the file as it is now, against the proxy as it runs."""
    run = subprocess.run(
        [evenly(), "plan", str(proxy.file), "--json", *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def homes(proxy: Proxy, keys: Iterable[str]) -> list[str]:
    """Who answers each key."""
    with proxy.client() as client:
        found = []
        for key in keys:
            client.send(f"GET / HTTP/1.1\r\nHost: t\r\nx-user: {key}\r\n\r\n".encode())
            found.append(client.response().body.decode())
    return found


@pytest.mark.parametrize("name", ["rendezvous", "consistent_hash", "maglev", "anchor"])
def test_the_keys_that_a_plan_says_will_move_are_those_that_move(name: str) -> None:
    """Key by key for those that are asked for through the proxy, and as a share within five standard errors."""
    with contextlib.ExitStack() as stack:
        all_nodes = {one: stack.enter_context(Node(name=one)) for one in "abcd"}
        strategy = {"name": name, "key": "header:x-user"}
        proxy = stack.enter_context(
            Proxy(
                *entries(all_nodes, "a", "b", "c"),
                cluster={"strategy": strategy, "slow_start": 0},
                log=False,
            )
        )
        before, old = homes(proxy, KEYS), config.load(proxy.file)
        rewrite(proxy, cluster_users={"nodes": entries(all_nodes, "a", "c", "d", c=2)})
        new = config.load(proxy.file)
        said = planned(proxy)
        foretold = moves(old.cluster["users"], new.cluster["users"], keys=KEYS)
        change(proxy)
        after = homes(proxy, KEYS)
        moved = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
        assert foretold is not None
        assert foretold.moved == len(moved)
        assert {
            (flow.before, flow.after): round(flow.share * len(KEYS)) for flow in foretold.flows
        } == {pair: moved.count(pair) for pair in set(moved)}
        keys = said["clusters"][0]["keys"]
        share, error = keys["share"], keys["error"]
        # The share of all keys, and that of KEYS, whose own standard error is the larger one.
        assert abs(share - len(moved) / len(KEYS)) < 5 * (
            error + (share * (1 - share) / len(KEYS)) ** 0.5
        )


def test_a_plan_counts_what_it_concerns_and_the_reload_does_what_it_says() -> None:
    """Connections of a listener that goes, requests on a node that leaves, and what is kept."""
    go = threading.Event()

    def waits(exchange: Exchange) -> None:
        exchange.read()
        assert go.wait(60)
        exchange.reply(200, exchange.wire.node.name.encode())

    with contextlib.ExitStack() as stack:
        all_nodes = {"a": stack.enter_context(Node(waits, name="a"))}
        all_nodes["b"] = stack.enter_context(Node(name="b"))
        (side,) = free_ports(1)
        more = {"listen.side": {"address": f"{LOOPBACK}:{side}", "to": "users"}}
        proxy = stack.enter_context(Proxy(*entries(all_nodes, "a"), more=more, log=False))
        stack.callback(go.set)
        held = stack.enter_context(proxy.client())
        held.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        until(lambda: nodes(proxy)["a"]["in_flight"] == 1, "the request is on its node")
        rewrite(
            proxy,
            cluster_users={"nodes": entries(all_nodes, "b"), "retries": {"extra": 2}},
            listen_side=None,
        )
        said = planned(proxy)
        listeners = {one["name"]: (one["fate"], one["connections"]) for one in said["listeners"]}
        assert listeners == {"web": ("kept", 1), "side": ("closed", 0)}
        (users,) = said["clusters"]
        assert [(one["id"], one["fate"], one["in_flight"]) for one in users["nodes"]] == [
            ("a", "leaves", 1),
            ("b", "joins", None),
        ]
        assert users["changes"] == [{"key": "retries.extra", "before": 1, "after": 2}]
        told = change(proxy)
        assert told["listeners"] == {"kept": ["web"], "opened": [], "closed": ["side"]}
        assert (told["nodes"]["added"], told["nodes"]["removed"]) == (1, 1)
        go.set()
        assert held.response().body == b"a"
        assert homes(proxy, "x") == ["b"]
        idle(proxy)
        assert planned(proxy)["empty"]


def test_too_many_moves_stop_a_pipeline_before_anything_changes() -> None:
    """The command exits 1, and the proxy is as it was."""
    with contextlib.ExitStack() as stack:
        all_nodes = {one: stack.enter_context(Node(name=one)) for one in "ab"}
        strategy = {"name": "rendezvous", "key": "header:x-user"}
        proxy = stack.enter_context(
            Proxy(*entries(all_nodes, "a"), cluster={"strategy": strategy}, log=False)
        )
        rewrite(proxy, cluster_users={"nodes": entries(all_nodes, "a", "b")})
        run = subprocess.run(
            [evenly(), "plan", str(proxy.file), "--fail-if-moves", "20%"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == 1
        assert "more than 20.0 %" in run.stderr
        assert list(nodes(proxy)) == ["a"]


def test_a_plan_tells_which_change_made_at_run_time_a_new_file_overrules() -> None:
    """The file wins where it changes the same value, and is told so beforehand."""
    with contextlib.ExitStack() as stack:
        all_nodes = {one: stack.enter_context(Node(name=one)) for one in "ab"}
        proxy = stack.enter_context(Proxy(*entries(all_nodes, "a", "b"), log=False))
        status, told = ask(proxy, "PATCH", "/v1/clusters/users/nodes/a", '{"weight": 5}')
        assert status == 200, told
        assert planned(proxy)["empty"]
        rewrite(proxy, cluster_users={"nodes": entries(all_nodes, "a", "b", a=2)})
        said = planned(proxy)
        (users,) = said["clusters"]
        assert users["nodes"][0]["changes"] == [{"key": "weight", "before": 5, "after": 2}]
        assert [one["change"]["value"] for one in said["dropped"]] == [5]
        assert nodes(proxy)["a"]["weight"] == 5
