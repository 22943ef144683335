"""A small RLIMIT_NOFILE: who is served goes on being served, who comes beyond that waits, and nothing dies."""

from __future__ import annotations

import contextlib
import threading

from .harness import processes
from .harness.client import Client
from .harness.gate import Gate
from .harness.load import Load
from .harness.node import Node
from .harness.ports import LOOPBACK, free_ports
from .harness.proxy import Proxy
from .harness.waiting import until

LIMIT = 128
ROOM = (LIMIT - 64) // 2
"""Clients served at once, as docs/operations.md has it."""
BEYOND = 20
CLUSTERS = 5
ASK = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"


def small(proxy: Proxy) -> Proxy:
    """Let the proxy start with few descriptors, and no right to more."""
    proxy.before = ["prlimit", f"--nofile={LIMIT}:{LIMIT}"]
    return proxy


def ask(client: Client) -> int:
    """Ask on a connection that stays."""
    client.send(ASK)
    return client.response().status


def test_clients_beyond_the_limit_wait_and_are_served_later() -> None:
    """Accepting pauses: requests of those inside and the admin listener go on, nobody is refused."""
    with Node() as node, small(Proxy(node)) as proxy, contextlib.ExitStack() as stack:
        inside = [stack.enter_context(proxy.client()) for _ in range(ROOM)]
        assert {ask(client) for client in inside} == {200}
        outside = [proxy.client() for _ in range(BEYOND)]
        for client in outside:
            client.send(ASK)
        for _ in range(3):
            assert {ask(client) for client in inside} == {200}
            assert proxy.metrics().sum("evenly_connections") == ROOM
        assert processes.descriptors(proxy.pid) < LIMIT
        for client in inside[:BEYOND]:
            client.socket.close()
        for client in outside:
            with client:
                assert client.response().status == 200


def test_resting_connections_make_room_for_needed_ones() -> None:
    """As many clients as there is room for ask one cluster after the other, all at once: their
    connections to nodes rest for a minute and would soon be too many. No request fails, no node
    is blamed, no check fails.
    """
    with contextlib.ExitStack() as stack:
        gates = [Gate() for _ in range(CLUSTERS)]
        made = [stack.enter_context(Node(gate)) for gate in gates]
        ports = free_ports(CLUSTERS)
        more: dict[str, dict[str, object]] = {}
        for turn, (node, port) in enumerate(zip(made, ports, strict=True)):
            more[f"listen.l{turn}"] = {"address": f"{LOOPBACK}:{port}", "to": f"c{turn}"}
            more[f"cluster.c{turn}"] = {
                "nodes": [node.address],
                "timeouts": {"node_idle": "60s"},
                "health": {"tcp": True, "every": "200ms", "fast": "200ms"},
            }
        proxy = stack.enter_context(small(Proxy(made[0], more=more)))
        for gate, port in zip(gates, ports, strict=True):
            assert through(gate, f"{LOOPBACK}:{port}") == [200] * ROOM
        found = [node for one in proxy.clusters()["clusters"] for node in one["nodes"]]
        assert {node["reason"] for node in found} == {"serving"}
        assert {node["failures"] for node in found} == {0}


def through(gate: Gate, address: str) -> list[int]:
    """Ask by as many clients as fit, each on a connection of its own; return their answers."""
    answers: list[int] = []

    def one() -> None:
        with Client(address) as client:
            answers.append(ask(client))

    threads = [threading.Thread(target=one, daemon=True) for _ in range(ROOM)]
    for thread in threads:
        thread.start()
    until(lambda: gate.inside == ROOM or answers, "all are at work at once")
    gate.open.set()
    for thread in threads:
        thread.join(60)
    return answers


def test_load_far_beyond_the_limit_is_carried() -> None:
    """Twice as many clients as there is room for, a connection per request: all are answered."""
    with Node() as one, Node() as two, small(Proxy(one, two)) as proxy:
        with Load(proxy.address, 2 * ROOM, keep=False) as load:
            load.more(3000)
            assert proxy.metrics().samples
            assert proxy.clusters()
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]
        assert "is lost" not in proxy.stderr()
