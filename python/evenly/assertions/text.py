"""Outcomes as a person reads them: a line for what holds, the whole story for what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenly.config.model import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evenly.assertions.outcome import Outcome, Row

LISTED = 20
"""Nodes that a table shows; the busiest first."""


def lines(outcome: Outcome, where: str) -> Iterator[str]:
    """One outcome; `where` is its place in the file."""
    if outcome.held:
        yield f"ok    {outcome.name}"
        return
    yield f"FAIL  {outcome.name}"
    yield from (f"      {text}".rstrip() for text in _story(outcome, where))


def _story(outcome: Outcome, where: str) -> Iterator[str]:
    yield f"{where}: cluster {outcome.cluster}" + (
        f", with {outcome.given}" if outcome.given else ""
    )
    for finding in outcome.findings:
        if not finding.held:
            yield f"expected  {finding.asked}"
            yield f"got       {finding.got}"
    yield from (f"why       {why}" for why in outcome.why)
    if outcome.nodes:
        yield ""
        yield from table(outcome.nodes)
        yield ""


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Who got what."""
    shown = sorted(rows, key=lambda row: -row.picks)[:LISTED] if len(rows) > LISTED else rows
    cells = [
        ("node", "weight", "picks", "share", "answered", "failed"),
        *(
            (
                row.id,
                str(row.weight),
                f"{row.picks:,}",
                f"{row.share * 100:.1f} %",
                f"{row.answered:,}",
                f"{row.failed:,}",
            )
            for row in shown
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *rest in cells:
        yield "  ".join(
            [
                first.ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)),
            ]
        )
    if len(rows) > LISTED:
        yield f"and {len(rows) - LISTED} more"


def summary(outcomes: Sequence[Outcome]) -> str:
    """The last line."""
    broken = sum(not outcome.held for outcome in outcomes)
    held = len(outcomes) - broken
    if not broken:
        return f"{count(held, 'assertion')} {'holds' if held == 1 else 'hold'}"
    return f"{count(len(outcomes), 'assertion')}: {held} hold, {broken} {'does' if broken == 1 else 'do'} not"
