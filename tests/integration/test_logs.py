"""The access log and the operational log of a running proxy: rotated, full, unread, still exact."""

from __future__ import annotations

import json
import os
import resource
import signal
from pathlib import Path
from typing import Any

from .harness.exchange import Exchange
from .harness.load import Load
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.waiting import until


def paths(file: Path) -> list[str]:
    """The targets of a file's lines, each of which is one whole JSON object."""
    return [json.loads(line)["path"] for line in file.read_text().splitlines()]


def limit(proxy: Proxy, size: int) -> None:
    """No file of the engine may grow beyond `size` bytes, as on a full disk: a write that crosses
    the limit is cut short in the middle of a line, and the next one fails.
    """
    resource.prlimit(proxy.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def after(load: Load, more: int) -> None:
    """Wait until so many more requests were sent."""
    enough = load.tally.sent + more
    until(lambda: load.tally.sent >= enough, f"{more} more requests were sent")


def said(proxy: Proxy, kind: str) -> list[dict[str, Any]]:
    """What the proxy has told of one kind, in JSON."""
    events = [json.loads(line) for line in proxy.stderr().splitlines() if line.startswith("{")]
    return [event for event in events if event["kind"] == kind]


def test_a_log_renamed_under_load_loses_and_tears_no_line() -> None:
    """As logrotate does it: rename, SIGUSR1, again and again; all files together tell each request
    once.
    """
    with Node() as node, Proxy(node) as proxy:
        rounds, files = 8, list[Path]()
        load = Load(proxy.address, 4)
        with load:
            for number in range(rounds):
                after(load, 100)
                files.append(proxy.access.rename(proxy.folder / f"access.jsonl.{number}"))
                proxy.signal(signal.SIGUSR1)
                until(proxy.access.exists, "the log was opened anew")
        tally = load.stop()
        assert not tally.failures
        files.append(proxy.access)

        def told() -> int:
            return sum(len(file.read_text().splitlines()) for file in files)

        until(lambda: told() >= tally.ok, "every request has its line")
        assert sum(len(paths(file)) for file in files) == tally.ok
        assert proxy.metrics().sum("evenly_access_log_dropped_total") == 0
        assert proxy.stderr().count("was opened anew") == rounds


def test_a_full_disk_costs_whole_lines_and_each_is_counted() -> None:
    """The disk fills in the middle of a line. Requests are answered all the same; when there is
    space again the line is finished, and lines written and lines lost are all requests.
    """
    with Node() as node, Proxy(node, log={"events": "json"}) as proxy:
        assert proxy.get("/").status == 200
        size = len(proxy.access.read_bytes()) if proxy.log(1) else 0
        limit(proxy, 40 * size + size // 2)
        with Load(proxy.address, 4) as load:
            until(
                lambda: proxy.metrics().sum("evenly_access_log_dropped_total") > 100,
                "lines are lost",
            )
        tally = load.stop()
        assert not tally.failures
        assert proxy.access.stat().st_size == 40 * size + size // 2
        limit(proxy, resource.RLIM_INFINITY)
        until(lambda: said(proxy, "access_log_caught_up"), "the log is well again")
        assert proxy.get("/last").status == 200
        lost = int(proxy.metrics().sum("evenly_access_log_dropped_total"))
        lines = proxy.log(tally.ok + 2 - lost)
        assert len(lines) == tally.ok + 2 - lost
        assert lines[-1]["path"] == "/last"
        assert proxy.metrics().sum("evenly_access_log_lines_total") == len(lines)
        assert len(said(proxy, "access_log_behind")) == 1
        (caught_up,) = said(proxy, "access_log_caught_up")
        assert caught_up["lost"] == lost


def test_a_disk_that_stays_full_does_not_hold_up_the_end() -> None:
    """What cannot be written is lost and said, the half line is taken back, and the exit code is
    that of any drain.
    """
    with Node() as node, Proxy(node, log={"events": "json"}) as proxy:
        assert proxy.get("/").status == 200
        size = len(proxy.access.read_bytes()) if proxy.log(1) else 0
        limit(proxy, 10 * size + size // 2)
        for _ in range(50):
            assert proxy.get("/").status == 200
        until(lambda: said(proxy, "access_log_behind"), "the log is behind")
        proxy.signal()
        assert proxy.wait() == 0
        written = len(paths(proxy.access))
        (cut,) = said(proxy, "access_log_cut")
        assert written + cut["lost"] == 51
        assert proxy.access.read_bytes().endswith(b"\n")


def test_a_pipe_that_nobody_reads_holds_up_nobody(tmp_path: Path) -> None:
    """Neither requests nor the end: its reader may be a program that hangs."""
    pipe = tmp_path / "access.pipe"
    os.mkfifo(pipe)
    with (
        Node() as node,
        Proxy(node, log={"access": str(pipe)}) as proxy,
        Load(proxy.address, 4) as load,
    ):
        until(
            lambda: proxy.metrics().sum("evenly_access_log_dropped_total") > 0,
            "lines are lost",
        )
        tally = load.stop()
        assert not tally.failures


def test_what_happens_is_told_as_objects_when_asked_for() -> None:
    """Each line on standard error is one JSON object with moment, level, kind and sentence."""
    with Node() as node, Proxy(node, log={"events": "json"}) as proxy:
        assert proxy.get("/").status == 200
        os.kill(proxy.control(), signal.SIGKILL)
        until(lambda: said(proxy, "control_ended"), "the end of the control process is told")
        proxy.signal()
        assert proxy.wait() == 0
        events = [json.loads(line) for line in proxy.stderr().splitlines()]
        assert [event["kind"] for event in events] == ["started", "control_ended", "draining"]
        (started, ended, _) = events
        assert started["listeners"] == [proxy.address]
        assert started["admin"] == proxy.admin
        assert (started["level"], ended["level"]) == ("info", "warning")
        assert "signal: 9" in ended["how"] and ended["how"] in ended["message"]
        assert started["time"] <= ended["time"]


def test_what_happens_is_told_in_sentences_otherwise() -> None:
    """For people, as ever: one sentence a line."""
    with Node() as node, Proxy(node) as proxy:
        proxy.signal()
        assert proxy.wait() == 0
        first, last = proxy.stderr().splitlines()
        assert first == f"evenly: listening on {proxy.address}, admin on {proxy.admin}"
        assert last.startswith("evenly: draining")


def echo(exchange: Exchange) -> None:
    """Answer with the ids that the node was given."""
    exchange.read()
    names = [value for name, value in exchange.headers if name == "x-request-id"]
    exchange.reply(200, ",".join(names).encode())


def test_a_line_tells_of_connection_edition_and_phases() -> None:
    """Two requests of one connection and one of another; the node's connection is made once and
    used again.
    """
    with Node() as node, Proxy(node, proxy={"workers": 1}) as proxy:
        with proxy.client() as client:
            for _ in range(2):
                client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                assert client.response().status == 200
        assert proxy.get("/").status == 200
        first, second, third = proxy.log(3)
        assert first["connection"] == second["connection"] != third["connection"]
        assert [line["reused"] for line in (first, second, third)] == [False, True, True]
        assert 0 < first["seconds"]["connect"] <= first["seconds"]["node"]
        assert second["seconds"]["connect"] == third["seconds"]["connect"] == 0
        for line in (first, second, third):
            assert (line["edition"], line["id"]) == (1, None)
            seconds = line["seconds"]
            parts = seconds["queue"] + seconds["node"] + seconds["body"]
            assert parts <= seconds["total"] + 3e-6


def test_each_request_has_an_id_that_its_node_and_the_log_share() -> None:
    """A stranger's own id is replaced: it could be anybody's."""
    with Node(echo) as node, Proxy(node, listen={"request_id": True}) as proxy:
        told = []
        for field in ((), (), ("X-Request-Id: mine",), ("x-request-id: a", "X-REQUEST-ID: b")):
            answer = proxy.get("/", *field)
            told.append(answer.body.decode())
        assert len(set(told)) == 4
        assert all(len(name) == 32 and int(name, 16) >= 0 for name in told)
        assert {line["id"] for line in proxy.log(4)} == set(told)


def test_the_id_of_a_trusted_client_is_kept() -> None:
    """It is a proxy of ours; what is no id is replaced all the same."""
    listen = {"request_id": True, "trusted": ["127.0.0.0/8"]}
    with Node(echo) as node, Proxy(node, listen=listen) as proxy:
        assert proxy.get("/", "X-Request-Id: 0af7-65").body == b"0af7-65"
        assert proxy.get("/", "X-Request-Id: " + "x" * 129).body != b"x" * 129
        assert len(proxy.get("/", "X-Request-Id: two words").body) == 32
        ids = [line["id"] for line in proxy.log(3)]
        assert "0af7-65" in ids


def test_without_the_option_an_id_is_a_field_like_any_other() -> None:
    """It is passed on as it came, and none is made."""
    with Node(echo) as node, Proxy(node) as proxy:
        assert proxy.get("/", "X-Request-Id: mine").body == b"mine"
        assert proxy.get("/").body == b""
