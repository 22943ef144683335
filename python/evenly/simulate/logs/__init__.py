"""Access logs of ours, of nginx and of HAProxy, as records.

Whole seconds are spread: where a log knows no parts of a second (nginx without `$msec`), the requests of one second
are set evenly into it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING

from evenly.errors import EvenlyError
from evenly.simulate.logs import evenly_log, haproxy, nginx
from evenly.simulate.logs.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Log", "LogUnreadable", "Record", "read_log"]

MOST = 1_000_000
"""Requests that are taken from a log; the rest would tell the same again."""

_TRIED = 20
"""Lines that are looked at to find out who wrote a log."""

_FORMATS = {"evenly": evenly_log, "haproxy": haproxy, "nginx": nginx}


class LogUnreadable(EvenlyError, ValueError):
    """A log of which nothing can be made. The message says which line, why, and what to do."""


@dataclass(frozen=True)
class Log:
    """A log, read."""

    records: tuple[Record, ...]
    """In the order in which the requests came in."""
    format: str
    unread: int
    """Lines that were passed over because they are not requests."""
    spread: bool
    """Whether the log knew whole seconds only."""
    more: bool
    """Whether the log goes on beyond what was taken."""

    @property
    def seconds(self) -> float:
        """From the first request to the last."""
        return self.records[-1].at - self.records[0].at


def read_log(path: str | Path, *, log_format: str | None = None) -> Log:
    """Read an access log; the format is found out, or given as nginx's `log_format`.

    Raises `LogUnreadable` when less than half of its lines are requests, or fewer than two are.
    """
    file = Path(path)
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return _read(str(path), (line.rstrip("\r\n") for line in lines), log_format)
    except OSError as error:
        raise LogUnreadable(f"{path}: cannot be read: {error.strerror}") from error


def _read(name: str, lines: Iterable[str], log_format: str | None) -> Log:
    rows = iter(lines)
    head = list(islice(rows, _TRIED))
    label, read = _reader(name, head, log_format)
    records: list[Record] = []
    unread, first, more = 0, "", False
    for number, row in enumerate(chain(head, rows), start=1):
        if not row.strip():
            continue
        if len(records) == MOST:
            more = True
            break
        try:
            records.append(read(row))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            unread += 1
            first = first or f"{name}:{number}: {error}"
    if len(records) < 2 or unread > len(records):
        raise LogUnreadable(first or f"{name}: the log holds fewer than two requests")
    records.sort(key=lambda record: record.at)
    whole = all(record.at == int(record.at) or _ended_whole(record) for record in records[:1000])
    return Log(tuple(_spread(records) if whole else records), label, unread, whole, more)


def _reader(
    name: str, head: list[str], log_format: str | None
) -> tuple[str, Callable[[str], Record]]:
    if log_format is not None:
        try:
            return "nginx", nginx.reader(log_format)
        except ValueError as error:
            raise LogUnreadable(f"log format: {error}") from error
    for label, module in _FORMATS.items():
        if any(module.looks_like(row) for row in head):
            return label, module.read
    number, shown = next(((at, row) for at, row in enumerate(head, 1) if row.strip()), (0, ""))
    if not number:
        raise LogUnreadable(f"{name}: is empty: name a log that holds requests")
    raise LogUnreadable(
        f"{name}:{number}: {shown[:80]!r} is neither a line of our access log, nor of HAProxy's `option httplog`, nor "
        "of nginx's combined format. An nginx log_format of your own is given with --log-format (in Python: log_format)"
    )


def _ended_whole(record: Record) -> bool:
    ended = record.at + record.total
    return abs(ended - round(ended)) < 1e-6


def _spread(records: list[Record]) -> list[Record]:
    moved = []
    for second, group in groupby(records, key=lambda record: int(record.at)):
        same = list(group)
        for turn, record in enumerate(same):
            at = second + turn / len(same)
            moved.append(replace(record, at=at, began=record.began + at - record.at))
    return moved
