"""What /metrics shows of a proxy that has seen traffic of every kind: documented, checked, consistent."""

from __future__ import annotations

import subprocess
import threading

import pytest

from scripts import operating_pages, pages

from .harness.exchange import Exchange
from .harness.metrics import Metrics
from .harness.node import Node, closed_port
from .harness.proxy import Proxy
from .harness.waiting import until

PROCESS = frozenset(
    f"process_{what}"
    for what in (
        "cpu_seconds",
        "max_fds",
        "open_fds",
        "resident_memory_bytes",
        "start_time_seconds",
        "threads",
        "virtual_memory_bytes",
    )
)


def moody(exchange: Exchange) -> None:
    """Answer by the target: /500 fails, anything else is well."""
    exchange.read()
    exchange.reply(500 if exchange.target == "/500" else 200, b"hello")


def varied(proxy: Proxy) -> Metrics:
    """A page after answers, failures, retries, refusals and relaxed rules."""
    for _ in range(8):
        assert proxy.get("/").status == 200
    assert proxy.get("/500", method="POST").status == 500
    with proxy.client() as client:
        client.send(b"GET /bad HTTP/1.1\r\nHost: t\r\nA : b\r\n\r\n")
        assert client.response().status == 400
    with proxy.client() as client:
        client.send(b"GET /excused HTTP/1.1\nHost: t\n\n")
        assert client.response().status == 200
    proxy.log(11)
    return proxy.metrics()


@pytest.fixture(scope="module")
def page() -> Metrics:
    """One page for all claims."""
    with Node(moody) as node:
        nodes = ({"address": node.address, "capacity": 10}, closed_port())
        cluster = {"strategy": "round_robin", "ejection": False}
        with Proxy(*nodes, cluster=cluster, listen={"relaxed": ["bare_lf"]}) as proxy:
            return varied(proxy)


def test_the_page_and_its_documentation_name_the_same_families(page: Metrics) -> None:
    """Each family has its paragraph, and no paragraph tells of a family that is not there."""
    text = (pages.DOCS / "metrics.md").read_text()
    told = {line[4:-1] for line in text.splitlines() if line.startswith("## `")}
    # The parser takes the end `_total` off a counter's name.
    shown = {f.name + ("_total" if f.type == "counter" else "") for f in page.families}
    assert told == {name for name in shown if not name.startswith("process_")}
    assert {name.removesuffix("_total") for name in shown if name.startswith("process_")} == PROCESS
    for name in PROCESS:
        assert f"`{name}" in text


def test_every_sample_carries_the_labels_that_are_documented(page: Metrics) -> None:
    """The table's labels are those on the page, whoever filled it."""
    source = operating_pages.METRICS.read_text()
    table = {
        match["name"]: {label for label in match["labels"].replace('"', "").split(", ") if label}
        for match in operating_pages.FAMILY.finditer(source)
    }
    for family in page.families:
        name = family.name + ("_total" if family.type == "counter" else "")
        if name.startswith("process_"):
            continue
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == table[name], sample


def test_prometheus_has_nothing_to_find_fault_with(page: Metrics) -> None:
    """`promtool check metrics` reads the page and its lint says nothing."""
    found = subprocess.run(
        ["promtool", "check", "metrics"],
        input=page.page,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_the_log_is_counted() -> None:
    """Lines written and lines lost, and the requests they tell of."""
    with Node(moody) as node, Proxy(node) as proxy:
        for _ in range(5):
            assert proxy.get("/").status == 200
        proxy.log(5)
        until(
            lambda: proxy.metrics().sum("evenly_access_log_lines_total") == 5, "five lines counted"
        )
        assert proxy.metrics().sum("evenly_access_log_dropped_total") == 0
        assert proxy.metrics().sum("evenly_edition") == 1


def test_the_indices_of_balance_are_those_of_the_loads() -> None:
    """One request at one of two nodes: least / greatest = 0, greatest / mean = 2, Jain = 1/2."""
    gate = threading.Event()

    def held(exchange: Exchange) -> None:
        exchange.read()
        gate.wait(30)
        exchange.reply(200, b"hello")

    with Node(held) as one, Node(held) as two, Proxy(one, two) as proxy:
        indices = ("evenly_balance_ratio", "evenly_peak_to_mean", "evenly_jain_index")

        def shown() -> list[float]:
            metrics = proxy.metrics()
            return [metrics.sum(name, cluster="users") for name in indices]

        assert shown() == [1, 1, 1]
        with proxy.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            until(lambda: proxy.metrics().sum("evenly_in_flight") == 1, "one is in flight")
            assert shown() == [0, 2, 0.5]
            gate.set()
            assert client.response().status == 200
