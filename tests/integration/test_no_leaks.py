"""Nothing piles up: descriptors, memory, processor time; whatever clients and nodes do to each
other.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

from .harness import processes
from .harness.client import Client
from .harness.exchange import Exchange
from .harness.load import Load
from .harness.nginx import Nginx
from .harness.node import Node, closed_port, hello
from .harness.proxy import Proxy
from .harness.state import idle
from .harness.waiting import until


def test_broken_connections_leave_no_descriptor_behind() -> None:
    """Clients that leave at every stage, nodes that fail in every way; then as many descriptors
    as before.
    """

    def shaky(exchange: Exchange) -> None:
        turn = exchange.wire.node.hits % 4
        if turn:
            exchange.read()
        if turn == 1:
            exchange.wire.reset()
        elif turn == 2:
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif turn == 3:
            exchange.reply(200, b"ok")
            return
        exchange.end()

    cluster = {"ejection": False, "timeouts": {"node_idle": "200ms"}}
    with contextlib.ExitStack() as stack:
        all_nodes = [stack.enter_context(Node(answer)) for answer in (shaky, shaky, hello)]
        proxy = stack.enter_context(Proxy(*all_nodes, closed_port(), cluster=cluster))
        proxy.clusters()
        before = processes.descriptors(proxy.pid)
        stages = [
            b"",
            b"GET / HT",
            b"GET / HTTP/1.1\r\nHost: t\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf",
            b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
            b"GET / HTTP/1.1\r\nHost: t\r\nA : b\r\n\r\n",
        ]
        for turn in range(300):
            with proxy.client() as client:
                client.offer(stages[turn % len(stages)])
                if turn % 5 == 0:
                    client.socket.settimeout(0.05)
                    with contextlib.suppress(TimeoutError):
                        client.receive()
        idle(proxy)
        until(lambda: processes.descriptors(proxy.pid) <= before + 2, "descriptors are given back")


def test_memory_stays_flat_over_many_requests() -> None:
    """After a warm-up, twenty thousand more requests on new and kept connections cost less than
    100 bytes each.
    """
    with Nginx() as node, Proxy(node, log=False) as proxy:
        with Load(proxy.address, 8) as kept, Load(proxy.address, 4, keep=False) as fresh:
            kept.more(4000)
            fresh.more(500)
            before = processes.resident(proxy.pid)
            kept.more(16_000)
            fresh.more(500)
            grown = processes.resident(proxy.pid) - before
        assert not kept.tally.failures and not fresh.tally.failures
        assert grown < 2 << 20, f"{grown >> 10} KiB"


def test_thousands_of_pipelined_requests_are_answered_in_order_in_little_memory() -> None:
    """A client that sends 10,000 requests before it reads is slowed down, not stored."""
    with Nginx() as node, Proxy(node, log=False) as proxy, proxy.client(timeout=60) as client:
        (node.folder / "files" / "page").write_bytes(b"p" * 4096)
        before = processes.resident(proxy.pid)
        count = 10_000
        ask = b"".join(
            b"GET /files/page?%d HTTP/1.1\r\nHost: t\r\nX-Pad: %s\r\n\r\n" % (n, b"x" * 100)
            for n in range(count)
        )
        writer = threading.Thread(target=client.send, args=(ask,), daemon=True)
        writer.start()
        for _ in range(count):
            answer = client.response()
            assert (answer.status, len(answer.body)) == (200, 4096)
        writer.join(60)
        assert processes.resident(proxy.pid) - before < 2 << 20
        asked = [line.split()[1] for line in node.log()]
        pages = [target for target in asked if target.startswith("/files/page")]
        assert pages == [f"/files/page?{n}" for n in range(count)]


def spent(pid: int) -> float:
    """Return the processor seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_waiting_costs_no_processor_time() -> None:
    """Stalled readers, stalled senders, silent nodes, idle clients, half-open tunnels: nothing
    spins.
    """
    quiet = threading.Event()

    def script(exchange: Exchange) -> None:
        if exchange.target == "/flood":
            exchange.read()
            exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                exchange.send(b"x" * 65_536)
        if exchange.target == "/chat":
            exchange.read()
            exchange.send(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            )
        quiet.wait(60)
        exchange.end()

    upgrade = (
        b"GET /chat HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with Node(script, receive_buffer=8192) as node, Proxy(node) as proxy:
        with contextlib.ExitStack() as stack:
            for sent in (
                b"GET /flood HTTP/1.1\r\nHost: t\r\n\r\n",
                b"GET /silent HTTP/1.1\r\nHost: t\r\n\r\n",
                b"GET /silent HTTP/1.1\r\nHost: t\r\n\r\n" * 2000,
                b"PUT /stuck HTTP/1.1\r\nHost: t\r\nContent-Length: 9000000\r\n\r\n"
                + b"x" * 300_000,
                b"PUT /half HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nhalf",
                b"GET / HTTP/1.1\r\nHo",
                b"",
                upgrade,
            ):
                client = stack.enter_context(Client(proxy.address, receive_buffer=4096))
                client.socket.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    client.socket.send(sent)
            until(lambda: node.hits >= 6, "all are under way")
            time.sleep(1.0)  # let them come to rest: what is measured is the rest
            began, clock = spent(proxy.pid), time.monotonic()
            time.sleep(2.0)
            used = spent(proxy.pid) - began
            # One spinning task would take a whole core.
            assert used < 0.25 * (time.monotonic() - clock), f"{used:.2f} s"
        quiet.set()
