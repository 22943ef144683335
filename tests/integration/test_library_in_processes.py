"""The library in asyncio programs, in forked children, and under prefork servers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

import evenly

from .harness.nginx import Nginx
from .harness.node import Node
from .harness.waiting import until


def lent(balancer: evenly.Balancer) -> int:
    """Add up what is in flight."""
    return sum(node.in_flight for node in balancer.nodes)


async def ask(address: str) -> bytes:
    """Ask a server over asyncio's streams and return the first line of its answer."""
    host, port = address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        await writer.drain()
        return (await reader.read()).split(b"\r\n", 1)[0]
    finally:
        writer.close()
        await writer.wait_closed()


def test_cancelled_tasks_give_everything_back() -> None:
    """Two hundred tasks for four places, half of them cancelled while they wait or hold: nothing
    is lost.
    """

    async def main(address: str) -> None:
        balancer = evenly.Balancer([evenly.Node(address, capacity=4)], slow_start=0)
        served = 0

        async def work() -> None:
            nonlocal served
            async with balancer.acquire(timeout=60) as pick:
                assert (await ask(str(pick))).startswith(b"HTTP/1.1 200")
                served += 1

        tasks = [asyncio.create_task(work()) for _ in range(200)]
        await asyncio.sleep(0)
        for step, task in enumerate(tasks):
            if step % 2:
                task.cancel()
            if step % 20 == 0:
                await asyncio.sleep(0.001)
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(one is None or isinstance(one, asyncio.CancelledError) for one in done), done
        assert served >= 100
        assert lent(balancer) == 0
        assert sum(node.failures for node in balancer.nodes) == 0
        async with balancer.acquire(timeout=1):
            assert lent(balancer) == 1

    with Node() as node:
        asyncio.run(main(node.address))


def test_a_timeout_around_acquire_takes_its_waiter_away() -> None:
    """The place that comes free later goes to somebody who still waits."""

    async def main(address: str) -> None:
        balancer = evenly.Balancer([evenly.Node(address, capacity=1)], slow_start=0)
        async with balancer.acquire(timeout=5):
            for _ in range(20):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.001):
                        async with balancer.acquire(timeout=60):
                            raise AssertionError("there is only one place")
        async with balancer.acquire(timeout=5):
            assert lent(balancer) == 1
        assert lent(balancer) == 0

    with Node() as node:
        asyncio.run(main(node.address))


def forked(work: Callable[[], None]) -> None:
    """Run `work` in a forked child and fail with what it printed if it fails."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the child did not end")


def test_a_forked_child_starts_with_nothing_in_flight() -> None:
    """The parent's loans are the parent's; neither side sees the other's afterwards."""
    with Node() as node:
        balancer = evenly.Balancer([evenly.Node(node.address, capacity=2)], slow_start=0)
        with balancer.pick() as pick:
            assert str(pick) == node.address

            def child() -> None:
                assert lent(balancer) == 0
                with balancer.pick(), balancer.pick():
                    assert lent(balancer) == 2
                assert lent(balancer) == 0

            forked(child)
            assert lent(balancer) == 1
        assert lent(balancer) == 0


def test_a_loan_that_was_open_at_the_fork_does_not_count_twice() -> None:
    """The child leaves the inherited `with` block too: its count stays at zero, never below."""
    with Node() as node:
        balancer = evenly.Balancer([node.address])
        pick = balancer.pick()
        pick.__enter__()

        def child() -> None:
            pick.__exit__(None, None, None)
            assert lent(balancer) == 0
            with balancer.pick():
                assert lent(balancer) == 1

        forked(child)
        assert lent(balancer) == 1
        pick.__exit__(None, None, None)
        assert lent(balancer) == 0


def test_checks_go_on_in_a_forked_child() -> None:
    """The engine's thread does not survive a fork; it is started again where it is needed."""
    with Nginx() as node:
        balancer = evenly.Balancer(
            [node.address], health={"http": "/healthz", "every": "100ms", "fast": "50ms"}
        )
        until(lambda: balancer.nodes[0].last_check is not None, "the parent checks")

        def child() -> None:
            balancer.pick().__enter__()
            before = balancer.nodes[0].last_check
            until(lambda: balancer.nodes[0].last_check != before, "the child checks")

        forked(child)
        before = balancer.nodes[0].last_check
        until(lambda: balancer.nodes[0].last_check != before, "the parent still checks")


def _serve(balancer: evenly.Balancer, pipe: Connection) -> None:
    started = lent(balancer)
    for _ in range(50):
        with balancer.pick() as pick:
            assert asyncio.run(ask(str(pick))).startswith(b"HTTP/1.1 200")
    pipe.send((started, lent(balancer), sum(node.picks for node in balancer.nodes)))


def test_prefork_workers_each_have_books_of_their_own() -> None:
    """As gunicorn's preload does it: made before the fork, used by four children at once."""
    context = multiprocessing.get_context("fork")
    with Node() as one, Node() as two:
        balancer = evenly.Balancer([one.address, two.address])
        with balancer.pick():
            pipes = [context.Pipe() for _ in range(4)]
            children = [
                context.Process(target=_serve, args=(balancer, theirs)) for _, theirs in pipes
            ]
            for child in children:
                child.start()
            for child, (ours, _) in zip(children, pipes, strict=True):
                child.join(60)
                assert child.exitcode == 0
                started, ended, _ = ours.recv()
                assert (started, ended) == (0, 0)
            assert lent(balancer) == 1
        assert one.hits + two.hits == 200
        for ours, theirs in pipes:
            ours.close()
            theirs.close()
