"""Ends this process when the engine is gone, however it went."""

from __future__ import annotations

import os
import threading
from typing import IO


def end_with_parent(pipe: IO[bytes]) -> None:
    """Watch a pipe that only the engine holds open; its end is the engine's.

    The process leaves at once: it owns nothing that would have to be put away.
    """

    def watch() -> None:
        while pipe.read(1):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
