"""WebSockets and event streams over reloads: long-lived work of unchanged routes stays."""

from __future__ import annotations

import threading

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from .harness.exchange import Exchange
from .harness.node import Node
from .harness.ports import LOOPBACK, free_port
from .harness.proxy import Proxy
from .harness.reload import change, hang_up
from .harness.state import nodes
from .harness.waiting import until
from .test_websocket import echoing, join


def talk(socket: ClientConnection, what: str) -> None:
    """Say something and hear it again."""
    socket.send(what)
    assert socket.recv(timeout=30) == what


def test_sockets_stay_while_everything_around_them_changes() -> None:
    """Another cluster, another node, other weights, settings and listeners: the same sockets go on."""
    extra = f"{LOOPBACK}:{free_port()}"
    with echoing() as one, echoing() as two, Node() as node:
        more = {"cluster.other": {"nodes": [node.address]}}
        with Proxy(one, more=more) as proxy, join(proxy) as first, join(proxy) as second:
            talk(first, "before")
            change(proxy, cluster_other={"nodes": ["127.0.0.1:1", node.address]})
            talk(first, "another cluster has another node")
            change(proxy, cluster_users={"nodes": [{"address": one, "weight": 5}, two]})
            talk(second, "our own cluster has one more")
            change(proxy, cluster_users={"strategy": "round_robin", "retries": {"extra": 0}})
            talk(first, "strategy and settings")
            change(proxy, listen_extra={"address": extra, "to": "users"})
            hang_up(proxy, listen_extra=None, cluster_other=None)
            talk(first, "a listener came and went")
            talk(second, "still here")
            assert nodes(proxy)[one]["in_flight"] == 2


def test_a_socket_outlives_its_node_in_the_file() -> None:
    """Whoever is taken out of the file gets nothing new, and ends in peace what it has."""
    with echoing() as leaving, echoing() as staying, Proxy(leaving) as proxy:
        with join(proxy) as old:
            talk(old, "before")
            change(proxy, cluster_users={"nodes": [staying]})
            assert set(nodes(proxy)) == {staying}
            with join(proxy) as new:
                talk(new, "at the other node")
                talk(old, "still at the first")
                assert nodes(proxy)[staying]["in_flight"] == 1
        until(lambda: nodes(proxy)[staying]["in_flight"] == 0, "both have ended")
        lines = {line["node"] for line in proxy.log(2)}
        assert lines == {leaving, staying}


def test_a_socket_of_a_closed_listener_ends_with_1001_at_the_drains_deadline() -> None:
    """Until then it works; the one on the listener that stays is not touched."""
    extra = f"{LOOPBACK}:{free_port()}"
    with echoing() as address:
        more = {"listen.extra": {"address": extra, "to": "users"}}
        with Proxy(address, proxy={"drain": "2s"}, more=more) as proxy, join(proxy) as staying:
            here, proxy.address = proxy.address, extra
            with join(proxy) as leaving:
                proxy.address = here
                talk(leaving, "before")
                change(proxy, listen_extra=None)
                talk(leaving, "while its listener drains")
                with pytest.raises(ConnectionClosed) as closed:
                    leaving.recv(timeout=30)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1001
            talk(staying, "not touched")


def test_an_event_stream_goes_on_over_reloads() -> None:
    """Also when its own node leaves the file while it streams: every event arrives, in order."""
    step = threading.Semaphore(0)
    count = 6

    def events(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(count):
            assert step.acquire(timeout=60)
            exchange.send(b"8\r\ndata: %d\n\r\n" % number)
        exchange.send(b"0\r\n\r\n")

    with Node(events) as node, Node() as other, Proxy(node) as proxy, proxy.client() as client:
        client.send(b"GET /events HTTP/1.1\r\nHost: t\r\n\r\n")
        until(lambda: node.hits == 1, "the stream has begun")
        for turn in range(count):
            everyone = [node.address, other.address] if turn < count // 2 else [other.address]
            change(
                proxy,
                cluster_users={"nodes": everyone, "slow_start": f"{turn + 1}s"},
            )
            step.release()
        answer = client.response()
        assert answer.body == b"".join(b"data: %d\n" % number for number in range(count))
        assert proxy.get("/").status == 200
