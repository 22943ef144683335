"""Who changed what, when, and what came of it. Kept beside the sockets, so that a new control process still knows."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 1000
"""Entries that are shown."""
ROOM = 1 << 20
"""Bytes of a file before it becomes the old one; the two together hold the kept entries of usual length."""

NAMES = ("audit.jsonl", "audit.jsonl.old")


class Audit:
    """The log of actions: the newest in memory, all that fits in two files."""

    def __init__(self, folder: Path) -> None:
        self._file, self._old = (folder / name for name in NAMES)
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        for file in (self._old, self._file):
            with contextlib.suppress(OSError):
                self._entries.extend(_read(file))

    def add(self, entry: dict[str, Any]) -> None:
        """Keeps an entry. A full disk loses it on disk, never the action."""
        line = json.dumps(entry) + "\n"
        with self._lock:
            self._entries.append(entry)
            with contextlib.suppress(OSError):
                if self._file.exists() and self._file.stat().st_size + len(line) > ROOM:
                    self._file.replace(self._old)
                with self._file.open("a") as file:
                    file.write(line)

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """The latest entries, newest first."""
        with self._lock:
            return list(reversed(self._entries))[:limit]

    def knows(self, edition: int) -> bool:
        """Whether some entry tells of this edition."""
        with self._lock:
            return any(entry.get("edition") == edition for entry in self._entries)


def _read(file: Path) -> list[dict[str, Any]]:
    entries = []
    for line in file.read_text().splitlines():
        # The last line of a process that was killed may be half of one.
        with contextlib.suppress(ValueError):
            entries.append(json.loads(line))
    return entries
