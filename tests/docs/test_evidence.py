"""The page of evidence says what was measured, and what was measured agrees with theory."""

from __future__ import annotations

import json

from scripts.evidence import page

FIGURES = json.loads(page.FIGURES.read_text())


def test_the_page_is_made_from_the_figures() -> None:
    """Nobody has changed a figure by hand: `python -m scripts.evidence --page` writes what stands there."""
    assert page.PAGE.read_text() == page.text(FIGURES)


def test_no_figure_is_further_from_theory_than_chance_explains() -> None:
    """Beyond 4.5 standard errors `make evidence` fails; a page that was kept all the same would fail here."""
    for finding in FIGURES["findings"]:
        bounded = (finding["table"], finding["row"]) == ("ageing", "two choices")
        assert (finding["z"] if bounded else abs(finding["z"])) <= 4.5, finding


def test_every_table_has_its_figures() -> None:
    """A table that lost its cases would stand there empty."""
    assert {finding["table"] for finding in FIGURES["findings"]} == set(page.TABLES)
    assert FIGURES["rings"]
    assert FIGURES["moves"]
    assert FIGURES["growth"]
