"""The scenarios that the benchmark compares proxies by, played with ours alone and judged by what does not depend
on the speed of the machine: shares and failures.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.scenarios import rig, scenarios
from benchmarks.scenarios.products import WAYS

OURS = next(way for way in WAYS if way.product == "evenly")
SCENARIOS = {one.id: one for one in scenarios.SCENARIOS}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the compiled nodes and load."""
    folder = tmp_path_factory.mktemp("programs")
    rig.compiled(folder)
    return folder


def played(programs: Path, name: str) -> Sequence[rig.Request]:
    """Play one scenario once and check that the play itself went well."""
    requests, _ = rig.play(programs, OURS, SCENARIOS[name])
    assert len(requests) > 100, "too few to judge by"
    return requests


def test_a_slow_node_gets_a_small_part_of_the_traffic_and_nobody_fails(programs: Path) -> None:
    """A: blind turns give it 25 %. One client of 32 always waiting for it makes 0.2 %, and a busy machine, on which the
    others look slow as well, a little more: a tenth of blind turns is never reached.
    """
    requests = played(programs, "a")
    assert scenarios.failed(requests) == 0
    assert scenarios.share(requests, scenarios.A_WARM, scenarios.A_END) < 2.5


def test_a_node_that_fails_at_once_is_not_seen_by_clients(programs: Path) -> None:
    """B: whatever it answered is asked of another node, and five such answers eject it."""
    assert scenarios.failed(played(programs, "b")) == 0


def test_nobody_fails_when_all_nodes_but_one_die_at_once(programs: Path) -> None:
    """Whoever was on one of them is reset, refused by the two others at most, and answered by the last."""
    assert scenarios.failed(played(programs, "one_left")) == 0


def test_a_line_of_the_load_is_read_as_it_was_meant() -> None:
    """Times are microseconds, and a refusal may give its reason."""
    one = rig.read("1500000 2500 503 - queue_full")
    assert (one.at, one.took, one.status, one.reason) == (1.5, 0.0025, 503, "queue_full")
    assert not one.good
    assert one.ended == pytest.approx(1.5025)
