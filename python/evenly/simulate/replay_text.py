"""A replay, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from evenly.simulate.table import UNITS, unit_of

if TYPE_CHECKING:
    from evenly.simulate.replay import Replay

__all__ = ["lines"]

COLUMNS = ("mean", "p50", "p99", "peak_to_mean", "lost", "retries")


def lines(replay: Replay) -> Iterator[str]:
    """What the log holds, what its nodes are like, and what each strategy would have given."""
    log, logged = replay.log, replay.logged
    rate = logged.requests / log.seconds if log.seconds else 0.0
    yield (
        f"{logged.requests:,} requests in {log.seconds:,.0f} s, {rate:,.1f} per second (log of {log.format})"
    )
    yield ""
    yield from _nodes(replay)
    yield from (f"note: {note}" for note in replay.notes)
    yield ""
    yield f"as logged: {_figures(replay)}"
    yield ""
    yield "with the nodes as they were"
    yield from _indented(str(replay.calm.table(*COLUMNS)))
    for node, results in replay.dead.items():
        yield ""
        yield f"if {node} dies after {replay.dies_at:,.0f} s"
        yield from _indented(str(results.table(*COLUMNS)))


def _nodes(replay: Replay) -> Iterator[str]:
    unit = unit_of(max(fit.mean_work for fit in replay.fits.values()))
    rows = [("node", "requests", "failed", f"work [{unit}]", "at a time")]
    for fit in replay.fits.values():
        servers = str(fit.concurrency) if fit.concurrency else f"{fit.most_at_once} or more"
        work = f"{fit.mean_work * UNITS[unit]:,.3g}"
        rows.append((fit.id, f"{fit.requests:,}", f"{fit.failures:,}", work, servers))
    yield from _aligned(rows)


def _figures(replay: Replay) -> str:
    logged = replay.logged
    unit = unit_of(logged.p99)
    times = ", ".join(
        f"{name} {value * UNITS[unit]:,.3g} {unit}"
        for name, value in (("mean", logged.mean), ("p50", logged.p50), ("p99", logged.p99))
    )
    return f"{times}, {logged.failed:,} failed"


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {line}" for line in text.splitlines())


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [f"{row[0]:<{widths[0]}}"]
        cells += [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "   ".join(cells)
