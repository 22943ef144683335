"""HTTP over UNIX sockets with the standard library's client and server."""

from __future__ import annotations

import contextlib
import http.client
import socket
import socketserver
from http.server import BaseHTTPRequestHandler
from pathlib import Path


class Connection(http.client.HTTPConnection):
    """A client's connection to a UNIX socket."""

    def __init__(self, path: Path, timeout: float) -> None:
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


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers on a UNIX socket, each connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, handler: type[BaseHTTPRequestHandler]) -> None:
        # A predecessor that was killed left its socket behind; the folder is ours alone.
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        super().__init__(str(path), handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asked has left in the middle, which is its own affair."""
