"""HTTP over UNIX sockets: the engine's answers, and a place for our own."""

from __future__ import annotations

import contextlib
import http.client
import socket
from pathlib import Path

BACKLOG = 128


class Connection(http.client.HTTPConnection):
    """A client's connection to a UNIX socket."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect; raises OSError when nobody listens."""
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            wire.settimeout(self.timeout)
            wire.connect(str(self._path))
        except OSError:
            wire.close()
            raise
        self.sock = wire


def listen(path: Path) -> socket.socket:
    """Listen at `path`: who asks from now on waits for an answer instead of finding nobody."""
    # A predecessor that was killed left its socket behind; the folder is ours alone.
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(BACKLOG)
    return listener
