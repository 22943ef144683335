"""Ends this process when the engine is gone, however it went."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO

KEPT = ("audit.jsonl*", "version-*")
"""What the control process keeps in the folder, by pattern."""


def end_with_parent(pipe: IO[bytes], sockets: Iterable[Path]) -> None:
    """Watch a pipe that only the engine holds open; its end is the engine's.

    A killed engine could not put its private folder away, so that is done here, with the `sockets`
    and what we have kept in it; then the process leaves at once.
    """

    def watch() -> None:
        while pipe.read(1):
            pass
        for socket in sockets:
            # A folder that holds more than ours is not ours to remove.
            for file in (socket, *(found for name in KEPT for found in socket.parent.glob(name))):
                with contextlib.suppress(OSError):  # the engine may have been faster
                    file.unlink()
            with contextlib.suppress(OSError):
                socket.parent.rmdir()
        os._exit(0)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
