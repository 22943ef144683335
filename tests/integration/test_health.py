"""Health: active checks, ejection and panic, with servers that really die and come back."""

from __future__ import annotations

import contextlib

from .harness.exchange import Exchange
from .harness.load import Load
from .harness.nginx import Nginx
from .harness.node import Node, closed_port, hello
from .harness.proxy import Proxy
from .harness.state import health, nodes, wait_health
from .harness.waiting import until

CHECK = {"http": "/healthz", "every": "200ms", "fast": "100ms", "timeout": "2s"}


def test_a_checked_node_goes_down_and_comes_back_up() -> None:
    """A real nginx is killed and started again; clients see neither."""
    with Nginx("a") as one, Nginx("b") as two:
        cluster = {"health": CHECK, "ejection": False, "slow_start": "0s"}
        with Proxy(one, two, cluster=cluster) as proxy, Load(proxy.address, 4) as load:
            load.more()
            wait_health(proxy, one.address, "serving")
            one.kill()
            wait_health(proxy, one.address, "check_failed")
            load.more()
            one.start()
            wait_health(proxy, one.address, "serving")
            before = len(one.log())
            load.more()
            until(lambda: len(one.log()) > before, "the node serves again")
        assert not load.stop().failures


def test_checks_look_at_status_and_body() -> None:
    """A node that answers its check with the wrong text is down."""

    def check(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(200, b"database: lost" if exchange.target == "/healthz" else b"served")

    with Node(check) as wrong, Node() as right:
        cluster = {"health": {**CHECK, "body": "node"}}
        with Proxy(wrong, right, cluster=cluster) as proxy:
            wait_health(proxy, wrong.address, "check_failed")
            wait_health(proxy, right.address, "serving")
            assert all(proxy.get("/").body == b"node" for _ in range(20))


def test_tcp_checks_only_connect() -> None:
    """A port that accepts is up, one that refuses is down."""
    refuses = closed_port()
    cluster = {"health": {"tcp": True, "every": "200ms", "fast": "100ms"}}
    with Node() as node, Proxy(node, refuses, cluster=cluster) as proxy:
        wait_health(proxy, refuses, "check_failed")
        wait_health(proxy, node.address, "serving")
        assert not any(exchange.target == "/healthz" for exchange in node.requests)


def test_a_node_that_must_be_checked_waits_for_it() -> None:
    """With `required` a node serves only once its check has succeeded."""
    ready: list[bool] = []

    def starting(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(200 if ready or exchange.target != "/healthz" else 503, b"late")

    with Node(starting) as late, Node() as early:
        cluster = {"health": {**CHECK, "required": True}, "slow_start": "0s"}
        with Proxy(late, early, cluster=cluster) as proxy:
            wait_health(proxy, early.address, "serving")
            assert all(proxy.get("/").body == b"node" for _ in range(20))
            ready.append(True)
            wait_health(proxy, late.address, "serving")
            until(lambda: proxy.get("/").body == b"late", "the late node serves")


def test_a_failing_node_is_ejected_and_let_back() -> None:
    """503 on everything: five in a row and it is out; once it works again a single probe lets it
    in.
    """
    broken = [True]

    def moody(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(503 if broken else 200, b"moody")

    cluster = {
        "strategy": "round_robin",
        "slow_start": "0s",
        "ejection": {"base": "1s", "max": "2s"},
        "retries": {"budget_per_second": 1000.0},
    }
    with Node(moody) as bad, Node() as good, Proxy(bad, good, cluster=cluster) as proxy:
        for _ in range(10):
            assert proxy.get("/").status == 200
        assert health(proxy, bad.address)[1].startswith("breaker_")
        at_most = bad.hits
        assert at_most <= 6  # five in a row, and perhaps one probe
        broken.clear()
        until(lambda: proxy.get("/").body == b"moody", "it serves again")
        wait_health(proxy, bad.address, "serving")


def test_all_but_one_down_is_carried_by_the_one() -> None:
    """No fixed threshold sends requests to nodes known to be dead."""
    with contextlib.ExitStack() as stack:
        dead = [closed_port() for _ in range(4)]
        node = stack.enter_context(Node())
        cluster = {"health": CHECK}
        proxy = stack.enter_context(Proxy(*dead, node, cluster=cluster))
        for address in dead:
            wait_health(proxy, address, "check_failed")
        with Load(proxy.address, 4) as load:
            load.more()
        assert not load.stop().failures


def test_when_every_check_fails_nodes_are_tried_all_the_same() -> None:
    """Panic: a broken check must not take a working service down, and it is said."""

    def no_check(exchange: Exchange) -> None:
        if exchange.target == "/healthz":
            exchange.read()
            exchange.reply(500, b"")
        else:
            hello(exchange)

    with (
        Node(no_check) as one,
        Node(no_check) as two,
        Proxy(one, two, cluster={"health": CHECK}) as proxy,
    ):
        wait_health(proxy, one.address, "check_failed")
        wait_health(proxy, two.address, "check_failed")
        assert all(proxy.get("/").status == 200 for _ in range(20))
        assert proxy.metrics().sum("evenly_panics_total", cluster="users") >= 20


def test_a_node_with_twice_the_weight_gets_twice_the_requests() -> None:
    """Exactly so with weighted round robin: 20 of 30."""
    with Node() as light, Node() as heavy:
        table = {"address": heavy.address, "weight": 2}
        cluster = {"strategy": "weighted_round_robin", "slow_start": "0s"}
        with Proxy(light, table, cluster=cluster) as proxy:
            for _ in range(30):
                assert proxy.get("/").status == 200
        assert (light.hits, heavy.hits) == (10, 20)


def test_a_key_always_goes_to_its_node() -> None:
    """consistent_hash by header: one node per key; another key may go elsewhere."""
    cluster = {"strategy": {"name": "consistent_hash", "key": "header:x-user"}}
    with contextlib.ExitStack() as stack:
        all_nodes = [stack.enter_context(Node(name=f"n{n}")) for n in range(4)]
        proxy = stack.enter_context(Proxy(*all_nodes, cluster=cluster))
        homes = set()
        for user in range(20):
            answers = {proxy.get("/", f"X-User: u{user}").body for _ in range(5)}
            assert len(answers) == 1
            homes |= answers
        assert len(homes) > 1
        assert len(nodes(proxy)) == 4
