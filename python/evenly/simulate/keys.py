"""What requests are about: the key that hash strategies place them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from evenly.simulate.part import FROM_ZERO, Count, Part, read_part, sequence, text

__all__ = ["KEYS", "KeyTrace", "Keys", "Zipf", "as_keys"]


@dataclass(frozen=True, slots=True)
class Zipf(Part):
    """`count` keys of which the k-th most popular is asked for like 1 / k^`exponent`; 0 makes all alike."""

    kind: ClassVar[str] = "zipf"
    count: Count
    exponent: Annotated[float, FROM_ZERO] = 1.0


@dataclass(frozen=True, slots=True)
class KeyTrace(Part):
    """These keys in this order, one for each request, over again when they are used up."""

    kind: ClassVar[str] = "trace"
    keys: Annotated[Sequence[str], sequence(text("a text"), "a list of texts")]

    def engine(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"kind": "trace", "keys": list(self.keys)}


Keys = Zipf | KeyTrace
KEYS: tuple[type[Keys], ...] = (Zipf, KeyTrace)
"""One class for each way keys come."""


def as_keys(value: object) -> Keys:
    """Read keys from their class or from a table."""
    return read_part(KEYS, value)
