"""Where nodes live: UNIX sockets, IPv6, and names whose answers change."""

from __future__ import annotations

import contextlib
import socket
import threading

from .harness.client import Client
from .harness.dns import NameServer
from .harness.load import Load
from .harness.nginx import Nginx
from .harness.node import Node
from .harness.ports import free_port
from .harness.proxy import Proxy
from .harness.state import nodes
from .harness.waiting import until


def at(host: str, port: int, name: str) -> Node:
    """Make a node on another loopback address, all on one port, as records of one name must be."""
    node = Node(name=name)
    node.listener.close()
    node.listener = socket.socket()
    node.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    node.listener.bind((host, port))
    node.listener.listen(128)
    node.address = f"{host}:{port}"
    return node


def test_nodes_on_unix_sockets_serve() -> None:
    """A scripted one and a real nginx."""
    with Node(unix=True) as node, Nginx("engine", unix=True) as nginx:
        cluster = {"strategy": "round_robin"}
        with Proxy(node, nginx, cluster=cluster) as proxy:
            assert {proxy.get("/").body for _ in range(6)} == {b"node", b"engine"}


def test_the_listener_may_be_a_unix_socket() -> None:
    """Clients on the same machine need no port."""
    with Node() as node, Nginx() as folder:
        path = f"unix:{folder.folder}/front.sock"
        more = {"listen.local": {"address": path, "to": "users"}}
        with Proxy(node, more=more) as proxy:
            with Client(path) as client:
                for _ in range(3):
                    client.send(b"GET /local HTTP/1.1\r\nHost: t\r\n\r\n")
                    assert client.response().status == 200
            assert proxy.get("/web").status == 200


def test_ipv6_nodes_and_listeners_serve() -> None:
    """[::1] on both sides; the node is told the client's address in RFC 7239's form."""
    port = free_port()
    node = Node(name="six")
    node.listener.close()
    node.listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    node.address = f"[::1]:{node.listener.getsockname()[1]}"
    more = {"listen.six": {"address": f"[::1]:{port}", "to": "users"}}
    with node, Proxy(node, more=more), Client(f"[::1]:{port}") as client:
        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        assert client.response().body == b"six"
        assert node.requests[0].header("x-forwarded-for") == "::1"
        assert 'for="[::1]"' in (node.requests[0].header("forwarded") or "")


def test_a_name_stands_for_all_its_addresses_and_follows_their_change() -> None:
    """One node per record; after the TTL the answer counts anew, under load and without a
    failure.
    """
    port = free_port()
    with contextlib.ExitStack() as stack:
        one, two, three = (
            stack.enter_context(at(f"127.0.0.{n}", port, f"n{n}")) for n in (1, 2, 3)
        )
        server = stack.enter_context(NameServer({"users.test": ["127.0.0.1", "127.0.0.2"]}))
        cluster = {"resolver": server.address, "slow_start": "0s"}
        proxy = stack.enter_context(Proxy(f"users.test:{port}", cluster=cluster))
        with Load(proxy.address, 4) as load:
            until(lambda: one.hits and two.hits, "both addresses serve")
            server.names["users.test"] = ["127.0.0.2", "127.0.0.3"]
            until(lambda: three.hits > 0, "the new address serves")
            until(lambda: one.address not in str(nodes(proxy)), "the old address is gone")
            before = one.hits
            load.more()
            assert one.hits == before
        assert not load.stop().failures


def test_a_name_server_that_fails_changes_nothing() -> None:
    """The last good answer stays in force, and when it works again it is followed again."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        one, two = (stack.enter_context(at(f"127.0.0.{n}", port, f"n{n}")) for n in (1, 2))
        server = stack.enter_context(NameServer({"users.test": ["127.0.0.1"]}))
        proxy = stack.enter_context(
            Proxy(f"users.test:{port}", cluster={"resolver": server.address, "slow_start": "0s"})
        )
        until(lambda: proxy.get("/").status == 200, "the name is resolved")
        server.names["users.test"] = None
        asked = server.asked
        until(lambda: server.asked >= asked + 3, "the server was asked in vain")
        assert proxy.get("/").status == 200
        server.names["users.test"] = ["127.0.0.2"]
        until(lambda: proxy.get("/").body == b"n2", "the new answer is followed")
        assert one.hits and two.hits


def test_a_name_that_does_not_exist_is_named_in_the_refusal() -> None:
    """503 no_node until the name appears; then it serves without a restart."""
    port = free_port()
    with at("127.0.0.1", port, "late") as node, NameServer({}) as server:
        cluster = {"resolver": server.address}
        with Proxy(f"users.test:{port}", cluster=cluster) as proxy:
            answer = proxy.get("/")
            assert answer.status == 503
            assert b"no_node" in answer.body
            server.names["users.test"] = ["127.0.0.1"]
            until(lambda: proxy.get("/").status == 200, "the name is found")
            assert node.hits


def test_two_listeners_lead_to_two_clusters() -> None:
    """Each listener has its own; concurrent use mixes nothing."""
    port = free_port()
    with Node(name="users") as users, Node(name="carts") as carts:
        more: dict[str, dict[str, object]] = {
            "listen.carts": {"address": f"127.0.0.1:{port}", "to": "carts"},
            "cluster.carts": {"nodes": [carts.address]},
        }
        with Proxy(users, more=more) as proxy:
            bodies: set[bytes] = set()

            def shop() -> None:
                with Client(f"127.0.0.1:{port}") as client:
                    for _ in range(50):
                        client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                        bodies.add(client.response().body)

            threads = [threading.Thread(target=shop) for _ in range(4)]
            for thread in threads:
                thread.start()
            assert all(proxy.get("/").body == b"users" for _ in range(50))
            for thread in threads:
                thread.join(60)
            assert bodies == {b"carts"}


def test_localhost_is_a_name_like_any_other() -> None:
    """As the machine's own files say, without a name server."""
    with Node() as node, Proxy(f"localhost:{node.port}") as proxy:
        until(lambda: proxy.get("/").status == 200, "localhost is resolved")
