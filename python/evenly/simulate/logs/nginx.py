"""nginx: the format `combined` with the times of its upstream behind it, or any `log_format` of one's own.

nginx writes a line when the response has been sent, so a request came in `$request_time` before the line's time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from evenly.simulate.logs.record import Record

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)
"""What nginx writes unless it is told otherwise. It lacks all times; see `NEEDED`."""

NEEDED = ("request_time", "upstream_addr", "upstream_response_time")
"""Without these a log says neither who answered nor how long it took."""

ADVICE = (
    f"log_format evenly '{COMBINED} '\n"
    '    \'rt=$request_time ua="$upstream_addr" urt="$upstream_response_time" ms=$msec\';'
)

LEFT = 499
"""nginx's status for a client that left before there was an answer."""

Reader: TypeAlias = Callable[[str], Record]

# Behind `combined`, the names by which people know the variables, in any order.
_KEYS = {
    "rt": "request_time",
    "ua": "upstream_addr",
    "us": "upstream_addr",
    "urt": "upstream_response_time",
    "ms": "msec",
    "msec": "msec",
}
_KEYS |= {name: name for name in (*NEEDED,)}
_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|(\S+))')
# A value that holds commas and spaces: one entry for each node that was tried.
_LISTS = {"upstream_addr", "upstream_response_time", "upstream_status"}


def pattern(log_format: str) -> re.Pattern[str]:
    """The regular expression of a `log_format`; raises ValueError when it lacks what a replay needs."""
    names = re.findall(r"\$\{?(\w+)\}?", log_format)
    if lacking := [f"${name}" for name in NEEDED if name not in names]:
        raise ValueError(f"the log_format lacks {', '.join(lacking)}; write\n{ADVICE}")
    if not {"msec", "time_iso8601", "time_local"} & set(names):
        raise ValueError("the log_format has no time: add $msec")
    made, seen = "", set[str]()
    for text, name in re.findall(r"([^$]+)|\$\{?(\w+)\}?", log_format):
        if text:
            made += re.escape(text)
        elif name in seen:
            made += r".*?"
        else:
            seen.add(name)
            made += f"(?P<{name}>{'.+?' if name in _LISTS else '.*?'})"
    return re.compile(made + "$")


def reader(log_format: str) -> Reader:
    """Reads lines of that `log_format`."""
    expression = pattern(log_format)

    def read_line(line: str) -> Record:
        found = expression.match(line)
        if found is None:
            raise ValueError("the line does not have the given log_format")
        return _record(found.groupdict())

    return read_line


_COMBINED = re.compile(
    r"(?P<remote_addr>\S+) - (?P<remote_user>\S+) \[(?P<time_local>[^\]]+)\] \"(?P<request>[^\"]*)\" "
    r"(?P<status>\d+) (?P<body_bytes_sent>\d+)(?P<rest>.*)$"
)


def looks_like(line: str) -> bool:
    """Whether this may begin like `combined`."""
    return _COMBINED.match(line) is not None


def read(line: str) -> Record:
    """The request of a line of `combined` with `rt=`, `ua=` and `urt=` behind it; raises ValueError otherwise."""
    found = _COMBINED.match(line)
    if found is None:
        raise ValueError("not a line of nginx's format combined")
    fields: dict[str, str | None] = dict(found.groupdict())
    for key, quoted, bare in _PAIR.findall(found["rest"]):
        if key in _KEYS:
            fields[_KEYS[key]] = quoted or bare
    if lacking := [f"${name}" for name in NEEDED if name not in fields]:
        raise ValueError(f"the line lacks {', '.join(lacking)}; let nginx write them:\n{ADVICE}")
    return _record(fields)


def _record(fields: dict[str, str | None]) -> Record:
    total = _seconds(fields.get("request_time"))
    ended = _moment(fields)
    nodes = _entries(fields.get("upstream_addr"))
    times = _entries(fields.get("upstream_response_time"))
    node = nodes[-1] if nodes and nodes[-1] != "-" else None
    took = _seconds(times[-1]) if times else 0.0
    request = fields.get("request") or ""
    target = request.split(" ")[1] if request.count(" ") >= 1 else ""
    status = int(fields.get("status") or 0)
    return Record(
        at=ended - total,
        node=node,
        began=ended - took,
        took=took,
        total=total,
        ok=node is not None and 0 < status < 500 and status != LEFT,
        gone=status == LEFT,
        client=fields.get("remote_addr") or "",
        path=fields.get("request_uri") or fields.get("uri") or target,
    )


def _entries(text: str | None) -> list[str]:
    """The nodes that were tried for a request, or their times: `a, b` within a group, ` : ` between groups."""
    return [entry.strip() for entry in re.split(r",| : ", text or "") if entry.strip()]


def _seconds(text: str | None) -> float:
    return float(text) if text and text != "-" else 0.0


def _moment(fields: dict[str, str | None]) -> float:
    if msec := fields.get("msec"):
        return float(msec)
    if iso := fields.get("time_iso8601"):
        return datetime.fromisoformat(iso).timestamp()
    return datetime.strptime(fields.get("time_local") or "", "%d/%b/%Y:%H:%M:%S %z").timestamp()
