"""At the end: the clients' books, the nodes' records and the access log, held against each other number by number."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.soak.books import Books, Failure, Fate
from scripts.soak.nodes import Member

NUMBER = re.compile(r"[?&]id=(\d+)")
BROKEN_BY_NODE = frozenset(
    {"node_reset", "connect_failed", "connect_timeout", "retry_budget_spent", "tries_spent"}
)
"""Reasons that a killed node explains."""


@dataclass
class Row:
    """One node's books. `recorded` must equal `named` + `elsewhere` - `unseen` + `twice`."""

    recorded: int = 0
    named: int = 0
    """Lines of the log that name it."""
    elsewhere: int = 0
    """Recorded here, but the line names the node that was tried after it."""
    unseen: int = 0
    """Named, but the request did not reach it: the node was dead, or the client left before."""
    twice: int = 0
    """Recorded again after it came back: an idempotent request whose connection had broken."""

    @property
    def balanced(self) -> bool:
        """Whether every request is accounted for."""
        return self.recorded == self.named + self.elsewhere - self.unseen + self.twice


@dataclass
class Line:
    """What matters of a line of the log."""

    node: str | None
    tries: int
    status: int
    reason: str | None
    cluster: str


@dataclass
class Audit:
    """What was found."""

    wrong: list[str] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    lines: int = 0
    unnumbered: Counter[str] = field(default_factory=Counter)
    """Lines without a number, by reason: heads that were never complete."""
    tries: Counter[str] = field(default_factory=Counter)
    """Tries by cluster."""
    retried: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    """Failures that a killed node explains, by their kind and reason."""

    def blame(self, what: str) -> None:
        """Something that must not be; the first hundred are told."""
        if len(self.wrong) < 100:
            self.wrong.append(what)


def audit(books: Books, logs: Iterable[Path], members: list[Member]) -> Audit:
    """Hold all against all."""
    found = Audit()
    named = {member.address: member for member in members}
    lines = _lines(books, logs, found)
    hits = _hits(books, members, found)
    for number in range(1, books.total + 1):
        line = lines.get(number)
        if line is None:
            if books.fates[number] is not Fate.OPEN:
                found.blame(f"request {number} has no line in the log")
            continue
        span = books.began[number], books.ended[number]
        _account(found, named, number, line, hits.get(number, []), span, books.fates[number])
    for failure in books.failures:
        _explain(found, named, failure, lines.get(failure.number), books)
    for name, row in found.rows.items():
        if not row.balanced:
            found.blame(f"{name}: its books do not balance: {row}")
    return found


def _lines(books: Books, logs: Iterable[Path], found: Audit) -> dict[int, Line]:
    """The log by number."""
    lines: dict[int, Line] = {}
    for raw in _read(logs):
        match = NUMBER.search(raw["path"])
        if match is None:
            found.unnumbered[raw["reason"] or "-"] += 1
            continue
        number = int(match[1])
        found.lines += 1
        found.tries[raw["cluster"]] += raw["tries"]
        found.retried += max(0, raw["tries"] - 1)
        if number in lines:
            found.blame(f"request {number} has two lines in the log")
        if not 0 < number <= books.total:
            found.blame(f"request {number} is in the log, and nobody sent it")
        lines[number] = Line(
            raw["node"], raw["tries"], raw["status"], raw["reason"], raw["cluster"]
        )
    return lines


def _read(logs: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for log in logs:
        with log.open() as text:
            for line in text:
                yield json.loads(line)


def _hits(books: Books, members: list[Member], found: Audit) -> dict[int, list[Member]]:
    """Where each number was recorded, as often as it was."""
    hits: dict[int, list[Member]] = {}
    for member in members:
        row = found.rows.setdefault(member.name, Row())
        for number in member.hits():
            row.recorded += 1
            hits.setdefault(number, []).append(member)
            if not 0 < number <= books.total:
                found.blame(f"{member.name} has a request {number} that nobody sent")
    return hits


def _account(
    found: Audit,
    named: dict[str, Member],
    number: int,
    line: Line,
    hits: list[Member],
    span: tuple[float, float],
    fate: int,
) -> None:
    """One request at the nodes: at the one that its line names exactly once, unless a death explains otherwise."""
    if line.node is None:
        if hits:
            found.blame(f"request {number} was at {hits[0].name}, and its line names no node")
        return
    member = named[line.node]
    row = found.rows[member.name]
    row.named += 1
    here = sum(one is member for one in hits)
    if here == 0:
        row.unseen += 1
        if not (fate == Fate.LEFT or member.absent(*span)):
            found.blame(f"request {number} never came to {member.name}: {line}")
    elif here > 1:
        row.twice += here - 1
        if not member.absent(*span):
            found.blame(f"request {number} came {here} times to {member.name}: {line}")
    others = [one for one in hits if one is not member]
    for other in others:
        found.rows[other.name].elsewhere += 1
        if not other.absent(*span):
            found.blame(f"request {number} was also at {other.name}, which lived: {line}")
    if len(others) > line.tries - 1:
        found.blame(f"request {number} was at {len(others)} other nodes: {line}")


def _explain(
    found: Audit,
    named: dict[str, Member],
    failure: Failure,
    line: Line | None,
    books: Books,
) -> None:
    """A failure is forgiven when its node was killed, and nobody could have tried again."""
    if line is None:
        found.blame(f"{failure}: no line in the log")
        return
    repeatable = failure.idempotent and failure.fate is not Fate.BROKEN
    span = books.began[failure.number], books.ended[failure.number]
    killed = line.node is not None and named[line.node].absent(*span)
    tunnel = line.status == 101 and line.reason is None
    if not repeatable and killed and (tunnel or line.reason in BROKEN_BY_NODE):
        found.explained[f"{failure.kind}: {line.reason or 'socket ended'}"] += 1
    else:
        found.blame(f"{failure}: {line}")
