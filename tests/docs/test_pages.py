"""Every page is performed from top to bottom, as a reader would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import PAGES, ROOT, RUN, SHOWN, blocks
from tests.docs.stage import Stage, matches

if TYPE_CHECKING:
    from pathlib import Path

EVERY = [page for page in PAGES if page.exists()]


@pytest.mark.timeout(900)  # README installs the clone, which compiles it
@pytest.mark.parametrize("page", EVERY, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_the_page_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    """Blocks of one page share servers, folder and names, so later ones build on earlier ones."""
    with Stage(tmp_path) as stage:
        for block in blocks(page):
            if block.language in RUN:
                getattr(stage, block.language)(block)


@pytest.mark.parametrize("page", EVERY, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_names_a_language_that_is_run_or_plainly_only_shown(page: Path) -> None:
    """A misspelt language would be a block that nobody runs."""
    for block in blocks(page):
        assert block.language in RUN | SHOWN, f"{block.where}: unknown language {block.language!r}"


@pytest.mark.parametrize("page", EVERY, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    """Links inside the repository are relative, so they can be followed here as well as on a web page."""
    import re

    prose = page.read_text()
    for block in blocks(page):
        prose = prose.replace(block.text, "")
    for goal in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose):
        if "://" not in goal:
            assert (page.parent / goal).exists(), f"{page.relative_to(ROOT)}: no {goal}"


def test_three_dots_stand_for_any_text() -> None:
    """The rule by which output is compared, on the smallest cases."""
    assert matches("a ... c", "a b\nb c\n")
    assert matches("", "whatever")
    assert not matches("a ... c", "a b")
    assert not matches("a", "b a")
