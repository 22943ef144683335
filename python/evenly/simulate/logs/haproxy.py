"""HAProxy's HTTP log (`option httplog`), with or without the head that syslog puts before it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from evenly.simulate.logs.record import Record

# 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 … "GET / HTTP/1.1"
_LINE = re.compile(
    r"(?P<client>\S+):\d+ \[(?P<at>\d+/\w+/\d+:\d+:\d+:\d+\.\d+)\] "
    r"\S+ (?P<cluster>[^\s/]+)/(?P<node>\S+) "
    r"(?P<request>-?\d+)/(?P<wait>-?\d+)/(?P<connect>-?\d+)/(?P<response>-?\d+)/\+?(?P<total>-?\d+) "
    r"(?P<status>-?\d+) .*?\"(?:\S+ (?P<path>\S+)[^\"]*|[^\"]*)\"?$"
)


def looks_like(line: str) -> bool:
    """Whether this may be a line of HAProxy's."""
    return _LINE.search(line) is not None


def read(line: str) -> Record:
    """The request of a line; raises ValueError when it is none. Times of the log are local; the zone cancels out."""
    found = _LINE.search(line)
    if found is None:
        raise ValueError("not a line of `option httplog`")
    # -1 stands for a phase that was never reached.
    request, wait, total = (
        max(0, int(found[name])) / 1000 for name in ("request", "wait", "total")
    )
    accepted = datetime.strptime(found["at"], "%d/%b/%Y:%H:%M:%S.%f").replace(tzinfo=UTC)
    at = accepted.timestamp() + request
    reached = not found["node"].startswith("<") and int(found["connect"]) >= 0
    took = max(0.0, total - request - wait)
    status = int(found["status"])
    return Record(
        at=at,
        node=found["node"] if reached else None,
        began=at + wait,
        took=took,
        total=max(0.0, total - request),
        ok=reached and 0 < status < 500,
        gone=status <= 0,
        client=found["client"].strip("[]"),
        path=found["path"] or "",
        cluster=found["cluster"],
    )
