"""What the demo has shown, in a few lines, and what to try next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenly.demo.traffic import quantile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.demo.scene import Scene
    from evenly.demo.traffic import Tally


def lines(scene: Scene, tally: Tally) -> Iterator[str]:
    """Requests, failures that clients saw, and each node's share."""
    yield ""
    failures = "1 failure" if tally.failed == 1 else f"{tally.failed:,} failures"
    yield f"{tally.asked:,} requests in {scene.elapsed:.0f} s, {failures} seen by clients."
    yield (
        f"Half were answered in {quantile(tally.waits, 0.5) * 1000:.0f} ms, "
        f"99 % in {quantile(tally.waits, 0.99) * 1000:.0f} ms."
    )
    yield ""
    answers = sum(tally.by_node.values())
    for name, row in scene.rows.items():
        share = tally.by_node[name] / answers if answers else 0.0
        fails = ", and failed for a while" if row.has_failed else ""
        yield f"  node {name}  {share:6.1%}  answers in {row.actor.delay * 1000:.0f} ms{fails}"
    yield ""
    yield "Dealt out in turn, each node would have had 25 %. Try next:"
    yield ""
    yield "  evenly serve --listen 127.0.0.1:8080 --to 127.0.0.1:9001,127.0.0.1:9002"
    yield "  evenly strategies                      which node a request can go to, and why"
    yield "  evenly demo --seconds 60               the same, to watch in peace"
