"""Waiting for a place."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

import pytest

from evenly import Balancer, Node, NoNodeAvailable, Pick


def one_place(**options: object) -> Balancer:
    """A balancer with a single place."""
    return Balancer([Node("10.0.0.1:80", capacity=1)], **options)


def until(condition: object) -> None:
    """Wait for something another thread does; pytest's own time-out ends it when it never comes."""
    while not condition():  # type: ignore[operator]  # any callable
        time.sleep(0.001)


async def queued(balancer: Balancer) -> None:
    """Let other tasks run until one of them waits."""
    while balancer.waiting == 0:  # noqa: ASYNC110  # nobody sets an event when the queue grows
        await asyncio.sleep(0)


def test_a_free_place_is_taken_at_once() -> None:
    """Nobody waits for what is there, not even with no time to wait."""
    balancer = one_place()
    with balancer.acquire(timeout=0) as pick:
        assert pick.id == "10.0.0.1:80"
        assert balancer.nodes[0].in_flight == 1
    assert balancer.nodes[0].in_flight == 0


def test_who_waits_gets_the_place_that_is_given_back() -> None:
    """The one inside leaves, the one outside enters."""
    balancer = one_place()
    pick = balancer.pick()
    entered: list[Pick] = []

    def wait() -> None:
        with balancer.acquire(timeout=60) as mine:
            entered.append(mine)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: balancer.waiting == 1)
    assert not entered
    pick.__exit__(None, None, None)
    thread.join()
    assert len(entered) == 1
    assert balancer.nodes[0].in_flight == 0


def test_the_queue_is_first_come_first_served() -> None:
    """Five threads queue up one after the other and enter in that order."""
    balancer = one_place()
    pick = balancer.pick()
    entered: list[int] = []

    def wait(number: int) -> None:
        with balancer.acquire(timeout=60):
            entered.append(number)

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        until(lambda number=number: balancer.waiting == number + 1)
    # Nobody overtakes those who wait.
    with pytest.raises(NoNodeAvailable):
        balancer.pick()
    pick.__exit__(None, None, None)
    for thread in threads:
        thread.join()
    assert entered == [0, 1, 2, 3, 4]


def test_when_time_is_over_the_refusal_says_so() -> None:
    """And the place in the queue is given up."""
    balancer = one_place()
    with balancer.pick():
        with pytest.raises(NoNodeAvailable) as refusal, balancer.acquire(timeout=0.02):
            pass
        assert refusal.value.reason == "queue_timeout"
        assert balancer.waiting == 0


def test_a_full_queue_refuses_at_once() -> None:
    """It is bounded: waiting behind very many helps nobody."""
    balancer = one_place(queue={"length": 0})
    with balancer.pick():
        with pytest.raises(NoNodeAvailable) as refusal, balancer.acquire(timeout=60):
            pass
        assert refusal.value.reason == "queue_full"


def test_waiting_where_it_cannot_help_is_refused_at_once() -> None:
    """No place will come free on drained nodes."""
    balancer = one_place()
    balancer.drain("10.0.0.1:80")
    with pytest.raises(NoNodeAvailable), balancer.acquire(timeout=60):
        pass


def test_ctrl_c_ends_the_wait_and_leaves_nothing() -> None:
    """A signal interrupts the thread that waits, and its turn is given up."""
    balancer = one_place()
    pick = balancer.pick()
    main = threading.get_ident()

    def press() -> None:
        until(lambda: balancer.waiting == 1)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt), balancer.acquire(timeout=60):
        pass
    thread.join()
    assert balancer.waiting == 0
    pick.__exit__(None, None, None)
    assert balancer.nodes[0].in_flight == 0


def test_a_task_waits_without_blocking_the_loop() -> None:
    """`async with` lets the task that holds the place run on and give it back."""
    balancer = one_place()
    order: list[str] = []

    async def first() -> None:
        async with balancer.acquire(timeout=60):
            order.append("first in")
            await queued(balancer)
            order.append("first out")

    async def second() -> None:
        async with balancer.acquire(timeout=60):
            order.append("second in")

    async def main() -> None:
        await asyncio.gather(first(), second())

    asyncio.run(main())
    assert order == ["first in", "first out", "second in"]
    assert balancer.nodes[0].in_flight == 0


def test_a_task_whose_time_is_over_is_refused() -> None:
    """The same refusal as for a thread."""

    async def main() -> str:
        balancer = one_place()
        with balancer.pick():
            try:
                async with balancer.acquire(timeout=0.02):
                    return "entered"
            except NoNodeAvailable as refusal:
                return refusal.reason

    assert asyncio.run(main()) == "queue_timeout"


@pytest.mark.parametrize("given_back_first", [False, True])
def test_a_cancelled_task_leaks_nothing(given_back_first: bool) -> None:
    """Also when the place arrives in the very moment of the cancellation."""

    async def main() -> tuple[int, int]:
        balancer = one_place()
        pick = balancer.pick()

        async def wait() -> None:
            async with balancer.acquire(timeout=60):
                pass

        task = asyncio.create_task(wait())
        await queued(balancer)
        if given_back_first:
            pick.__exit__(None, None, None)  # delivered, but the task has not run yet
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if not given_back_first:
            pick.__exit__(None, None, None)
        return balancer.waiting, balancer.nodes[0].in_flight

    assert asyncio.run(main()) == (0, 0)


def test_a_thousand_tasks_share_three_places() -> None:
    """Everybody gets in, never more than three at a time, and nothing is left."""
    balancer = Balancer([Node("10.0.0.1:80", capacity=3)])
    inside = most = 0

    async def work() -> None:
        nonlocal inside, most
        async with balancer.acquire(timeout=60):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def main() -> None:
        await asyncio.gather(*(work() for _ in range(1000)))

    asyncio.run(main())
    assert most == 3
    assert (balancer.waiting, balancer.nodes[0].in_flight) == (0, 0)
    assert balancer.nodes[0].picks == 1000


def test_threads_wait_while_others_come_and_go() -> None:
    """Eight threads, two places, two hundred turns each: the ledger balances at the end."""
    balancer = Balancer([Node("10.0.0.1:80", capacity=2)])
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(200):
                with balancer.acquire(timeout=60):
                    os.sched_yield()
        except BaseException as error:  # noqa: BLE001  # told by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (balancer.waiting, balancer.nodes[0].in_flight) == (0, 0)
    assert balancer.nodes[0].picks == 1600
