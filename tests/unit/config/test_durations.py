"""Durations: numbers of seconds, or numbers with a unit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenly.config.duration import LONGEST, UNITS, positive_seconds, seconds, written


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5s", 5.0),
        ("250ms", 0.25),
        ("1m", 60.0),
        ("1.5h", 5400.0),
        ("1d", 86400.0),
        ("10us", 1e-5),
        ("0s", 0.0),
        (5, 5.0),
        (0.25, 0.25),
    ],
)
def test_both_forms_are_read(text: object, amount: float) -> None:
    """Text with a unit, or seconds."""
    assert seconds(text) == pytest.approx(amount, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "5 s",
        "-5s",
        "+5s",
        "5S",
        "5sec",
        "1m30s",
        "1e3s",
        ".5s",
        "5.s",
        "٥s",
        "inf",
        True,
        None,
        [],
        {},
        math.nan,
        math.inf,
        -1,
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: object) -> None:
    """No guessing: a bare "5" could be seconds or milliseconds."""
    with pytest.raises(ValueError, match="write "):
        seconds(text)


def test_a_wait_can_be_refused_to_be_zero() -> None:
    """A timeout of nothing would refuse everything."""
    with pytest.raises(ValueError, match="must be longer than 0"):
        positive_seconds("0ms")


@given(st.integers(1, 10**6), st.sampled_from(sorted(UNITS)))
def test_what_is_written_reads_the_same(count: int, unit: str) -> None:
    """Seconds → text → seconds, whatever unit the number is whole in."""
    amount = min(count * UNITS[unit], LONGEST)
    assert seconds(written(amount)) == pytest.approx(amount, rel=1e-9)
