"""The laws of the theory, each run on the engine."""

from __future__ import annotations

import pytest

from evenly.theory.laws import LAWS


@pytest.mark.parametrize("name", LAWS)
def test_a_law_of_the_theory_holds_on_the_engine(name: str) -> None:
    """It says what it looked at, the same for the same seed, or raises with what it found instead."""
    law = LAWS[name]
    assert law.run(0)
    assert law.run(1) == law.run(1)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_one_sentence(name: str) -> None:
    """It is printed as one, so it ends in a full stop and stays within a line of code."""
    sentence = LAWS[name].sentence
    assert sentence.endswith(".") and sentence.count(" ") >= 4
