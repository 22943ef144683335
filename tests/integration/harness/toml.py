"""Plain values to TOML: the standard library reads it but does not write it."""

from __future__ import annotations

import json
from collections.abc import Mapping


def value(item: object) -> str:
    """Write one value; a mapping becomes an inline table, which TOML wants on one line."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int | float):
        return repr(item)
    if isinstance(item, str):
        return json.dumps(item)  # TOML's basic strings have JSON's escapes
    if isinstance(item, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {value(v)}" for k, v in item.items()) + " }"
    if isinstance(item, list | tuple):
        return "[" + ", ".join(value(one) for one in item) + "]"
    raise TypeError(f"no TOML for {item!r}")


def document(tables: Mapping[str, Mapping[str, object]]) -> str:
    """Write `{"cluster.users": {"nodes": [...]}}` as a document of tables."""
    lines = []
    for name, entries in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {value(item)}" for key, item in entries.items() if item is not None]
        lines.append("")
    return "\n".join(lines)
