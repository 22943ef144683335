"""The books balance: what clients counted, what nodes counted, the access log, the metrics and
the ledger agree.
"""

from __future__ import annotations

import contextlib
from collections import Counter

from .harness.client import get
from .harness.exchange import Exchange
from .harness.load import Load
from .harness.node import Node, closed_port
from .harness.proxy import Proxy
from .harness.state import idle, nodes
from .harness.waiting import until


def varied(exchange: Exchange) -> None:
    """Answer by the target: /200, /404, /500; anything else 200."""
    exchange.read()
    word = exchange.target.lstrip("/")
    exchange.reply(int(word) if word.isdigit() else 200, b"hello")


def test_every_request_has_one_line_in_the_log() -> None:
    """Method, path, status, node and reason of each, in whatever order."""
    with Node(varied) as node, Proxy(node, cluster={"ejection": False}) as proxy:
        wanted: Counter[tuple[str, str, int]] = Counter()
        for target, status in (("/200?q=1", 200), ("/404", 404), ("/500", 500)):
            for method in ("GET", "POST"):
                for _ in range(5):
                    _path, _, query = target.partition("?")
                    got = proxy.get(target, method=method).status
                    assert got == (status if not query else 200)
                    wanted[method, target, got] += 1
        with proxy.client() as client:
            client.send(b"GET /bad HTTP/1.1\r\nHost: t\r\nA : b\r\n\r\n")
            assert client.response().status == 400
        lines = proxy.log(31)
        assert len(lines) == 31
        # Two workers write the log, so the order of lines is not the order of requests.
        good = [line for line in lines if line["status"] != 400]
        assert Counter((line["method"], line["path"], line["status"]) for line in good) == wanted
        assert {line["node"] for line in good} == {node.address}
        (bad,) = (line for line in lines if line["status"] == 400)
        assert bad["reason"] == "bad_request:space_before_colon"
        assert bad["node"] is None


def test_the_log_tells_refusals_and_retries() -> None:
    """The reason's name and the number of tries."""
    cluster = {"strategy": "round_robin", "ejection": False}
    with Node() as node, Proxy(closed_port(), node, cluster=cluster) as proxy:
        assert [proxy.get("/").status for _ in range(4)] == [200] * 4
        tries = [line["tries"] for line in proxy.log(4)]
        assert set(tries) <= {1, 2}
        assert sum(tries) == 4 + proxy.metrics().sum("evenly_retries_total") > 4
    with Proxy(closed_port(), cluster=cluster) as proxy:
        assert proxy.get("/").status == 502
        line = proxy.log(1)[0]
        assert (line["status"], line["reason"]) == (502, "connect_failed")


def test_after_load_all_counts_agree() -> None:
    """Clients, nodes, log, metrics and state: five books, one number."""
    with contextlib.ExitStack() as stack:
        all_nodes = [stack.enter_context(Node(name=f"n{n}")) for n in range(3)]
        proxy = stack.enter_context(Proxy(*all_nodes))
        with Load(proxy.address, 8) as load:
            load.more(1000)
        tally = load.stop()
        assert not tally.failures
        idle(proxy)
        total = tally.ok
        assert tally.sent == total
        hits = {node.address: float(node.hits) for node in all_nodes}
        assert sum(hits.values()) == total
        lines = proxy.log(total)
        assert len(lines) == total
        assert Counter(line["node"] for line in lines) == hits
        metrics = proxy.metrics()
        assert metrics.sum("evenly_requests_total", cluster="users") == total
        assert metrics.by("evenly_node_requests_total", "node") == hits
        assert metrics.sum("evenly_request_duration_seconds_count", cluster="users") == total
        assert metrics.sum("evenly_in_flight") == 0
        state = nodes(proxy)
        assert {name: float(state[name]["picks"]) for name in hits} == hits
        assert all(node["failures"] == 0 and node["in_flight"] == 0 for node in state.values())


def test_the_ledger_balances_after_failures_of_every_kind() -> None:
    """accepted = completed + failed, nothing in flight: whatever went wrong in between."""

    def shaky(exchange: Exchange) -> None:
        exchange.read()
        turn = exchange.wire.node.hits % 5
        if turn == 0:
            exchange.wire.reset()
            exchange.end()
        elif turn == 1:
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            exchange.end()
        elif turn == 2:
            exchange.send(b"garbage\r\n\r\n")
            exchange.end()
        else:
            exchange.reply(200, b"ok")

    cluster = {"ejection": False}
    with (
        Node(shaky) as one,
        Node(shaky) as two,
        Proxy(one, two, closed_port(), cluster=cluster) as proxy,
    ):
        load = Load(proxy.address, 8)
        with load:
            until(lambda: load.tally.sent > 400, "400 requests were sent")
            for _ in range(50):
                with proxy.client() as client:
                    client.send(b"GET /left HTTP/1.1\r\nHost: t\r\n\r\n")
        idle(proxy)
        state = nodes(proxy)
        for node in state.values():
            assert node["picks"] == node["completed"] + node["failures"] + node["cancelled"], node
        retries = proxy.metrics().sum("evenly_retries_total")
        requests = proxy.metrics().sum("evenly_requests_total")
        assert sum(node["picks"] for node in state.values()) == requests + retries


def test_prometheus_can_read_every_metric() -> None:
    """Help and type on each family, names by convention, no sample twice."""
    with Node() as node, Proxy(node) as proxy:
        assert proxy.get("/").status == 200
        metrics = proxy.metrics()
        assert len(metrics.families) > 5
        for family in metrics.families:
            assert family.name.startswith(("evenly_", "process_")), family.name
            assert family.documentation, family.name
            assert family.type != "unknown", family.name
        keys = [(name, tuple(sorted(tags.items()))) for name, tags, _ in metrics.samples]
        assert len(keys) == len(set(keys))
        kind = get(proxy.admin, "/metrics").header("content-type")
        assert kind is not None and kind.startswith("text/plain")
