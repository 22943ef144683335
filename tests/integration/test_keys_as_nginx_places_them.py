"""`consistent_hash {compatible = "nginx"}` beside a real nginx with `hash … consistent`, key by key."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evenly import Balancer, Node

from .harness.nginx import binary
from .harness.ports import LOOPBACK, free_port
from .harness.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEYS = [f"user-{number}" for number in range(1500)]
PORTS = [free_port() for _ in range(6)]
NODES = [f"{LOOPBACK}:{port}" for port in PORTS]
UPSTREAMS: dict[str, Mapping[str, int]] = {
    "equal": dict.fromkeys(NODES, 1),
    "weighted": dict(zip(NODES, (1, 2, 3, 1, 5, 1), strict=True)),
    "one_left": dict(zip(NODES[:2] + NODES[3:], (1, 2, 1, 5, 1), strict=True)),
    "one_joined": dict(zip(NODES, (1, 2, 4, 1, 5, 1), strict=True)),
    "alone": {NODES[3]: 2},
}
"""The same nodes with other weights, as a cluster has them one after the other."""

HEAD = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
"""


def config(folder: Path, listen: str) -> str:
    """One server for each node, which says its address, and one location for each upstream."""
    lines = [HEAD.format(folder=folder)]
    lines += [
        f'server {{ listen {node}; location / {{ return 200 "{node}"; }} }}' for node in NODES
    ]
    for name, weights in UPSTREAMS.items():
        servers = " ".join(f"server {node} weight={w};" for node, w in weights.items())
        lines.append(f"upstream {name} {{ hash $arg_key consistent; {servers} }}")
    down = " ".join(f"server {node} {'down' * (node == NODES[1])};" for node in NODES)
    lines.append(f"upstream one_down {{ hash $arg_key consistent; {down} }}")
    paths = "".join(
        f"location /{name} {{ proxy_pass http://{name}; }}" for name in (*UPSTREAMS, "one_down")
    )
    return "\n".join([*lines, f"server {{ listen {listen}; {paths} }} }}"])


class Nginx:
    """Asks nginx which node it takes."""

    def __init__(self, port: int) -> None:
        self.line = HTTPConnection(LOOPBACK, port, timeout=30)

    def owner(self, upstream: str, key: str) -> str:
        """The node that the request went to."""
        self.line.request("GET", f"/{upstream}?key={key}")
        reply = self.line.getresponse()
        assert reply.status == 200
        return reply.read().decode()


@pytest.fixture(scope="module")
def nginx() -> Iterator[Nginx]:
    """A real nginx on loopback with all of the upstreams."""
    folder = Path(tempfile.mkdtemp(prefix="evenly-nginx-keys-"))
    folder.chmod(0o755)
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(config(folder, f"{LOOPBACK}:{port}"))
    process = subprocess.Popen(
        [binary(), "-p", str(folder), "-c", str(file)], stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: answers(port), "nginx answers")
        asked = Nginx(port)
        yield asked
        asked.line.close()
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
        return True
    return False


def balancer(weights: Mapping[str, int]) -> Balancer:
    """Ours over the same nodes."""
    nodes = [Node(address, weight=weight) for address, weight in weights.items()]
    strategy = {"name": "consistent_hash", "compatible": "nginx"}
    return Balancer(nodes, strategy=strategy, slow_start=0)


def agrees(ours: Balancer, nginx: Nginx, upstream: str) -> None:
    """Every key has the same node with both."""
    for key in KEYS:
        with ours.pick(key=key) as pick:
            assert pick.id == nginx.owner(upstream, key), key


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_every_key_goes_where_nginx_sends_it(nginx: Nginx, upstream: str) -> None:
    """160 points for each unit of weight, from a chain of CRC-32 over host and port."""
    agrees(balancer(UPSTREAMS[upstream]), nginx, upstream)


def test_keys_go_on_agreeing_as_nodes_come_and_go(nginx: Nginx) -> None:
    """One balancer, changed as the configuration of nginx would be."""
    ours = balancer(UPSTREAMS["weighted"])
    ours.remove(NODES[2])
    agrees(ours, nginx, "one_left")
    ours.add(Node(NODES[2], weight=4))
    agrees(ours, nginx, "one_joined")


def test_a_nodes_keys_go_where_nginx_sends_them_while_it_is_down(nginx: Nginx) -> None:
    """`server … down` there, a drained node here: the next point on the ring takes over."""
    ours = balancer(UPSTREAMS["equal"])
    ours.drain(NODES[1])
    agrees(ours, nginx, "one_down")
