"""A short soak: the same program that `make soak` runs for ten minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.soak.run import Pace, Soak
from scripts.soak.table import table

if TYPE_CHECKING:
    from pathlib import Path


def test_the_books_balance_after_traffic_of_every_kind(tmp_path: Path) -> None:
    """Nodes and control processes are killed meanwhile, and whatever fails has such a death to name."""
    report = Soak(Pace.of(0.6, seed=4, reload=2.0), tmp_path).run()
    print(table(report))
    assert not report.wrong
    assert report.done["nodes killed"] and report.done["control processes killed"]
