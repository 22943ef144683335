"""A configuration text as plain values, with the place each of them stands at."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenly import _engine
from evenly.config.fault import ConfigError, Fault, Loc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z", re.ASCII)


def path(loc: Loc) -> str:
    """`cluster.users.nodes[1].weight`, as `_engine.toml_document` writes it too."""
    text = ""
    for step in loc:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _BARE.match(step) else _quoted(step))
    return text


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True)
class Document:
    """The values of a text; `spans` tells line and column by path, and is empty for other sources.

    `name` is how faults call a place: as in the file, or as an option of a command line.
    """

    file: str
    tree: dict[str, Any]
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    name: Callable[[Loc], str] = path

    @classmethod
    def read(cls, path: str | Path) -> Document:
        """Reads a file."""
        try:
            text = Path(path).read_bytes().decode("utf-8")
        except OSError as error:
            what = f"cannot be read: {error.strerror or error}"
            raise ConfigError([Fault(str(path), "", what)]) from None
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            what = f"is not UTF-8 text (byte 0x{error.object[error.start]:02x}); save it as UTF-8"
            raise ConfigError([Fault(str(path), "", what, line)]) from None
        return cls.of(text, str(path))

    @classmethod
    def of(cls, text: str, file: str) -> Document:
        """Takes a text; `file` is what faults call it."""
        try:
            tree, spans = _engine.toml_document(text)
        except _engine.TomlError as error:
            line, column, message = error.args
            what = f"not valid TOML: {message}"
            raise ConfigError([Fault(file, "", what, line, column)]) from None
        return cls(file, tree, spans)

    def fault(self, loc: Loc, what: str) -> Fault:
        """A fault at `loc`; where that is not written down, at the nearest place around it."""
        loc = self._written(loc)
        line, column = self._place(loc)
        return Fault(self.file, self.name(loc), what, line, column)

    def where(self, loc: Loc) -> str:
        """A place that the fault of another one mentions."""
        line, _ = self._place(loc)
        return self.name(loc) if line is None else f"{self.name(loc)} (line {line})"

    def _written(self, loc: Loc) -> Loc:
        """Drops what is short for a table: a node given as text has no `address` of its own."""
        value: Any = self.tree
        for depth, step in enumerate(loc):
            if not isinstance(value, dict | list):
                return loc[:depth]
            try:
                value = value[step]  # type: ignore[index]
            except (KeyError, IndexError):
                break
        return loc

    def _place(self, loc: Loc) -> tuple[int | None, int | None]:
        for depth in range(len(loc), 0, -1):
            span = self.spans.get(path(loc[:depth]))
            if span is not None:
                return span
        # Something that the whole file lacks.
        return (1, 1) if self.spans else (None, None)


def write_value(value: object) -> str:
    """A value as one would write it in the file."""
    if isinstance(value, dict):
        inner = ", ".join(f"{path((key,))} = {write_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write_value, value))}]"
    # JSON lets the control character DEL stand as it is, TOML does not.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
