"""A file that asked for it is loaded again when it changes."""

from __future__ import annotations

import contextlib
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from evenly.config import ConfigError
from evenly.control.in_force import Asked, digest, read
from evenly.control.refusal import Refusal

if TYPE_CHECKING:
    from evenly.control.in_force import InForce, Standing

EVERY = 1.0
"""Seconds between two looks. Reading a file is cheaper than to know every way in which one can be replaced."""


def watch(in_force: InForce) -> None:
    """Looks for ever; meant for a thread of its own.

    A text is loaded when two looks in a row have seen it, so that a file is not taken while it is being written.
    """
    standing: Standing | None = None
    seen: str | None = None
    tried: str | None = None
    while True:
        with contextlib.suppress(Refusal, ConfigError):
            # Nothing else may have asked the engine yet; it also may not answer yet.
            standing = standing or in_force.begin()
            standing = in_force.known or standing
            document = standing.document
            if document.file is not None and standing.tree.get("proxy", {}).get("watch", False):
                now = digest(read(document.file))
                if now == seen and now not in (document.read, tried) and _judged(in_force):
                    tried = now
                seen = now
        time.sleep(EVERY)


def _judged(in_force: InForce) -> bool:
    """Whether the text was taken or refused; an engine that is silent has not looked at it, and is asked again."""
    try:
        in_force.reload(Asked("reload", by="watched file"), keep=True)
    except Refusal as refusal:
        return refusal.status != HTTPStatus.SERVICE_UNAVAILABLE
    return True
