"""Pages made from the code say what the code says, and every strategy has its page with all its headings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evenly import _engine
from scripts import operating_pages, pages

STRATEGIES = {entry["name"]: entry for entry in _engine.strategies()}


@pytest.mark.parametrize("path", sorted(pages.pages()), ids=lambda path: path.name)
def test_a_generated_page_is_what_its_source_says(path: Path) -> None:
    """Otherwise `make docs` was forgotten."""
    assert path.read_text() == pages.pages()[path], f"run `make docs`: {path} is out of date"


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_registered_strategy_has_its_page_with_the_five_headings(name: str) -> None:
    """A reader learns of each what it does, suits, fails at, costs and promises."""
    page = (pages.DOCS / "strategies" / f"{name}.md").read_text()
    assert tuple(pages.headings(STRATEGIES[name])) == pages.HEADINGS
    for heading in pages.HEADINGS:
        assert f"**{heading}** " in page


def test_no_page_tells_of_a_strategy_that_is_gone() -> None:
    """A page whose strategy was removed would mislead."""
    told = {path.stem for path in (pages.DOCS / "strategies").glob("*.md")} - {"README"}
    assert told == set(STRATEGIES)


def test_every_reason_of_the_engine_is_on_the_page() -> None:
    """The page is cut out of the source by a pattern, so the pattern is counted against the table."""
    source = (pages.ROOT / "crates/core/src/reason.rs").read_text()
    table = source.split("\nreasons! {")[1].split("\n}")[0]
    assert pages.reasons_page()[1].count("\n| `") == table.count("=>") > 20


@pytest.mark.parametrize(
    ("page", "source", "mark"),
    [
        (operating_pages.events_page, operating_pages.EVENTS, "\n| `"),
        (operating_pages.metrics_page, operating_pages.METRICS, "\n## `"),
    ],
)
def test_every_event_and_every_metric_is_on_its_page(
    page: Callable[[], tuple[Path, str]], source: Path, mark: str
) -> None:
    """These pages are cut out of the source in the same way, so they are counted in the same way."""
    text = source.read_text()
    table = text[text.index("s! {") :].split("\n}")[0]
    path, written = page()
    assert written.count(mark) == table.count("=>") > 10
    assert path.read_text() == written, f"run `make docs`: {path} is out of date"
