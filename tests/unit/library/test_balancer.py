"""Membership, settings and what the balancer tells of itself."""

from __future__ import annotations

import dataclasses
import http.server
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import evenly
from evenly import Balancer, Ejection, Health, Node, Queue, Retries, _engine
from evenly.testing import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Iterator


def ids(balancer: Balancer) -> list[str]:
    """Who is in."""
    return [node.id for node in balancer.nodes]


def test_the_defaults_of_python_are_the_engines() -> None:
    """They are written twice, for editors and for the core; here they are compared."""
    engine = _engine.defaults()
    for name, kind in (("ejection", Ejection), ("retries", Retries), ("queue", Queue)):
        assert dataclasses.asdict(kind()) == engine[name]
    health = dataclasses.asdict(Health(tcp=True))
    assert {key: health[key] for key in engine["health"]} == engine["health"]
    assert (engine["slow_start"], engine["hash_seed"]) == (30.0, 0)


def test_times_are_read_as_in_toml() -> None:
    """A table copied from a configuration file works."""
    assert Health(http="/", every="1500ms") == Health(http="/", every=1.5)
    assert Ejection(base="2m") == Ejection(base=120.0)


def test_nodes_come_as_text_table_or_node() -> None:
    """All three say the same."""
    one = Node("10.0.0.1:80", weight=2, capacity=3)
    other = {"address": "10.0.0.2:80", "weight": 4}
    balancer = Balancer([one, other, "unix:/run/app.sock"])
    assert [(node.address, node.weight, node.capacity) for node in balancer.nodes] == [
        ("10.0.0.1:80", 2, 3),
        ("10.0.0.2:80", 4, None),
        ("unix:/run/app.sock", 1, None),
    ]


def test_capacity_is_for_nodes_that_do_not_say_their_own() -> None:
    """At creation, with add and with replace."""
    balancer = Balancer(["10.0.0.1:80", Node("10.0.0.2:80", capacity=9)], capacity=4)
    balancer.add("10.0.0.3:80")
    assert [node.capacity for node in balancer.nodes] == [4, 9, 4]
    balancer.replace(["10.0.0.4:80"])
    assert [node.capacity for node in balancer.nodes] == [4]


def test_membership_changes_at_run_time() -> None:
    """And what is known of a node that stays, stays."""
    balancer = Balancer(["10.0.0.1:80", "10.0.0.2:80"], strategy="round_robin")
    for _ in range(4):
        with balancer.pick():
            pass
    balancer.add(Node("10.0.0.3:80", id="third"))
    assert ids(balancer) == ["10.0.0.1:80", "10.0.0.2:80", "third"]
    balancer.update("10.0.0.1:80", weight=5, capacity=7)
    balancer.remove("10.0.0.2:80")
    first, _ = balancer.nodes
    assert (first.weight, first.capacity, first.picks) == (5, 7, 2)
    balancer.update("10.0.0.1:80", capacity=None)
    assert balancer.nodes[0].capacity is None
    balancer.replace(["10.0.0.9:80", "10.0.0.1:80"])
    assert [(node.id, node.picks) for node in balancer.nodes] == [
        ("10.0.0.9:80", 0),
        ("10.0.0.1:80", 2),
    ]


def test_a_pick_outlives_its_node() -> None:
    """It holds the node's state, never an index."""
    balancer = Balancer(["10.0.0.1:80", "10.0.0.2:80"])
    with balancer.pick() as pick:
        balancer.replace(["10.0.0.3:80"])
        assert str(pick) in ("10.0.0.1:80", "10.0.0.2:80")
    assert balancer.nodes[0].in_flight == 0


def test_another_strategy_is_put_in_force_live() -> None:
    """Node state stays; the strategy reads back as it was given."""
    balancer = Balancer(["10.0.0.1:80", "10.0.0.2:80"])
    held = balancer.pick()
    for strategy in ("least_connections", {"name": "power_of_two"}, evenly.RoundRobin()):
        balancer.strategy = strategy
        assert balancer.strategy == strategy
        assert sum(node.in_flight for node in balancer.nodes) == 1
    del held


def test_indices_of_balance_are_those_of_the_theory() -> None:
    """Loads 2, 1, 1 of equal weight: least / greatest = 1/2, greatest / mean = 2 / (4/3), Jain =
    16 / (3 * 6).
    """
    balancer = Balancer([f"10.0.0.{at}:80" for at in (1, 2, 3)], strategy="least_connections")
    assert (balancer.balance_ratio(), balancer.jain_index()) == (1.0, 1.0)
    assert balancer.peak_to_mean() == 1.0
    held = [balancer.pick() for _ in range(4)]
    assert balancer.balance_ratio() == pytest.approx(1 / 2)
    assert balancer.peak_to_mean() == pytest.approx(3 / 2)
    assert balancer.jain_index() == pytest.approx(16 / 18)
    del held


def test_a_new_node_takes_its_share_step_by_step() -> None:
    """Slow start: at 10 % at once, at its full share after 30 s. Random picks, 5 standard deviations."""
    clock = VirtualClock(4)
    balancer = clock.balancer(["10.0.0.1:80", "10.0.0.2:80"], strategy="random")

    def share(picks: int = 4000) -> float:
        lent = [balancer.pick().id for _ in range(picks)]
        return lent.count("10.0.0.3:80") / picks

    balancer.add("10.0.0.3:80")
    assert balancer.nodes[2].reason == "slow_start"
    # A refused draw is drawn again: p = (1/3)(1/10) / (1 - (1/3)(9/10)) = 1/21.
    assert abs(share() - 1 / 21) <= 5 * (1 / 21 * 20 / 21 / 4000) ** 0.5
    clock.advance(31)
    assert balancer.nodes[2].reason == "serving"
    assert abs(share() - 1 / 3) <= 5 * (1 / 3 * 2 / 3 / 4000) ** 0.5


class Healthy(http.server.BaseHTTPRequestHandler):
    """A node that is well until told otherwise."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def node() -> Iterator[tuple[str, type[Healthy]]]:
    """A real HTTP server on loopback, and the handler whose status can be changed."""
    handler = type("Handler", (Healthy,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def health_becomes(balancer: Balancer, wanted: str) -> None:
    """Wait for a check to find it out; pytest's own time-out ends it when none does."""
    while balancer.nodes[0].health != wanted:
        os.sched_yield()


def test_active_checks_follow_the_node(node: tuple[str, type[Healthy]]) -> None:
    """Unknown, healthy, unhealthy after three bad checks, healthy again: nobody picks meanwhile."""
    address, handler = node
    checks = {"http": "/healthz", "every": 0.02, "fast": 0.01}
    balancer = Balancer([address], health=checks)
    health_becomes(balancer, "healthy")
    assert balancer.nodes[0].last_check is not None
    handler.status = 503
    health_becomes(balancer, "unhealthy")
    assert balancer.nodes[0].reason == "check_failed"
    handler.status = 200
    health_becomes(balancer, "healthy")


def test_check_now_does_not_wait_for_the_next_round(node: tuple[str, type[Healthy]]) -> None:
    """An hour between checks; the second comes when it is asked for."""
    balancer = Balancer([node[0]], health=Health(http="/", every=3600))
    health_becomes(balancer, "healthy")
    first = balancer.nodes[0].last_check
    balancer.check_now()
    assert first is not None
    # `last_check` is wall time reckoned from a coarse clock: it moves by milliseconds when read again.
    while (balancer.nodes[0].last_check or 0) - first < 0.05:
        balancer.check_now()
        os.sched_yield()


def test_a_name_stands_for_its_addresses() -> None:
    """`localhost` is looked up by the engine; the nodes are called id@ip and go when the name goes."""
    balancer = Balancer([Node("localhost:1", id="app", weight=3)])
    # Until the first answer a node stands in that carries the name itself.
    first = ids(balancer)
    assert "app@localhost" in first or "app@127.0.0.1" in first
    while "app@127.0.0.1" not in ids(balancer):
        os.sched_yield()
    assert all(node.weight == 3 for node in balancer.nodes)
    balancer.update("app", weight=4)
    balancer.drain("app")
    assert {node.reason for node in balancer.nodes} == {"draining"}
    balancer.remove("app")
    assert ids(balancer) == []


def test_a_name_that_left_stays_away() -> None:
    """The look-up and the change of weight that are under way when it leaves put nothing back."""
    for turn in range(20):
        balancer = Balancer([Node("localhost:1", id="app", weight=3)])
        while turn % 2 and "app@127.0.0.1" not in ids(balancer):
            os.sched_yield()
        balancer.update("app", weight=4)
        balancer.remove("app")
        for _ in range(100):
            assert ids(balancer) == []


def test_a_name_that_comes_back_is_looked_up_again() -> None:
    """Also when the engine did not look between the two: the stand-in does not stay for good."""
    balancer = Balancer([Node("localhost:1", id="app")])
    for _ in range(10):
        while ids(balancer) != ["app@127.0.0.1"]:
            os.sched_yield()
        balancer.remove("app")
        balancer.add(Node("localhost:1", id="app"))


def test_importing_evenly_loads_no_third_party_module() -> None:
    """Whatever is installed beside it."""
    program = (
        "import sys; before = set(sys.modules); import evenly;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'evenly'}))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "[]"
