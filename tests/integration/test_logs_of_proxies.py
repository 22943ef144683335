"""Access logs as the real programs write them: ours, nginx's and HAProxy's."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evenly.simulate.logs import Log, nginx, read_log

from .harness.client import get
from .harness.nginx import binary
from .harness.node import Node
from .harness.ports import LOOPBACK, free_port
from .harness.proxy import Proxy
from .harness.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .harness.exchange import Exchange

REQUESTS = 40
SLOW = 0.030
"""Seconds that one of the two nodes takes, at least."""

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ }}
http {{
  {log_format}
  access_log {folder}/access.log evenly;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  upstream users {{ server {one}; server {two}; }}
  server {{ listen {listen}; location / {{ proxy_pass http://users; }} }}
}}
"""

HAPROXY = """
global
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend web
  bind {listen}
  default_backend users
backend users
  balance roundrobin
  server one {one}
  server two {two}
"""


def slow(exchange: Exchange) -> None:
    """Answer late."""
    exchange.read()
    time.sleep(SLOW)
    exchange.reply(200, b"slow")


@pytest.fixture
def pair() -> Iterator[tuple[Node, Node]]:
    """A node that answers at once and one that is slow."""
    with Node(name="quick") as one, Node(slow, name="slow") as two:
        yield one, two


@contextlib.contextmanager
def running(command: list[str], address: str, log: Path) -> Iterator[None]:
    """A program until the block ends; what it prints goes to the log."""
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            until(lambda: _answers(address), f"{command[0]} answers")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _answers(address: str) -> bool:
    try:
        return get(address, "/ready").status == 200
    except OSError:
        return False


def ask(address: str, log: Path) -> None:
    """The same requests for each program; then wait for its log, written after the answers."""
    for turn in range(REQUESTS):
        assert get(address, f"/item?n={turn}").status == 200
    until(lambda: log.read_text().count("/item") == REQUESTS, "all lines are written")


def holds(log: Log, quick: str, slow: str) -> None:
    """What the log must tell, whoever wrote it."""
    asked = [record for record in log.records if record.path.startswith("/item")]
    assert len(asked) == REQUESTS
    assert {record.path for record in asked} == {f"/item?n={turn}" for turn in range(REQUESTS)}
    assert all(record.ok and record.client == LOOPBACK for record in asked)
    nodes = Counter(record.node for record in asked)
    assert set(nodes) <= {quick, slow}
    assert nodes[quick] > 0
    assert nodes[slow] > 0
    for record in asked:
        # Logs of milliseconds cut them off: both ends may lose one.
        assert record.took <= record.total + 0.002
        if record.node == slow:
            assert record.took >= SLOW - 0.002
    ordered = sorted(asked, key=lambda record: int(record.path.partition("=")[2]))
    began = [record.began for record in ordered]
    assert all(later - sooner > -0.002 for sooner, later in pairwise(began))


def test_our_own_log_is_read_as_it_was_written(pair: tuple[Node, Node]) -> None:
    """Every request with its node, its times, its path and its client."""
    one, two = pair
    with Proxy(one, two, cluster={"strategy": "round_robin"}) as proxy:
        ask(proxy.address, proxy.access)
        log = read_log(proxy.access)
    assert log.format == "evenly"
    assert log.unread == 0
    holds(log, one.address, two.address)


def test_a_log_of_nginx_is_read_with_the_format_that_we_advise(
    pair: tuple[Node, Node], tmp_path: Path
) -> None:
    """The very text of the advice stands in its configuration, and its log needs no format then."""
    one, two = pair
    listen = f"{LOOPBACK}:{free_port()}"
    tmp_path.chmod(0o755)
    config = tmp_path / "nginx.conf"
    config.write_text(
        NGINX.format(folder=tmp_path, log_format=nginx.ADVICE, listen=listen, one=one.address, two=two.address)
    )  # fmt: skip
    command = [binary(), "-p", str(tmp_path), "-c", str(config)]
    with running(command, listen, tmp_path / "out"):
        ask(listen, tmp_path / "access.log")
    log = read_log(tmp_path / "access.log")
    assert log.format == "nginx"
    assert not log.spread
    holds(log, one.address, two.address)


def test_a_log_of_haproxy_is_read(pair: tuple[Node, Node], tmp_path: Path) -> None:
    """`option httplog` as it is, with its own notices between the lines."""
    one, two = pair
    listen = f"{LOOPBACK}:{free_port()}"
    config = tmp_path / "haproxy.cfg"
    config.write_text(HAPROXY.format(listen=listen, one=one.address, two=two.address))
    program = shutil.which("haproxy") or "/usr/sbin/haproxy"
    with running([program, "-f", str(config)], listen, tmp_path / "access.log"):
        ask(listen, tmp_path / "access.log")
    log = read_log(tmp_path / "access.log")
    assert log.format == "haproxy"
    holds(log, "one", "two")
