"""Waiting for a fact instead of sleeping and hoping: generous deadlines, and an error that says
what never came true.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds before a test gives up on a fact. It only bounds a failure: no passing test waits this
long.
"""


class NeverHappened(AssertionError):
    """A condition that stayed false until the deadline."""


def until(
    condition: Callable[[], T], what: str, within: float = PATIENCE, every: float = 0.02
) -> T:
    """Return the first true answer of `condition`; raise `NeverHappened` naming `what` after
    `within` seconds.

    An `OSError` counts as "not yet": while a process starts or dies its sockets refuse.
    """
    end = time.monotonic() + within
    last: object = None
    while True:
        try:
            answer = condition()
            if answer:
                return answer
            last = answer
        except OSError as error:
            last = error
        if time.monotonic() > end:
            raise NeverHappened(f"{what}: not within {within:g} s (last seen: {last!r})")
        time.sleep(every)
