"""What a strategy's page promises by number is an entry."""

from __future__ import annotations

import re

import pytest

from evenly import _engine
from evenly.theory.theorems import find


@pytest.mark.parametrize("entry", _engine.strategies(), ids=lambda entry: entry["name"])
def test_a_promise_names_theorems_that_are_there(entry: dict[str, dict[str, str]]) -> None:
    """`theory E.4` is what `evenly theorems E.4` prints."""
    for number in re.findall(r"\btheory (\S+?)[,;)]", entry["headings"]["promise"]):
        assert any(found.kind == "theorem" for found in find(number))
