"""The page of the simulator names everything that can be written."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from evenly.simulate import Scenario, SimNode
from evenly.simulate.arrivals import ARRIVALS
from evenly.simulate.keys import KEYS
from evenly.simulate.part import Part
from evenly.simulate.service import SERVICE
from evenly.simulate.settings import OPTIONS
from evenly.simulate.table import COLUMNS
from evenly.simulate.timeline import EVENTS

PAGE = (Path(__file__).parents[3] / "docs" / "simulate.md").read_text()
PARTS: list[type[Part]] = [*ARRIVALS, *SERVICE, *KEYS, *EVENTS, SimNode, Scenario]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_key_of_a_part_is_on_the_page(part: type[Part]) -> None:
    """With the name of its class, and the word that a file says for it."""
    written = [field.name for field in fields(part)]
    if part not in (SimNode, Scenario):
        written += [part.kind, part.__name__]
    for word in written:
        assert f"`{word}`" in PAGE, f"docs/simulate.md does not say what {word} is"


@pytest.mark.parametrize("word", [*OPTIONS, *COLUMNS])
def test_every_setting_and_every_column_is_on_the_page(word: str) -> None:
    """What can be asked for is found by reading."""
    assert f"`{word}`" in PAGE
