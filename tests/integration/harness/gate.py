"""A node whose work ends when the test says so."""

from __future__ import annotations

import threading

from .exchange import Exchange


class Gate:
    """A node's script that holds every request until the gate opens, and counts how many are
    inside at once.
    """

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = 0
        self.most = 0
        self.lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Hold, then answer 200."""
        exchange.read()
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        opened = self.open.wait(60)
        with self.lock:
            self.inside -= 1
        if opened:
            exchange.reply(200, b"through")
        else:
            exchange.end()
