"""Starting: what is wrong is said before anything is served, and the one-line form works."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from .harness.client import Client, get
from .harness.node import Node
from .harness.ports import LOOPBACK, free_port
from .harness.proxy import Proxy, evenly
from .harness.state import nodes
from .harness.waiting import until


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [evenly(), *arguments], capture_output=True, text=True, timeout=60, cwd=folder, check=False
    )


def test_a_port_in_use_is_named() -> None:
    """Exit 1, the address, and what to do; nothing half started stays behind."""
    with Node() as node, socket.create_server((LOOPBACK, 0)) as holder:
        taken = f"{LOOPBACK}:{holder.getsockname()[1]}"
        proxy = Proxy(node, listen={"address": taken}, exit_code=1)
        with proxy.launched():
            assert proxy.wait(60) == 1
            assert taken in proxy.stderr()
            assert "in use" in proxy.stderr().lower()
            assert "panicked" not in proxy.stderr() and "Traceback" not in proxy.stderr()
            proxy.gone()


def test_a_taken_admin_port_is_named_too() -> None:
    """The same for the admin listener."""
    with Node() as node, socket.create_server((LOOPBACK, 0)) as holder:
        taken = f"{LOOPBACK}:{holder.getsockname()[1]}"
        proxy = Proxy(node, more={"admin": {"address": taken}}, exit_code=1)
        with proxy.launched():
            assert proxy.wait(60) == 1
            assert taken in proxy.stderr()


def test_a_faulty_file_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    """Exit 1; every fault with file, line, key and the nearest name."""
    (tmp_path / "evenly.toml").write_text(
        '[listen.web]\naddress = "127.0.0.1:0"\nto = "usres"\n\n'
        '[cluster.users]\nnodes = ["10.0.0.1:8000"]\nstrategy = "pwer_of_two"\n'
    )
    done = run("run", "evenly.toml", folder=tmp_path)
    assert done.returncode == 1
    said = done.stderr + done.stdout
    assert "evenly.toml:7" in said and "power_of_two" in said
    assert "evenly.toml:3" in said and "users" in said
    assert "Traceback" not in said


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Exit 1 and the name; no traceback."""
    done = run("run", "nowhere.toml", folder=tmp_path)
    assert done.returncode in (1, 2)
    assert "nowhere.toml" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_broken_toml_is_shown_where_it_breaks(tmp_path: Path) -> None:
    """Line and column."""
    (tmp_path / "evenly.toml").write_text('[listen.web]\naddress = "127.0.0.1\n')
    done = run("run", "evenly.toml", folder=tmp_path)
    assert done.returncode == 1
    assert "evenly.toml:2" in done.stderr + done.stdout


def test_a_balancer_in_one_line() -> None:
    """`evenly serve` with two nodes, a strategy and a health path."""
    with Node(name="one") as one, Node(name="two") as two:
        proxy = Proxy(one)
        proxy.arguments = [
            "serve",
            "--listen",
            proxy.address,
            "--to",
            f"{one.address},{two.address}",
        ]
        proxy.arguments += ["--strategy", "round_robin", "--health", "/healthz"]
        with proxy.launched():
            until(lambda: proxy.get("/").status == 200, "it serves", within=60)
            assert {proxy.get("/").body for _ in range(8)} == {b"one", b"two"}
            until(
                lambda: any(exchange.target == "/healthz" for exchange in one.requests),
                "it checks",
            )
            proxy.stop()


def test_the_admin_listener_answers_what_it_promises() -> None:
    """/healthz, /readyz, /metrics from the engine, /v1/clusters through the control process, 404
    else.
    """
    with Node() as node, Proxy(node) as proxy:
        assert get(proxy.admin, "/healthz").status == 200
        until(lambda: get(proxy.admin, "/readyz").status == 200, "it is ready")
        kind = get(proxy.admin, "/metrics").header("content-type") or ""
        assert kind.startswith("text/plain")
        assert proxy.clusters()
        answer = get(proxy.admin, "/v1/clusters")
        assert (answer.header("content-type") or "").startswith("application/json")
        assert get(proxy.admin, "/v1/nothing").status == 404
        fields = nodes(proxy)[node.address]
        wanted = {"id", "address", "weight", "capacity", "in_flight", "utilisation", "latency"}
        assert wanted | {"picks", "failures", "health", "reason", "last_check"} <= set(fields)


def test_an_admin_token_is_asked_for() -> None:
    """With a token the listener answers 401 to strangers, /healthz and /readyz apart."""
    with Node() as node:
        proxy = Proxy(node)
        port = free_port()
        text = proxy.file.read_text().replace(proxy.admin, f"{LOOPBACK}:{port}")
        proxy.admin = f"{LOOPBACK}:{port}"
        proxy.file.write_text(
            text.replace("[admin]\n", '[admin]\ntoken = "s3cret-s3cret-s3cret"\n')
        )
        with proxy:
            assert get(proxy.admin, "/metrics").status == 401
            good = get(proxy.admin, "/metrics", "Authorization: Bearer s3cret-s3cret-s3cret")
            assert good.status == 200
            assert get(proxy.admin, "/metrics", "Authorization: Bearer wrong").status == 401
            assert "s3cret" not in proxy.stderr()


def test_many_workers_share_one_socket() -> None:
    """Connections are spread over the workers; all of them answer."""
    with Node() as node, Proxy(node, proxy={"workers": 4}) as proxy:
        clients = [proxy.client() for _ in range(16)]
        for client in clients:
            with client:
                client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                assert client.response().status == 200
        assert node.hits == 16


def test_the_log_may_go_to_standard_output() -> None:
    """One JSON line per request among what the program says."""
    with Node() as node, Proxy(node, more={"log": {"access": "stdout"}}) as proxy:
        for _ in range(5):
            assert proxy.get("/logged").status == 200
        until(lambda: proxy.stderr().count('"path":"/logged"') == 5, "five lines")


def test_a_log_that_cannot_be_opened_is_named() -> None:
    """Exit 1 before anything is served."""
    with Node() as node:
        proxy = Proxy(node, more={"log": {"access": "/nowhere/at/all.jsonl"}}, exit_code=1)
        with proxy.launched():
            assert proxy.wait(60) == 1
            assert "/nowhere/at/all.jsonl" in proxy.stderr()
            assert "Traceback" not in proxy.stderr()


def test_noise_on_the_admin_listener_disturbs_nobody() -> None:
    """Garbage, half a request, a foreign method: refused or dropped, and the next scrape is
    answered.
    """
    with Node() as node, Proxy(node) as proxy:
        for noise in (
            b"\x16\x03\x01\x02",
            b"GET /met",
            b"hello\r\n\r\n",
            b"G@T / HTTP/1.1\r\n\r\n",
        ):
            with Client(proxy.admin) as client:
                client.offer(noise)
        assert get(proxy.admin, "/metrics", method="DELETE").status in (404, 405)
        assert proxy.metrics().samples
        assert proxy.get("/").status == 200
