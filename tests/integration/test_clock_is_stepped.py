"""The wall clock is set forward and back by hours while requests flow; only the stamps in logs notice.

A shim in front of the C library shifts what the proxy reads from CLOCK_REALTIME. That the proxy's clock goes through
the shim is shown twice: the log's stamps jump, and with the monotonic clock shifted too, connections are cut.
"""

from __future__ import annotations

import contextlib
import itertools
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from .harness.load import Load
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.state import nodes
from .harness.waiting import until

HOURS = 6
STEPS = (HOURS * 3600, -HOURS * 3600, 0)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim as a library."""
    built = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).parent / "harness" / "clock.c"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return built


class Clock:
    """The file that the shim reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.step(0)

    def step(self, seconds: int) -> None:
        """Set the clock to so many seconds from the true time, in one go."""
        new = self.path.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.path)


@contextlib.contextmanager
def shifted(
    shim: Path, path: Path, *made: Node, monotonic: bool = False
) -> Iterator[tuple[Proxy, Clock]]:
    """A proxy whose clock is the test's."""
    clock = Clock(path)
    cluster = {
        "health": {"http": "/healthz", "every": "100ms", "fast": "100ms"},
        "slow_start": "0s",
        "ejection": {"consecutive": 1},
    }
    proxy = Proxy(*made, cluster=cluster)
    proxy.environment = {"LD_PRELOAD": str(shim), "SHIFT_FILE": str(path)}
    if monotonic:
        proxy.environment["SHIFT_MONOTONIC"] = "1"
    with proxy:
        yield proxy, clock


def test_a_step_of_hours_is_noticed_by_no_client(shim: Path, tmp_path: Path) -> None:
    """Forward, back, and right again: no failure, no timeout, no node ejected or marked down."""
    with (
        Node() as one,
        Node() as two,
        shifted(shim, tmp_path / "shift", one, two) as (proxy, clock),
        proxy.client() as idle,
    ):
        idle.send(b"GET /before HTTP/1.1\r\nHost: t\r\n\r\n")
        assert idle.response().status == 200
        with Load(proxy.address, 4) as load:
            for step in STEPS:
                load.more()
                clock.step(step)
                load.more()
                found = nodes(proxy)
                assert {node["reason"] for node in found.values()} == {"serving"}
                assert {node["failures"] for node in found.values()} == {0}
                # A connection that rested through the step is still open.
                idle.send(b"GET /after HTTP/1.1\r\nHost: t\r\n\r\n")
                assert idle.response().status == 200
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]
        # The stamps are the wall clock's: they prove that the step reached the proxy.
        stamps = [datetime.fromisoformat(line["time"]) for line in proxy.log(tally.ok)]
        spread = (max(stamps) - min(stamps)).total_seconds()
        assert spread > (2 * HOURS - 1) * 3600
        # What took how long does not: an hour in it would be the step.
        assert all(0 <= line["seconds"]["total"] < 3600 for line in proxy.log(tally.ok))


def test_the_other_clock_would_have_been_noticed(shim: Path, tmp_path: Path) -> None:
    """The same step of the clock that the proxy does use cuts a resting connection: the test above can fail."""
    with (
        Node() as node,
        shifted(shim, tmp_path / "shift", node, monotonic=True) as (proxy, clock),
        proxy.client() as idle,
    ):
        idle.send(b"GET /before HTTP/1.1\r\nHost: t\r\n\r\n")
        assert idle.response().status == 200
        hours = itertools.count(HOURS, HOURS)
        idle.socket.settimeout(0.2)

        def cut() -> bool:
            # Its rest may have begun after a step; the next one ends it.
            clock.step(next(hours) * 3600)
            return idle.receive() == b""

        until(cut, "the connection that rested for hours is cut")
