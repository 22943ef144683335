"""Runs that end early: by Ctrl-C, or because who is told of the progress has seen enough."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest

from evenly.simulate import Exponential, Interrupted, Poisson, Results, simulate


def small(**changes: Any) -> Results:
    """Ten nodes at 90 % load, with something changed."""
    return simulate(
        nodes=10, arrivals=Poisson(rate=9), service=Exponential(mean=1), seed=7, **changes
    )


def test_progress_is_told_and_may_stop_the_run() -> None:
    """What was done until then is kept, and it is said that it is not all."""
    told: list[tuple[int, int | None]] = []

    def progress(done: int, total: int | None) -> bool:
        told.append((done, total))
        return done < 200_000

    usual = {"strategies": "random", "requests": 100_000_000, "progress": progress}
    made = small(**usual, warmup=0)
    assert not made.complete
    assert told[-1][1] == 100_000_000
    assert told == sorted(told)
    assert 200_000 <= made[0].requests < 100_000_000
    assert made.notes[-1] == f"stopped early: random after {made[0].requests:,} requests"
    assert 1 < float(made[0].mean) < 100
    assert made[0].lost == 0
    made = small(**usual, warmup=0.99)
    assert made.notes[-1].endswith(" requests, all of them its warm-up: it has no figures")


def test_ctrl_c_keeps_what_is_done() -> None:
    """It is a KeyboardInterrupt that carries the results; a strategy that had not begun is named."""
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    timer.start()
    began = time.monotonic()
    with pytest.raises(Interrupted) as caught:
        small(strategies=["random", "round_robin"], requests=1_000_000_000, cores=1)
    assert time.monotonic() - began < 30
    timer.join()
    kept = caught.value.results
    assert [result.label for result in kept] == ["random"]
    assert kept[0].requests > 0
    assert kept.notes[-1].endswith("; round_robin before it began")
