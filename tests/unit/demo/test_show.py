"""The demo from its start to its end, with the real proxy: what `make demo` runs."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-m", "evenly", "demo"]


@pytest.fixture
def marked() -> Iterator[dict[str, str]]:
    """An environment by which every process of the demo is known; none of them may outlive it."""
    mark = f"EVENLY_DEMO_MARK={uuid.uuid4()}"
    name, value = mark.split("=")
    yield {**os.environ, name: value}
    assert alive(mark) == []


def alive(mark: str) -> list[str]:
    """Command lines of the processes that carry the mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            # Gone, or not ours.
            continue
    return found


def test_without_a_terminal_it_prints_lines_and_ends_by_itself(marked: dict[str, str]) -> None:
    """Moments, events, and a summary: the failing node is avoided and hardly a client sees it."""
    run = subprocess.run(
        [*COMMAND, "--seconds", "4"], capture_output=True, text=True, env=marked, check=True
    )
    assert run.stderr == ""
    assert "\x1b" not in run.stdout
    assert "* node d begins to answer 503 at once" in run.stdout
    # By its breaker, or, where few requests wait on it, by the strategy before a breaker has seen enough.
    meanwhile = re.search(r"it got ([0-9,]+) of ([0-9,]+) requests meanwhile", run.stdout)
    assert meanwhile is not None
    got, of_all = (int(number.replace(",", "")) for number in meanwhile.groups())
    assert got < of_all / 4
    told = re.search(
        r"^([0-9,]+) requests in 4 s, ([0-9,]+) failures? seen", run.stdout, re.MULTILINE
    )
    assert told is not None
    requests, failures = (int(number.replace(",", "")) for number in told.groups())
    # The promise for this scenario with default settings: at most one request in a thousand fails.
    assert failures <= requests / 1000
    share = {name: float(part) for name, part in re.findall(r"node (\w) +([0-9.]+)%", run.stdout)}
    assert sum(share.values()) == pytest.approx(100, abs=0.3)
    # Dealt out in turn, the slow node would have had a quarter of what all were asked.
    assert share["c"] < 25
    assert "Try next:" in run.stdout


def test_ctrl_c_ends_it_with_the_summary(marked: dict[str, str]) -> None:
    """On a terminal: a live table, then Ctrl-C, the summary, and exit code 0."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "--seconds", "60"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**marked, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
    ) as process:
        os.close(slave)
        seen = ""
        while "serving" not in seen:
            seen += os.read(master, 65536).decode(errors="replace")
        process.send_signal(signal.SIGINT)
        seen += drained(master)
    os.close(master)
    assert process.returncode == 0
    assert "╭─" in seen
    assert "failures clients saw" in seen
    assert "requests in " in seen
    assert "Try next:" in seen
    assert "Traceback" not in seen


def drained(master: int) -> str:
    """All that is still written, until the other side is closed."""
    text = ""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            # How Linux says that the other side of a terminal is closed.
            return text
        if not chunk:
            return text
        text += chunk.decode(errors="replace")


def test_a_killed_demo_takes_everything_along(marked: dict[str, str]) -> None:
    """`kill -9` leaves no chance to clean up, and still nothing stays: the fixture looks."""
    with subprocess.Popen(
        [*COMMAND, "--seconds", "60"], stdout=subprocess.PIPE, env=marked
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.kill()
        process.wait()
    mark = f"EVENLY_DEMO_MARK={marked['EVENLY_DEMO_MARK']}"
    # The kernel tells the children at once; they take a moment to end.
    while alive(mark):
        time.sleep(0.01)
