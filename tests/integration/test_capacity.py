"""Capacity, the queue before it, and the budget of retries: what is refused, how fast, and under
which name.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from .harness.client import Client, Response
from .harness.exchange import Exchange
from .harness.gate import Gate
from .harness.node import Node, closed_port
from .harness.proxy import Proxy
from .harness.state import idle
from .harness.waiting import until


@contextlib.contextmanager
def asking(proxy: Proxy, count: int) -> Iterator[list[Client]]:
    """Send `count` requests at once without reading the answers."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(proxy.client()) for _ in range(count)]
        for turn, client in enumerate(clients):
            client.send(b"GET /%d HTTP/1.1\r\nHost: t\r\n\r\n" % turn)
        yield clients


def held(node: Node, capacity: int) -> dict[str, object]:
    """Write the node with a capacity."""
    return {"address": node.address, "capacity": capacity}


def named(answer: Response) -> str:
    """Return the reason a refusal gives."""
    return answer.body.decode()


def test_capacity_is_never_exceeded_and_the_queue_serves_the_rest() -> None:
    """Twenty requests, three places: three at a time, and all are answered."""
    gate = Gate()
    with Node(gate) as node, Proxy(held(node, 3), cluster={"queue": {"timeout": "60s"}}) as proxy:
        with asking(proxy, 20) as clients:
            until(lambda: gate.inside == 3, "three are inside")
            gate.open.set()
            assert [client.response().status for client in clients] == [200] * 20
        assert gate.most == 3
        idle(proxy)


def test_who_waits_too_long_is_told_so() -> None:
    """503 queue_timeout, and the place goes to the next."""
    gate = Gate()
    cluster = {"queue": {"timeout": "300ms"}}
    with Node(gate) as node, Proxy(held(node, 1), cluster=cluster) as proxy:
        with asking(proxy, 1) as first:
            until(lambda: gate.inside == 1, "the place is taken")
            answer = proxy.get("/late")
            assert answer.status == 503
            assert "queue_timeout" in named(answer)
            gate.open.set()
            assert first[0].response().status == 200
        assert proxy.get("/now").status == 200


def test_without_a_queue_a_full_cluster_refuses_at_once() -> None:
    """503 queue_full: a queue of no length is always full."""
    gate = Gate()
    cluster = {"queue": {"length": 0}}
    with (
        Node(gate) as node,
        Proxy(held(node, 1), cluster=cluster) as proxy,
        asking(proxy, 1) as first,
    ):
        until(lambda: gate.inside == 1, "the place is taken")
        answer = proxy.get("/late")
        assert answer.status == 503
        assert "queue_full" in named(answer)
        gate.open.set()
        assert first[0].response().status == 200


def test_a_full_queue_refuses_at_once() -> None:
    """One inside, two waiting, the fourth is refused before any waits in vain."""
    gate = Gate()
    cluster = {"queue": {"length": 2, "timeout": "60s"}}
    with (
        Node(gate) as node,
        Proxy(held(node, 1), cluster=cluster) as proxy,
        asking(proxy, 1) as inside,
    ):
        until(lambda: gate.inside == 1, "the place is taken")
        with asking(proxy, 2) as waiting:
            until(lambda: proxy.metrics().sum("evenly_waiting") == 2, "two are waiting")
            refused = proxy.get("/x")
            assert refused.status == 503
            assert "queue_full" in named(refused)
            gate.open.set()
            statuses = [client.response().status for client in [*inside, *waiting]]
            assert statuses == [200] * 3


def test_who_leaves_the_queue_takes_no_place() -> None:
    """A waiting client that goes away is forgotten; those behind it are served."""
    gate = Gate()
    cluster = {"queue": {"timeout": "60s"}}
    with Node(gate) as node, Proxy(held(node, 1), cluster=cluster) as proxy:
        with asking(proxy, 1) as inside:
            until(lambda: gate.inside == 1, "the place is taken")
            with asking(proxy, 10):
                pass
            with asking(proxy, 2) as behind:
                gate.open.set()
                statuses = [client.response().status for client in [*inside, *behind]]
                assert statuses == [200] * 3
        idle(proxy)
        assert node.hits <= 13


def test_a_second_node_takes_what_a_full_one_cannot() -> None:
    """Capacities are respected one by one."""
    one, two = Gate(), Gate()
    with Node(one) as small, Node(two) as large:
        cluster = {"queue": {"timeout": "60s"}, "slow_start": "0s"}
        with (
            Proxy(held(small, 1), held(large, 4), cluster=cluster) as proxy,
            asking(proxy, 12) as clients,
        ):
            until(lambda: one.inside == 1 and two.inside == 4, "both are full")
            one.open.set()
            two.open.set()
            assert [client.response().status for client in clients] == [200] * 12
        assert (one.most, two.most) == (1, 4)


def budget(share: float, per_second: float) -> dict[str, object]:
    """Write a cluster whose retries are bounded so, and which never ejects."""
    return {
        "strategy": "round_robin",
        "ejection": False,
        "retries": {"budget_share": share, "budget_per_second": per_second},
    }


def test_without_income_the_budget_is_soon_spent() -> None:
    """Ten retries to begin with; from then on the failure of the first try is the answer."""
    with Node() as good, Proxy(closed_port(), good, cluster=budget(0.0, 0.0)) as proxy:
        answers = [proxy.get("/") for _ in range(40)]
        failed = [answer for answer in answers if answer.status != 200]
        assert all(answer.status == 502 for answer in failed)
        assert all("connect_failed" in named(answer) for answer in failed)
        retries = proxy.metrics().sum("evenly_retries_total")
        assert retries <= 10
        assert len(failed) >= (40 - 2 * retries) / 2  # in turn: every other first try fails


def test_retries_stay_within_their_budget() -> None:
    """A share of 0.2 of the requests, and one per second: half the requests fail, few are
    repeated.
    """

    def fails(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(503, b"")

    began = time.monotonic()
    with Node(fails) as bad, Node(fails) as worse:
        with Proxy(bad, worse, cluster=budget(0.2, 1.0)) as proxy:
            for _ in range(200):
                assert proxy.get("/").status == 503
            retries = proxy.metrics().sum("evenly_retries_total")
        elapsed = time.monotonic() - began
        assert bad.hits + worse.hits == 200 + retries
        # The law: attempts ≤ (1 + share) · requests + rate · time + burst, with a burst of ten
        # seconds' worth.
        assert retries <= 0.2 * 200 + 1.0 * (elapsed + 10)
        assert (
            retries >= 30
        )  # and it is a budget, not a ban: 0.2 · 200 are earned, give or take the first
