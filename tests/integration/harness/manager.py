"""A service manager as far as sd_notify(3) goes: a datagram socket that remembers what it was told."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Self

from .waiting import until

if TYPE_CHECKING:
    from types import TracebackType


class Manager:
    """Listens at `name`, a path or `@` and an abstract name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.news: list[dict[str, str]] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def heard(self, key: str) -> list[dict[str, str]]:
        """Return the news so far that carry `key`."""
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self.socket.recv(4096).decode()
                self.news.append(dict(line.split("=", 1) for line in text.splitlines()))
        return [one for one in self.news if key in one]

    def wait(self, key: str, more: int = 1) -> dict[str, str]:
        """Wait until `key` was told `more` times from now on; return the last."""
        goal = len(self.heard(key)) + more
        until(lambda: len(self.heard(key)) >= goal, f"{key} is told")
        return self.heard(key)[-1]

    def silent(self, key: str, seconds: float) -> bool:
        """Whether `key` is told by nobody for that long."""
        before = len(self.heard(key))
        time.sleep(seconds)
        return len(self.heard(key)) == before
