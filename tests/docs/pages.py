"""Markdown pages cut into their fenced blocks, each with its language, its line and its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "proofs" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
RUN = frozenset({"python", "toml", "console", "coq"})
SHOWN = frozenset({"text", "json"})

FENCE = re.compile(r"^( *)```(.*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block: ```` ```toml evenly.toml ```` has the language `toml` and the name `evenly.toml`."""

    page: Path
    line: int
    language: str
    name: str | None
    text: str

    @property
    def where(self) -> str:
        """`docs/library.md:12`, so that an editor can jump there."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the blocks of `page` in reading order; `line` is the line of the first line of text."""
    found: list[Block] = []
    info: str | None = None
    indent, start, lines = "", 0, list[str]()
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        fence = FENCE.match(line)
        if fence is None:
            lines.append(line.removeprefix(indent))
        elif info is None:
            indent, info = fence.groups()
            start, lines = number + 1, []
        else:
            language, _, name = info.strip().partition(" ")
            text = "\n".join(lines) + "\n"
            found.append(Block(page, start, language, name or None, text))
            info = None
    assert info is None, f"{page}:{start - 1}: a fence is opened and never closed"
    return found
