"""A cluster's strategy: a name, or a table with the name and options.

Names and options are not written down here: they come from the engine's own table, so a strategy that is
registered there is configurable at once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from evenly import _engine
from evenly.balancer import Balancer
from evenly.config.words import shown, unknown
from evenly.errors import InvalidStrategy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evenly.config.fault import Loc

DEFAULT = "power_of_two"

# A field or cookie name is a token of RFC 9110; a query parameter anything that needs no escape.
_KEY = re.compile(r"path|client_ip|(header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+|query:[^\s&=#?]+")
_KINDS: Mapping[str, tuple[type, str, str]] = {
    "int": (int, "a whole number", "integer"),
    "float": (float, "a number", "number"),
    "bool": (bool, "true or false", "boolean"),
    "text": (str, "a text in quotes", "string"),
}


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """Every strategy by name, as the engine lists it."""
    return {entry["name"]: entry for entry in _engine.strategies()}


def faults(value: object) -> Iterator[tuple[Loc, str]]:
    """What is wrong with a strategy, and where inside it."""
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, dict):
        yield (), f'must be a name such as "{DEFAULT}", or a table with a name, not {shown(value)}'
        return
    name = value.get("name")
    if name is None:
        yield ("name",), f"is missing. Allowed: {', '.join(sorted(table()))}"
    elif not isinstance(name, str):
        yield ("name",), f"must be a text in quotes, not {shown(name)}"
    elif name not in table():
        yield ("name",), unknown("strategy", name, table())
    else:
        options = {key: option for key, option in value.items() if key != "name"}
        yield from _option_faults(name, options)


def _option_faults(name: str, given: Mapping[str, object]) -> Iterator[tuple[Loc, str]]:
    known = {option["name"]: option for option in table()[name]["options"]}
    for key, value in given.items():
        if key not in known:
            none = "" if known else f' Strategy "{name}" has no options.'
            yield (key,), unknown(f'option of strategy "{name}":', key, known) + none
            continue
        why = _wrong(key, value, known[key]) or _out_of_range(name, key, value)
        if why is not None:
            yield (key,), why


def _wrong(key: str, value: object, option: Mapping[str, Any]) -> str | None:
    kind, wanted, _ = _KINDS[option["kind"]]
    fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
    if not fits or (isinstance(value, bool) and kind is not bool):
        return f"must be {wanted}, not {shown(value)}"
    choices = option.get("choices")
    if choices and value not in choices:
        return unknown(key, str(value), choices)
    if key == "key" and not _KEY.fullmatch(str(value)):
        return (
            f"{shown(value)} names nothing to hash: write "
            '"header:x-user", "cookie:sid", "query:user", "path" or "client_ip"'
        )
    return None


def _out_of_range(name: str, key: str, value: object) -> str | None:
    """What the engine itself says to a value of the right kind: it alone knows the ranges."""
    try:
        Balancer(["127.0.0.1:1"], strategy={"name": name, key: value})
    except InvalidStrategy as error:
        return str(error).removeprefix(f'strategy "{name}": ')
    return None


def _normal(value: object) -> dict[str, Any]:
    """The table form; a faulty one was reported by `faults` already."""
    return dict(value) if isinstance(value, dict) else {"name": value}


def json_schema() -> dict[str, Any]:
    """The forms a strategy may take, from the engine's table."""
    tables = [_table_schema(entry) for entry in table().values()]
    return {"anyOf": [{"type": "string", "enum": sorted(table())}, *tables]}


def _table_schema(entry: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"name": {"const": entry["name"], "description": entry["summary"]}}
    for option in entry["options"]:
        schema = {"type": _KINDS[option["kind"]][2], "description": option["doc"]}
        if option.get("choices"):
            schema["enum"] = list(option["choices"])
        if option["name"] == "key":
            schema["pattern"] = f"^({_KEY.pattern})$"
        properties[option["name"]] = schema
    return {
        "type": "object",
        "properties": properties,
        "required": ["name"],
        "additionalProperties": False,
    }


StrategyEntry = Annotated[dict[str, Any], BeforeValidator(_normal), WithJsonSchema(json_schema())]
