"""Pictures of results: each kind is drawn, holds what it must, and says what is missing when it cannot be."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evenly.simulate import Exponential, Kill, Results, SimNode, Slow, Sweep, simulate, sweep
from evenly.simulate.plots import PlotFailed, comparison, over_time, sweeps
from evenly.simulate.plots.style import COLOURS, apart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IN_FLIGHT = {"name": "power_of_two", "load": "in_flight"}
COMMON = {"strategies": ["random", IN_FLIGHT], "service": Exponential(0.01)}


@pytest.fixture(scope="module")
def calm() -> Results:
    """Nothing happens."""
    return simulate(**COMMON, nodes=4, arrivals=300, requests=4000)


@pytest.fixture(scope="module")
def eventful() -> Results:
    """Two nodes come to grief."""
    timeline = [Slow(3, "n0"), Kill(6, "n1")]
    return simulate(**COMMON, nodes=4, arrivals=300, requests=4000, timeline=timeline)


@pytest.fixture(scope="module")
def grid() -> Sweep:
    """Two keys of three and two values."""
    return sweep(
        {"arrivals.rate": [100, 200, 300], "nodes": [4, 5]},
        **COMMON,
        nodes=4,
        arrivals={"kind": "poisson", "rate": 1},
        requests=1000,
    )


def words(figure: Figure) -> str:
    """Every text of a picture."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_picture_is_a_file_of_the_kind_its_name_says(
    calm: Results, tmp_path: Path, ending: str
) -> None:
    """The first bytes tell."""
    path = calm.plot(tmp_path / f"out.{ending}")
    begin = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(begin)


def test_a_comparison_names_strategies_nodes_and_the_scenario(calm: Results) -> None:
    """One must be able to read it without the program that made it."""
    text = words(comparison.figure(calm))
    for said in (
        "random",
        "power_of_two\nload=in_flight",
        "n0",
        "n3",
        "response time [ms]",
        "p99.9",
    ):
        assert said in text
    assert calm.scenario.summary in text
    assert "95 % confidence interval" in text
    assert "power_of_two(load=in_flight) has the lowest p99" in text


def test_a_comparison_claims_nothing_that_its_intervals_do_not_carry() -> None:
    """The same strategy twice has no winner."""
    twice = simulate({"a": "random", "b": "random"}, nodes=4, arrivals=2, requests=2000)
    assert "Response times and shares" in words(comparison.figure(twice))


def test_many_nodes_are_drawn_as_dots() -> None:
    """Forty bars would be no picture."""
    many = simulate("random", nodes=40, arrivals=30, requests=4000)
    assert "each dot is one of 40 nodes" in words(comparison.figure(many))


def test_a_picture_of_nothing_but_failures_says_so() -> None:
    """A dead cluster has no response times."""
    dead = simulate(
        "random", nodes=[SimNode(id="a")], arrivals=9, requests=200, timeline=[Kill(0, "a")]
    )
    assert dead[0].ok == 0
    assert "no request ended well" in words(comparison.figure(dead))
    assert "requests lost [%]" in words(over_time.figure(dead))


def test_a_timeline_marks_its_events(eventful: Results, tmp_path: Path) -> None:
    """It is what is drawn unless said otherwise; the other can be asked for."""
    text = words(over_time.figure(eventful))
    for said in (
        "n0 10× slower",
        "n1 killed",
        "requests sent to n0 [%]",
        "requests sent to n1 [%]",
    ):
        assert said in text
    timeline = eventful.plot(tmp_path / "timeline.png").read_bytes()
    assert timeline == eventful.plot(tmp_path / "same.png", "timeline").read_bytes()
    assert timeline != eventful.plot(tmp_path / "other.png", "comparison").read_bytes()


def test_a_sweep_is_drawn_against_what_was_varied(grid: Sweep, tmp_path: Path) -> None:
    """A panel for each value of the second key."""
    text = words(sweeps.figure(grid, "p99"))
    for said in ("arrivals.rate", "nodes = 4", "nodes = 5", "random", "p99 [ms] against"):
        assert said in text
    assert grid.plot(tmp_path / "sweep.png", "mean").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said(calm: Results, grid: Sweep, tmp_path: Path) -> None:
    """Each with what to do instead."""
    with pytest.raises(PlotFailed, match="give a timeline, or series_every=1"):
        calm.plot(tmp_path / "a.png", "timeline")
    with pytest.raises(PlotFailed, match='Did you mean "timeline"'):
        calm.plot(tmp_path / "a.png", "timelin")
    with pytest.raises(PlotFailed, match=r"end the name in \.png, \.svg or \.pdf"):
        calm.plot(tmp_path / "a.doc")
    with pytest.raises(PlotFailed, match='unknown column "p98"'):
        grid.plot(tmp_path / "a.png", "p98")
    with pytest.raises(PlotFailed, match="no strategy has run"):
        Results(calm.scenario, [], []).plot(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_plot_without_matplotlib_says_what_to_install(tmp_path: Path) -> None:
    """Everything else works without it, and loads neither it nor numpy."""
    code = f"""
import sys
sys.modules["matplotlib"] = None
from evenly.simulate import simulate
from evenly.errors import EvenlyError
result = simulate("random", nodes=2, arrivals=1, requests=1000)
print(result.table("mean") is not None, "numpy" in sys.modules)
try:
    result.plot({str(tmp_path / "out.png")!r})
except EvenlyError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == [
        "True False",
        "plots need matplotlib, which is not installed: pip install 'evenly[plot]'",
    ]


def test_labels_are_kept_apart_in_their_order() -> None:
    """As near as may be to where they belong, never over one another, never outside."""
    placed = apart([0.5, 0.52, 0.1, 0.99, 1.0], 0.1, 0.0, 1.0)
    ordered = sorted(placed)
    assert all(after - before >= 0.1 - 1e-9 for before, after in itertools.pairwise(ordered))
    assert [placed.index(place) for place in ordered] == [2, 0, 1, 3, 4]
    assert placed[2] == 0.1
    assert ordered[-1] == 1.0


def test_colours_are_told_apart_by_the_colour_blind() -> None:
    """Seen by red-green dichromats (Viénot 1999), no two of the first five come nearer than 35 of 441."""

    def seen(code: str, red_blind: bool) -> tuple[float, float, float]:
        red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
        share = 0.11238 if red_blind else 0.29275
        mixed = share * red + (1 - share) * green
        return mixed, mixed, blue

    for blind in (True, False):
        for at, one in enumerate(COLOURS[:5]):
            for other in COLOURS[:at]:
                pairs = zip(seen(one, blind), seen(other, blind), strict=True)
                assert sum((a - b) ** 2 for a, b in pairs) ** 0.5 > 35, (one, other)
