"""Our own access log: one JSON object a line."""

from __future__ import annotations

import json
from datetime import datetime

from evenly.simulate.logs.record import Record


def looks_like(line: str) -> bool:
    """Whether this may be a line of ours."""
    return line.startswith("{")


def read(line: str) -> Record:
    """The request of a line; raises ValueError, KeyError or TypeError when it is none."""
    found = json.loads(line)
    seconds = found["seconds"]
    at = datetime.fromisoformat(found["time"]).timestamp()
    took = float(seconds["node"]) + float(seconds["body"])
    total = float(seconds["total"])
    status = int(found["status"])
    return Record(
        at=at,
        node=found["node"],
        began=at + total - took,
        took=took,
        total=total,
        ok=0 < status < 500,
        gone=status == 0,
        client=str(found["client"] or ""),
        path=str(found["path"]),
        cluster=str(found["cluster"]),
    )
