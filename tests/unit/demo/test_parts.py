"""The parts of the demo: real nodes, real clients, processes that end with us, and honest figures."""

from __future__ import annotations

import asyncio
import io
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from evenly.demo import child, summary
from evenly.demo.cast import CAST, trouble
from evenly.demo.scene import Scene
from evenly.demo.screen import frame
from evenly.demo.traffic import Tally, ask_forever, quantile

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = {f"127.0.0.1:{9000 + number}": actor.name for number, actor in enumerate(CAST)}


def state(picks: dict[str, int], out: str = "") -> dict[str, Any]:
    """What the proxy would say."""
    nodes = [
        {
            "address": address,
            "picks": picks[name],
            "in_flight": 1,
            "latency": 0.01,
            "serving": name != out,
            "reason": "breaker_open" if name == out else "serving",
        }
        for address, name in NAMES.items()
    ]
    return {"clusters": [{"name": "nodes", "strategy": "power_of_two", "nodes": nodes}]}


def node(*words: str) -> subprocess.Popen[bytes]:
    """A node of the demo in its own process."""
    return child.start(
        ["-m", "evenly.demo.node", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def port(process: subprocess.Popen[bytes]) -> int:
    """Where it listens."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def ask(connection: socket.socket) -> str:
    """One request on an open connection; the response's status and body."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = b""
    while not answer.endswith(b"\n") or b"\r\n\r\n" not in answer:
        answer += connection.recv(4096)
    head, _, body = answer.decode().partition("\r\n\r\n")
    return f"{head.split()[1]} {body.strip()}"


def test_a_node_answers_fails_and_heals_on_one_connection() -> None:
    """Keep-alive all the way; orders come by its standard input."""
    with node("x", "0.001") as process:
        assert process.stdin is not None
        with socket.create_connection(("127.0.0.1", port(process))) as connection:
            assert ask(connection) == "200 hello from x"
            for order, answer in ("fail", "503 down from x"), ("heal", "200 hello from x"):
                process.stdin.write(f"{order}\n".encode())
                process.stdin.flush()
                # The order travels another way than the question, so it may take a moment.
                while ask(connection) != answer:
                    time.sleep(0.001)
        child.end(process)
        assert process.returncode is not None


def test_a_process_ends_with_its_parent() -> None:
    """Even when the parent is killed and cannot clean up."""
    code = (
        "from evenly.demo import child; import os, signal\n"
        "print(child.start(['-c', 'import time; print(flush=True); time.sleep(3600)']).pid, flush=True)\n"
        "input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        # The empty line says that it is what it was started for, not still on its way there.
        assert parent.stdout.readline() == b"\n"
        parent.kill()
    while Path(f"/proc/{orphan}").exists() and not _is_zombie(orphan):
        time.sleep(0.005)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def until(holds: Callable[[], bool]) -> None:
    """Returns once it holds; the test's own time limit ends what never does."""
    while not holds():  # noqa: ASYNC110 - the tally is plain data, which signals nobody
        await asyncio.sleep(0.001)


def test_clients_count_what_they_see() -> None:
    """Good answers by node; a failing node's answers and a dead one's silence are failures."""

    async def play() -> Tally:
        tally = Tally()
        with node("x", "0.001") as process:
            assert process.stdin is not None
            client = asyncio.create_task(ask_forever(port(process), tally))
            await until(lambda: tally.by_node["x"] >= 10)
            process.stdin.write(b"fail\n")
            process.stdin.flush()
            await until(lambda: tally.failed >= 10)
            child.end(process)
            failed = tally.failed
            await until(lambda: tally.failed >= failed + 2)
            client.cancel()
        return tally

    tally = asyncio.run(play())
    assert tally.asked == tally.failed + tally.by_node["x"]
    assert len(tally.waits) == tally.by_node["x"]
    assert min(tally.waits) >= 0.001


def test_a_node_ends_with_its_orders() -> None:
    """When whoever gives orders is gone, so is the node, without a word of complaint."""
    command = [sys.executable, "-m", "evenly.demo.node", "x", "0"]
    process = subprocess.run(command, input=b"", capture_output=True, check=True)
    assert process.stderr == b""


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_exceeded_by_no_more_than_the_rest(values: list[float], share: float) -> None:
    """The definition, on any values."""
    limit = quantile(values, share)
    assert limit in values
    assert sum(value > limit for value in values) <= (1 - share) * len(values) + 1e-9 * len(values)


def test_shares_are_those_of_the_last_second() -> None:
    """Six looks, a fifth of a second apart: what lies before them no longer counts."""
    scene = Scene(20)
    picks = {"a": 1000, "b": 0, "c": 0, "d": 0}
    for _ in range(10):
        scene.take(state(picks), NAMES)
        picks = {**picks, "b": picks["b"] + 30, "c": picks["c"] + 10}
    assert [round(row.share, 9) for row in scene.rows.values()] == [0, 0.75, 0.25, 0]
    assert scene.total() == 1000 + 9 * 40
    assert scene.strategy == "power_of_two"


def test_what_the_proxy_decides_becomes_an_event_once() -> None:
    """Out and back, each told when it changes and not again."""
    scene = Scene(20)
    picks = dict.fromkeys("abcd", 0)
    for out in "", "d", "d", "", "":
        scene.take(state(picks, out), NAMES)
    assert [(event.text, event.good) for event in scene.events] == [
        ("node d gets no more requests: breaker_open", False),
        ("node d is back", True),
    ]


def test_a_frame_fits_any_terminal_and_shows_every_node() -> None:
    """No word is cut at 80 columns, and no line is longer than the terminal."""
    scene, tally = Scene(20), Tally()
    scene.take(state(dict.fromkeys("abcd", 10), out="d"), NAMES)
    for width in 80, 100, 200:
        console = Console(width=width, record=True, file=io.StringIO())
        console.print(frame(scene, tally, width))
        text = console.export_text()
        assert max(len(line) for line in text.splitlines()) <= width
        assert "…" not in text.replace("all settings", "")
        assert text.count("● serving") == 3
        assert text.count("● breaker_open") == 1


def test_the_summary_says_what_clients_saw() -> None:
    """Requests, failures, and the share of each node's good answers."""
    scene, tally = Scene(20, began=100.0, ended=120.0), Tally()
    for name, count in {"a": 50, "b": 40, "c": 10}.items():
        for _ in range(count):
            tally.good(name, 0.01)
    tally.bad()
    scene.rows["d"].has_failed = True
    text = "\n".join(summary.lines(scene, tally))
    assert "101 requests in 20 s, 1 failure seen by clients.\nHalf were answered in 10 ms" in text
    assert "node c   10.0%  answers in 100 ms" in text
    assert "node d    0.0%  answers in 10 ms, and failed for a while" in text


@given(st.floats(1, 3600))
def test_the_failing_node_fails_and_recovers_within_any_show(seconds: float) -> None:
    """There is time to see it before, meanwhile and afterwards."""
    begins, ends = trouble(seconds)
    assert 0.2 * seconds <= begins < ends <= 0.5 * seconds
