"""The configuration file: TOML to typed structs to what the engine reads.

The only part of Evenly that knows TOML and pydantic; loaded by the commands that need it, never by
`import evenly`. Every fault is reported at once, with file, line, key, what is allowed and the nearest name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config.check import check
from evenly.config.document import Document
from evenly.config.fault import ConfigError, Fault, Loc
from evenly.config.model import Config
from evenly.config.schema import json_schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Config", "ConfigError", "Fault", "Loc", "from_tree", "json_schema", "load", "parse"]


def load(path: str | Path) -> Config:
    """Reads and checks a file; raises `ConfigError` with every fault."""
    return check(Document.read(path))


def parse(text: str, file: str = "evenly.toml") -> Config:
    """Checks a text; `file` is what faults call it. Raises `ConfigError` with every fault."""
    return check(Document.of(text, file))


def from_tree(tree: dict[str, Any], source: str, name: Callable[[Loc], str]) -> Config:
    """Checks values of another source than a file; `name` says where in it a value comes from.

    Raises `ConfigError` with every fault.
    """
    return check(Document(source, tree, name=name))
