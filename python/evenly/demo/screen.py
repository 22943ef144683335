"""The live table of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.box import ROUNDED
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from evenly.demo.scene import FAILS

if TYPE_CHECKING:
    from types import TracebackType

    from evenly.demo.scene import Event, Row, Scene
    from evenly.demo.traffic import Tally

EVERY = 0.125
"""Seconds between two frames: smooth to the eye, nothing to the processor."""

_WIDEST = 110
_BESIDE_THE_BAR = 85
"""What everything but the bar takes, so that a narrow terminal shortens the bar and no word."""

_NARROW = 100
"""Below this the share so far is left out; the summary tells it in the end."""

_EIGHTHS = " ▏▎▍▌▋▊▉"
_EVENTS = 6


class Screen:
    """Draws frames until it is left; the last one stays."""

    every = EVERY

    def __init__(self) -> None:
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, scene: Scene, tally: Tally) -> None:
        """One frame."""
        self._live.update(frame(scene, tally, self._console.width), refresh=True)


def frame(scene: Scene, tally: Tally, columns: int) -> Panel:
    """Everything in one box: figures, nodes, what happened."""
    width = min(columns, _WIDEST)
    return Panel(
        Group(_figures(tally), Text(), _nodes(scene, width), Text(), *_story(scene)),
        title=f"[b]evenly[/b] · {scene.strategy or '…'}, all settings at their defaults",
        subtitle=f"{_clock(scene)}  Ctrl-C ends it",
        title_align="left",
        subtitle_align="right",
        border_style="cyan",
        box=ROUNDED,
        padding=(1, 2, 0, 2),
        width=width,
    )


def _figures(tally: Tally) -> Table:
    """What the clients see."""
    grid = Table.grid(expand=True)
    for ratio in (2, 2, 3, 3):
        grid.add_column(justify="center", ratio=ratio)
    failures = Text(f"{tally.failed:,}", style="bold green" if not tally.failed else "bold red")
    slowest = tally.quantile_lately(0.99) * 1000
    grid.add_row(
        Text(f"{tally.rate():,.0f}", style="bold"),
        Text(f"{tally.asked:,}", style="bold"),
        failures,
        Text(f"{slowest:.0f} ms", style="bold"),
    )
    grid.add_row(
        *(
            Text(words, style="dim")
            for words in ("requests/s", "requests", "failures clients saw", "99 % answered in")
        )
    )
    return grid


def _nodes(scene: Scene, width: int) -> Table:
    narrow = width < _NARROW
    bar = max(5, width - _BESIDE_THE_BAR + (9 if narrow else 0))
    table = Table(box=None, expand=True, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("node", no_wrap=True)
    table.add_column("answers in", no_wrap=True, min_width=len(FAILS))
    table.add_column("share now", no_wrap=True)
    if not narrow:
        table.add_column("so far", justify="right", no_wrap=True, min_width=6)
    table.add_column("in flight", justify="right", no_wrap=True)
    table.add_column("latency", justify="right", no_wrap=True, min_width=7)
    table.add_column("health", no_wrap=True, ratio=1)
    total = scene.total()
    for row in scene.rows.values():
        so_far = row.picks / total if total else 0.0
        table.add_row(
            Text(row.actor.name, style="bold"),
            Text(row.does, style="red" if row.failing else ""),
            _bar(row, bar),
            *([] if narrow else [f"{so_far:.1%}"]),
            str(row.in_flight),
            f"{row.latency * 1000:.0f} ms" if row.latency is not None else "–",
            _health(row),
        )
    return table


def _bar(row: Row, width: int) -> Text:
    """The share as a bar: half of all traffic is the whole width, since four nodes share it."""
    filled = min(1.0, 2 * row.share) * width
    whole, rest = int(filled), int((filled % 1) * 8)
    bar = "█" * whole + (_EIGHTHS[rest] if rest else "")
    style = "cyan" if row.serving else "red"
    return Text.assemble((f"{bar:<{width}}", style), f" {row.share:6.1%}")


def _health(row: Row) -> Text:
    if row.serving:
        word = row.reason if row.reason not in ("", "serving") else "serving"
        return Text.assemble(("● ", "green"), word)
    return Text.assemble(("● ", "red"), (row.reason or "out", "red"))


def _story(scene: Scene) -> list[Text]:
    """The last events; room is kept for all, so that the box does not jump."""
    lines = [_line(event) for event in scene.events[-_EVENTS:]]
    return lines + [Text()] * (_EVENTS - len(lines))


def _line(event: Event) -> Text:
    return Text.assemble(
        (f"{event.at:5.1f} s  ", "dim"), (event.text, "green" if event.good else "yellow")
    )


def _clock(scene: Scene) -> str:
    return f"{min(scene.elapsed, scene.seconds):.0f} of {scene.seconds:.0f} s"
