"""The configurations that were in force, one file each, the latest of them."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

from evenly.control.document import Document

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 20
"""Versions that are kept: enough to go back over a bad day, little enough for a memory file system."""

_NAME = re.compile(r"version-([0-9]+)\.json")


class Versions:
    """Files in the control process's folder; nobody else can read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, edition: int, document: Document) -> None:
        """Keeps a version. A full disk loses it, never the configuration itself."""
        file = self._folder / f"version-{edition}.json"
        draft = file.with_suffix(".draft")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(document.json()))
            draft.replace(file)
            for old in self.numbers()[KEPT:]:
                (self._folder / f"version-{old}.json").unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """The editions that are kept, newest first."""
        try:
            files = list(self._folder.iterdir())
        except FileNotFoundError:  # the engine ends, and has put its folder away
            return []
        found = (_NAME.fullmatch(file.name) for file in files)
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def get(self, edition: int) -> Document | None:
        """A version, unless it is not kept."""
        try:
            kept: dict[str, Any] = json.loads(
                (self._folder / f"version-{edition}.json").read_text()
            )
            return Document.of(kept)
        except (OSError, ValueError):
            return None
