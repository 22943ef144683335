"""Outside its range a formula refuses, and says which range that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evenly.theory.closed import (
    OutOfDomain,
    balls,
    hashing,
    mg1,
    mm1,
    mmc,
    power_of_d,
    round_robin,
    shortest_queue,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OVERLOADED: list[Callable[[float], object]] = [
    mm1.mean_response,
    mm1.in_system,
    lambda rho: mmc.mean_response(4, rho),
    lambda rho: mg1.mean_response(rho, 1.0),
    lambda rho: round_robin.mean_response(4, rho),
    lambda rho: power_of_d.mean_response(2, rho),
    lambda rho: power_of_d.correction(2, rho),
    lambda rho: power_of_d.least_work_response(2, rho),
    shortest_queue.mean_response_two,
]


@pytest.mark.parametrize("formula", OVERLOADED)
def test_overload_has_no_equilibrium(formula: Callable[[float], object]) -> None:
    """At a utilisation of 1 the queue grows for ever; below 0 there is no such thing."""
    with pytest.raises(OutOfDomain, match="grows for ever"):
        formula(1.0)
    with pytest.raises(OutOfDomain, match=r"must lie in \[0, 1\), not -0.1"):
        formula(-0.1)


@pytest.mark.parametrize("formula", [f for f in OVERLOADED if f is not mm1.in_system])
def test_without_load_a_request_takes_its_own_service(formula: Callable[[float], object]) -> None:
    """Idle nodes: a mean response of one mean service, and nothing to correct."""
    assert formula(0.0) in {0.0, 1.0}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mm1.quantile(1.0, 0.5), r"level of a quantile must lie in \[0, 1\)"),
        (lambda: mm1.tail(-1.0, 0.5), "time must be at least 0"),
        (lambda: mmc.erlang_c(0, 0.5), "servers must be at least 1"),
        (lambda: mmc.servers_for(0.0, 1.0), "share of losses"),
        (lambda: mg1.mean_wait(0.5, -1.0), "cv2 must be at least 0"),
        (lambda: round_robin.found_busy(0, 0.5), "nodes must be at least 1"),
        (lambda: power_of_d.tails(0, 0.5), "choices must be at least 1"),
        (
            lambda: power_of_d.mean_response_of(2, 3, 0.5),
            "3 different nodes cannot be drawn from 2",
        ),
        (lambda: balls.fullest(1, 0), "bins must be at least 1"),
        (lambda: hashing.ring_peak(0, 1), "nodes must be at least 1"),
        (lambda: hashing.maglev_peak(10, 9), "table must be at least 10"),
        (lambda: split.optimal([], 1.0), "at least one node"),
        (lambda: split.optimal([1.0, 0.0], 0.5), "speed must be positive"),
        (lambda: split.proportional([1.0, 2.0], 3.0), "what all nodes together can do"),
        (lambda: split.mean_response([1.0], [1.0]), "must get less than that"),
        (lambda: split.mean_response([1.0], [0.0]), "no request"),
        (lambda: split.uniform_choice_limit([1.0], 2), "between 1 and the 1 nodes"),
        (lambda: shortest_queue.in_system_bound([], 1.0), "at least one node"),
    ],
)
def test_a_value_outside_the_range_is_refused_with_the_range(
    call: Callable[[], object], words: str
) -> None:
    """The message is what a reader needs to repair the call."""
    with pytest.raises(OutOfDomain, match=words):
        call()


def test_times_are_in_the_unit_of_the_service() -> None:
    """A service of 5 ms makes every time 5 ms long where it was 1."""
    assert mm1.mean_response(0.9, 0.005) == pytest.approx(0.05)
    assert mmc.quantile(0.99, 4, 0.9, 0.005) == pytest.approx(0.005 * mmc.quantile(0.99, 4, 0.9))
    assert power_of_d.quantile(0.99, 2, 0.9, 0.005) == pytest.approx(
        0.005 * power_of_d.quantile(0.99, 2, 0.9)
    )
