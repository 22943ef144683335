"""Forks: the child starts at zero, the parent's picks stay the parent's."""

from __future__ import annotations

import multiprocessing
import os
import threading
from typing import TYPE_CHECKING

from evenly import Balancer, Node, NoNodeAvailable

if TYPE_CHECKING:
    from collections.abc import Callable


def in_child(work: Callable[[], object]) -> str:
    """Fork, and give what the child says."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = repr(work())
        except BaseException as error:  # noqa: BLE001  # nothing may escape a forked test
            said = repr(error)
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0
    return said


def two() -> Balancer:
    """Two nodes of capacity 2."""
    return Balancer(["10.0.0.1:80", "10.0.0.2:80"], capacity=2, strategy="round_robin")


def test_a_child_starts_with_nothing_in_flight() -> None:
    """The parent's picks are not the child's to wait for: all four places are free there."""
    balancer = two()
    held = [balancer.pick() for _ in range(4)]

    def work() -> tuple[list[int], int]:
        before = [node.in_flight for node in balancer.nodes]
        return before, len([balancer.pick() for _ in range(4)])

    assert in_child(work) == "([0, 0], 4)"
    assert [node.in_flight for node in balancer.nodes] == [2, 2]
    del held
    assert [node.in_flight for node in balancer.nodes] == [0, 0]


def test_a_parents_pick_left_in_the_child_changes_nothing_there() -> None:
    """Neither leaving nor dropping it; the child's own picks count as usual."""
    balancer = two()
    held = [balancer.pick() for _ in range(3)]

    def work() -> tuple[list[int], int]:
        own = balancer.pick()
        held.pop().__exit__(OSError, OSError(), None)
        held.clear()
        counts = [node.in_flight for node in balancer.nodes]
        own.__exit__(None, None, None)
        return sorted(counts), sum(node.in_flight for node in balancer.nodes)

    assert in_child(work) == "([0, 1], 0)"


def test_parent_and_child_draw_differently() -> None:
    """Two processes with the same stream of chance would meet at the same nodes."""
    balancer = Balancer([f"10.0.0.{at}:80" for at in range(1, 101)], strategy="random")

    def draws() -> list[str]:
        return [balancer.pick().id for _ in range(20)]

    draws()
    child = in_child(draws)
    assert child != repr(draws())  # equal with probability 100^-20


def test_the_engine_thread_comes_back_in_the_child() -> None:
    """What needs it works there: an ejection ends with nobody but the thread watching the time."""

    def ejecting() -> Balancer:
        nodes = ["10.0.0.1:80", "10.0.0.2:80"]
        balancer = Balancer(nodes, ejection={"base": 0.05, "consecutive": 1})
        balancer.pick()
        return balancer

    def work(balancer: Balancer) -> bool:
        pick = balancer.pick()
        pick.fail()
        pick.__exit__(None, None, None)
        ejected = [node.reason for node in balancer.nodes].count("breaker_open") == 1
        while "breaker_open" in [node.reason for node in balancer.nodes]:
            os.sched_yield()
        return ejected

    of_parent, of_child = ejecting(), ejecting()
    assert work(of_parent)
    assert in_child(lambda: work(of_child)) == "True"


def test_forks_while_threads_pick_and_wait_never_hang() -> None:
    """Thirty forks amid traffic and an engine thread at work: each child picks, and ends."""
    balancer = Balancer(
        [Node(f"127.0.0.1:{port}", capacity=2) for port in (1, 2, 3)],
        health={"tcp": True, "every": 0.005, "fast": 0.005},
    )
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                with balancer.acquire(timeout=0.01):
                    os.sched_yield()
            except NoNodeAvailable:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            assert in_child(lambda: len([balancer.pick() for _ in range(6)])) == "6"
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_multiprocessing_workers_have_a_balancer_of_their_own() -> None:
    """Forked workers of a parent that has picks out see only their own."""
    context = multiprocessing.get_context("fork")
    balancer, answers = two(), context.SimpleQueue()
    held = balancer.pick()

    def work() -> None:
        with balancer.pick():
            answers.put(sum(node.in_flight for node in balancer.nodes))

    workers = [context.Process(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [answers.get() for _ in workers] == [1, 1, 1]
    held.__exit__(None, None, None)
    assert sum(node.in_flight for node in balancer.nodes) == 0
