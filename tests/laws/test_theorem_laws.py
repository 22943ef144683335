"""The laws of the theory, each run on the engine."""

from __future__ import annotations

import pytest

from evenly.theory.laws import LAWS


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", LAWS)
def test_a_law_of_the_theory_holds_on_the_engine(name: str, seed: int) -> None:
    """It says what it looked at, or raises with what it found instead."""
    assert LAWS[name].run(seed)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_says_the_same_of_the_same_seed(name: str) -> None:
    """Time and chance are arguments, so what a law found can be found again."""
    law = LAWS[name]
    assert law.run(5) == law.run(5)


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_one_sentence(name: str) -> None:
    """It is printed as one, so it ends in a full stop and stays within a line of code."""
    sentence = LAWS[name].sentence
    assert sentence.endswith(".") and sentence.count(" ") >= 4
