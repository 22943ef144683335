"""Names that were probably meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evenly import _engine
from evenly.config.words import nearest, unknown

NAMES = [str(entry["name"]) for entry in _engine.strategies()]


@given(st.sampled_from(NAMES), st.data())
def test_one_letter_too_few_is_forgiven(name: str, data: st.DataObject) -> None:
    """Whichever letter of whichever strategy is left out, that strategy is the one offered."""
    at = data.draw(st.integers(0, len(name) - 1))
    assert nearest(name[:at] + name[at + 1 :], NAMES) == name


def test_what_is_near_to_nothing_gets_no_guess() -> None:
    """A wrong hint is worse than none; what is allowed is said all the same."""
    assert unknown("colour", "zzz", ["red", "blue"]) == 'unknown colour "zzz". Allowed: blue, red.'
