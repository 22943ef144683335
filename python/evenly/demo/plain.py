"""Plain lines, for a log or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from evenly.demo.scene import Row, Scene
    from evenly.demo.traffic import Tally

EVERY = 2.0
"""Seconds between two lines."""


class Plain:
    """Prints a line per moment, and one per event."""

    every = EVERY

    def __init__(self) -> None:
        self._told = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put back."""

    def show(self, scene: Scene, tally: Tally) -> None:
        """What happened since, and how it stands."""
        for event in scene.events[self._told :]:
            print(f"{event.at:5.1f} s  * {event.text}", flush=True)
        self._told = len(scene.events)
        nodes = "  ".join(_node(row) for row in scene.rows.values())
        print(
            f"{scene.elapsed:5.1f} s  {tally.rate():5.0f} requests/s, {tally.failed} failures seen"
            f"  |  {nodes}",
            flush=True,
        )


def _node(row: Row) -> str:
    latency = f"{row.latency * 1000:.0f} ms" if row.latency is not None else "-"
    health = "" if row.serving else f" {row.reason}"
    return f"{row.actor.name} {row.share:.1%} {row.in_flight} in flight {latency}{health}"
