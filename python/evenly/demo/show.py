"""Directs the demo: starts everything, lets it play, shows it, and says in the end what it was."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING

from evenly.demo import stage, summary
from evenly.demo.cast import CAST, CLIENTS, trouble
from evenly.demo.plain import Plain
from evenly.demo.scene import Scene
from evenly.demo.traffic import Tally, ask_forever

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.demo.screen import Screen
    from evenly.demo.stage import Stage

_LOOK_EVERY = 0.2
"""Seconds between two looks at the proxy: six of them make the last second."""


def show(seconds: float) -> int:
    """Shows the demo for so many seconds, or until Ctrl-C; returns the exit code."""
    scene, tally = Scene(seconds), Tally()
    failed: list[BaseException] = []
    with stage.built() as built:
        try:
            asyncio.run(_play(built, scene, tally))
        except* stage.DemoFailed as group:
            failed.extend(group.exceptions)
    if failed:
        raise failed[0]
    for line in summary.lines(scene, tally):
        print(line)
    return 0


async def _play(built: Stage, scene: Scene, tally: Tally) -> None:
    """Traffic, the failing node's part, looks at the proxy and frames, side by side until the end."""
    scene.begin()
    with _interruptible() as interrupted, _view() as view:
        async with asyncio.TaskGroup() as group:
            parts = [
                *(ask_forever(built.port, tally) for _ in range(CLIENTS)),
                _act(built, scene),
                _watch(built, scene),
                _draw(view, scene, tally),
            ]
            tasks = [group.create_task(part) for part in parts]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(interrupted.wait(), scene.seconds)
            for task in tasks:
                task.cancel()
        scene.end()
        view.show(scene, tally)


async def _act(built: Stage, scene: Scene) -> None:
    """The node that fails does so for a while."""
    begins, ends = trouble(scene.seconds)
    (actor,) = (actor for actor in CAST if actor.fails)
    row = scene.rows[actor.name]
    await asyncio.sleep(begins)
    await _look(built, scene)
    asked, all_asked = row.picks, scene.total()
    built.order(actor, "fail")
    row.failing = row.has_failed = True
    scene.happens(f"node {actor.name} begins to answer 503 at once", good=False)
    await asyncio.sleep(ends - begins)
    built.order(actor, "heal")
    await _look(built, scene)
    row.failing = False
    share = f"{row.picks - asked:,} of {scene.total() - all_asked:,} requests"
    scene.happens(
        f"node {actor.name} has recovered; it got {share} meanwhile; nobody tells the proxy",
        good=True,
    )


async def _watch(built: Stage, scene: Scene) -> None:
    """What the proxy says about its nodes."""
    while True:
        built.check()
        await _look(built, scene)
        await asyncio.sleep(_LOOK_EVERY)


async def _look(built: Stage, scene: Scene) -> None:
    state = await asyncio.to_thread(built.ask, "/v1/clusters")
    if state is not None:
        scene.take(state, built.addresses)


async def _draw(view: Screen | Plain, scene: Scene, tally: Tally) -> None:
    while True:
        await asyncio.sleep(view.every)
        view.show(scene, tally)


def _view() -> Screen | Plain:
    if not sys.stdout.isatty():
        return Plain()
    # Only here: a pipe needs no rich.
    from evenly.demo.screen import Screen

    return Screen()


@contextlib.contextmanager
def _interruptible() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set, so that either ends with the summary."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    try:
        yield event
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
