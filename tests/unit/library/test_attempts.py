"""Trying again elsewhere."""

from __future__ import annotations

import asyncio

import pytest

from evenly import Balancer, InvalidSetting
from evenly.testing import VirtualClock

THREE = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]


def balancer_of_three(**options: object) -> Balancer:
    """Three nodes, retries without a pause."""
    retries = {"backoff": 0, **options.pop("retries", {})}  # type: ignore[dict-item]
    return Balancer(THREE, retries=retries, **options)


def test_the_first_success_ends_the_attempts() -> None:
    """Most work needs one."""
    balancer = balancer_of_three()
    numbers = []
    for attempt in balancer.attempts(3):
        with attempt:
            numbers.append(attempt.number)
    assert numbers == [1]
    assert sum(node.picks for node in balancer.nodes) == 1


def test_a_failure_that_counts_is_swallowed_until_the_last_try() -> None:
    """Then it passes, and each try was on another node."""
    balancer = balancer_of_three()
    met = []
    with pytest.raises(ConnectionError, match="try 3"):
        for attempt in balancer.attempts(3):
            with attempt as pick:
                met.append(pick.id)
                raise ConnectionError(f"try {attempt.number}")
    assert sorted(met) == THREE
    assert all(node.failures == 1 for node in balancer.nodes)


def test_a_bug_of_the_caller_passes_at_once() -> None:
    """It would fail everywhere."""
    balancer = balancer_of_three()
    with pytest.raises(KeyError):
        for attempt in balancer.attempts(3):
            with attempt:
                raise KeyError
    assert sum(node.picks for node in balancer.nodes) == 1
    assert sum(node.failures for node in balancer.nodes) == 0


def test_a_bad_status_is_tried_again_without_an_exception() -> None:
    """Told with pick.status; after the last try the caller holds the last answer."""
    balancer = balancer_of_three()
    answers = iter([503, 200, 200])
    seen = []
    for attempt in balancer.attempts(3):
        with attempt as pick:
            seen.append(next(answers))
            pick.status(seen[-1])
    assert seen == [503, 200]


def test_when_all_nodes_were_tried_the_failure_passes() -> None:
    """Ten tries over three nodes are three tries."""
    balancer = balancer_of_three()
    made = 0
    with pytest.raises(ConnectionError):
        for attempt in balancer.attempts(10):
            with attempt:
                made += 1
                raise ConnectionError
    assert made == 3


def test_all_callers_draw_on_one_budget() -> None:
    """Retries <= budget at the start + share of the requests, however many callers fail.

    The clock stands still, so nothing is earned by time; ejection is off, so nothing hides a retry.
    """
    clock = VirtualClock()
    retries = {"backoff": 0, "budget_share": 0.2, "budget_per_second": 0}
    balancer = clock.balancer(THREE, retries=retries, ejection=None)
    requests, made = 200, 0
    for _ in range(requests):
        for attempt in balancer.attempts(2):
            with attempt as pick:
                made += 1
                pick.fail()
    started_with = 10
    assert requests < made <= requests * 1.2 + started_with


def test_attempts_await_in_a_coroutine() -> None:
    """`async for` goes through the same tries; a cancelled task leaves nothing out."""
    balancer = balancer_of_three()

    async def work() -> list[int]:
        numbers = []
        async for attempt in balancer.attempts(3):
            with attempt as pick:
                numbers.append(attempt.number)
                await asyncio.sleep(0)
                if attempt.number < 2:
                    pick.fail("not yet")
        return numbers

    assert asyncio.run(work()) == [1, 2]
    assert sum(node.in_flight for node in balancer.nodes) == 0


def test_a_break_gives_the_node_back() -> None:
    """Leaving the loop leaves the block."""
    balancer = balancer_of_three()
    for attempt in balancer.attempts(3):
        with attempt:
            break
    assert sum(node.in_flight for node in balancer.nodes) == 0


@pytest.mark.parametrize("most", [0, -1, True, 2.0, "3"])
def test_a_number_of_tries_that_cannot_be_is_refused(most: object) -> None:
    """It says what to write."""
    with pytest.raises(InvalidSetting, match="whole number from 1"):
        balancer_of_three().attempts(most)  # type: ignore[arg-type]  # that is the point


def test_no_try_begins_after_the_deadline() -> None:
    """A timeout bounds the tries together; one second in, two are left of three, and none begins."""
    clock = VirtualClock()
    balancer = clock.balancer(THREE, retries={"backoff": 0})
    numbers = []
    with pytest.raises(ConnectionError):
        for attempt in balancer.attempts(3, timeout="1s"):
            with attempt:
                numbers.append(attempt.number)
                clock.advance(1.0)
                raise ConnectionError
    assert numbers == [1]


def test_within_the_deadline_tries_go_on() -> None:
    """Time that is left is used."""
    clock = VirtualClock()
    balancer = clock.balancer(THREE, retries={"backoff": 0})
    numbers = []
    with pytest.raises(ConnectionError):
        for attempt in balancer.attempts(3, timeout=1.0):
            with attempt:
                numbers.append(attempt.number)
                clock.advance(0.4)
                raise ConnectionError
    assert numbers == [1, 2, 3]
