"""Ends this process when the engine is gone, however it went."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO


def end_with_parent(pipe: IO[bytes], sockets: Iterable[Path]) -> None:
    """Watch a pipe that only the engine holds open; its end is the engine's.

    A killed engine could not put its private folder away, so that is done here, with the `sockets`
    in it; then the process leaves at once.
    """

    def watch() -> None:
        while pipe.read(1):
            pass
        for socket in sockets:
            with contextlib.suppress(OSError):  # the engine may have been faster
                socket.unlink()
            with contextlib.suppress(OSError):  # a folder that holds more is not ours to remove
                socket.parent.rmdir()
        os._exit(0)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
