"""Access logs of ours, of nginx and of HAProxy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenly.simulate.logs import LogUnreadable, evenly_log, haproxy, nginx, read_log

if TYPE_CHECKING:
    from pathlib import Path

OURS = {
    "time": "2026-11-22T12:00:00.250000Z", "listener": "web", "client": "10.0.0.9", "cluster": "users",
    "node": "10.0.0.1:80", "method": "GET", "path": "/a?b=1", "status": 200, "reason": None, "tries": 1,
    "bytes_in": 80, "bytes_out": 300, "seconds": {"total": 0.5, "queue": 0.1, "node": 0.3, "body": 0.05},
}  # fmt: skip
NGINX = (
    '10.0.0.9 - - [22/Nov/2026:12:00:01 +0000] "GET /a?b=1 HTTP/1.1" {status} 300 "-" "curl/8" '
    'rt=0.500 ua="{nodes}" urt="{times}" ms=1795348800.750'
)
HAPROXY = (
    "Nov 22 12:00:01 host haproxy[1]: 10.0.0.9:33317 [22/Nov/2026:12:00:00.250] web users/{node} "
    '{times} {status} 300 - - ---- 1/1/1/1/0 0/0 "GET /a?b=1 HTTP/1.1"'
)


def written(folder: Path, *lines: str) -> Path:
    """A log with these lines."""
    path = folder / "access.log"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_line_of_ours_tells_when_the_last_try_began() -> None:
    """Total minus node and body is what went before: reading, queue, earlier tries."""
    record = evenly_log.read(json.dumps(OURS))
    assert (record.node, record.client, record.path, record.ok) == (
        "10.0.0.1:80", "10.0.0.9", "/a?b=1", True,
    )  # fmt: skip
    assert record.took == pytest.approx(0.35)
    assert record.began - record.at == pytest.approx(0.15, abs=1e-6)


def test_a_line_of_nginx_is_written_when_the_request_has_ended() -> None:
    """So it came in by its request time earlier; the last of several upstreams answered."""
    record = nginx.read(
        NGINX.format(status=200, nodes="10.0.0.2:80, 10.0.0.1:80", times="0.100, 0.350")
    )
    assert record.node == "10.0.0.1:80"
    assert record.at == pytest.approx(1795348800.25)
    assert record.began == pytest.approx(1795348800.40)
    assert (record.took, record.ok, record.path) == (0.35, True, "/a?b=1")


@pytest.mark.parametrize(("status", "ok"), [(200, True), (404, True), (499, False), (503, False)])
def test_a_client_error_is_an_answer_and_a_server_error_is_not(*, status: int, ok: bool) -> None:
    """499 is nginx's word for a client that left."""
    assert nginx.read(NGINX.format(status=status, nodes="a:1", times="0.1")).ok is ok


def test_a_log_format_of_ones_own_is_understood(tmp_path: Path) -> None:
    """As it stands in nginx.conf."""
    log = read_log(
        written(tmp_path, "7.500|0.2|a:1|0.1|GET /x HTTP/1.1|200", "8.500|0.2|b:1|0.1|GET /y HTTP/1.1|200"),
        log_format="$msec|$request_time|$upstream_addr|$upstream_response_time|$request|$status",
    )  # fmt: skip
    assert [(record.node, record.path) for record in log.records] == [("a:1", "/x"), ("b:1", "/y")]
    assert log.records[0].at == pytest.approx(7.3)


def test_a_line_of_haproxy_tells_its_phases() -> None:
    """Request 10 ms, queue 100, connect 30, response 69, in all 309: the node had it for 199."""
    record = haproxy.read(HAPROXY.format(node="s1", times="10/100/30/69/309", status=200))
    assert (record.node, record.client, record.path, record.ok) == (
        "s1",
        "10.0.0.9",
        "/a?b=1",
        True,
    )
    assert record.took == pytest.approx(0.199)
    assert record.began - record.at == pytest.approx(0.1, abs=1e-6)
    assert record.total == pytest.approx(0.299)


def test_a_request_that_haproxy_gave_to_nobody_has_no_node() -> None:
    """<NOSRV>, and a server it could not connect to."""
    for node, times in (("<NOSRV>", "0/-1/-1/-1/0"), ("s1", "0/0/-1/-1/3")):
        record = haproxy.read(HAPROXY.format(node=node, times=times, status=503))
        assert (record.node, record.ok) == (None, False)


def test_the_format_is_found_out(tmp_path: Path) -> None:
    """From the first lines."""
    for name, line in {
        "evenly": json.dumps(OURS),
        "nginx": NGINX.format(status=200, nodes="a:1", times="0.1"),
        "haproxy": HAPROXY.format(node="s1", times="0/0/1/2/3", status=200),
    }.items():
        log = read_log(written(tmp_path, line, line, "", "not a request"))
        assert (log.format, len(log.records), log.unread) == (name, 2, 1)


def test_requests_of_one_whole_second_are_spread_over_it(tmp_path: Path) -> None:
    """nginx without $msec: four requests at :01 stand at quarters of that second."""
    line = NGINX.format(status=200, nodes="a:1", times="0.000").replace(" ms=1795348800.750", "")
    line = line.replace("rt=0.500", "rt=0.000")
    log = read_log(written(tmp_path, *[line] * 4))
    assert log.spread
    first = log.records[0].at
    assert [record.at - first for record in log.records] == pytest.approx([0, 0.25, 0.5, 0.75])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["what", "is this"], "neither a line of our access log"),
        (["what", "is this"], "--log-format"),
        ([], "is empty"),
        (["", " "], "is empty"),
        ([json.dumps(OURS)], "fewer than two requests"),
        (['1.2.3.4 - - [22/Nov/2026:12:00:01 +0000] "GET / HTTP/1.1" 200 3 "-" "-"'] * 2, "log_format evenly"),
    ],
)  # fmt: skip
def test_a_log_of_which_nothing_can_be_made_says_what_to_do(
    lines: list[str], told: str, tmp_path: Path
) -> None:
    """A guess would be worse than an error."""
    with pytest.raises(LogUnreadable, match=told):
        read_log(written(tmp_path, *lines))


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the system's own words."""
    with pytest.raises(LogUnreadable, match=r"none\.log: cannot be read: No such file"):
        read_log(tmp_path / "none.log")


@given(st.text(max_size=200))
def test_no_line_breaks_a_reader(line: str) -> None:
    """Whatever stands in a log, a reader gives a record or one of the errors that are counted."""
    for reader in (evenly_log.read, nginx.read, haproxy.read):
        try:
            reader(line)
        except (ValueError, KeyError, TypeError, IndexError):
            continue


def test_no_line_is_lost_between_the_first_ones_and_the_rest(tmp_path: Path) -> None:
    """The first twenty are looked at twice."""
    lines = [json.dumps({**OURS, "path": f"/{turn}"}) for turn in range(50)]
    paths = [record.path for record in read_log(written(tmp_path, *lines)).records]
    assert paths == [f"/{turn}" for turn in range(50)]
