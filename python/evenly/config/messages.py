"""What pydantic found, in our words: what is wrong, what is allowed, and the nearest name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config import schema
from evenly.config.document import path, write_value
from evenly.config.words import shown, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

    from evenly.config.fault import Loc


def message(error: ErrorDetails, loc: Loc) -> str:
    """One sentence for one error at `loc`."""
    kind = error["type"]
    say = _SENTENCES.get(kind)
    return say(loc, error["input"], error.get("ctx", {})) if say else error["msg"]


def _missing(loc: Loc, _value: object, _context: dict[str, Any]) -> str:
    if len(loc) == 1:
        return f"is missing: write at least one [{loc[0]}.NAME]"
    return f"is missing: write {_assignment(loc, schema.example(loc))}"


def _unknown_key(loc: Loc, _value: object, _context: dict[str, Any]) -> str:
    return unknown("key", str(loc[-1]), schema.known_keys(loc[:-1]))


def _not_a_list(loc: Loc, value: object, _context: dict[str, Any]) -> str:
    if isinstance(value, dict):
        return "must be a list, not a table"
    return f"must be a list: write {_assignment(loc, [value])}"


def _not_a_table(loc: Loc, value: object, _context: dict[str, Any]) -> str:
    example = schema.example(loc)
    how = f": write {_assignment(loc, example)}" if isinstance(example, dict) else ""
    return f"must be a table, not {shown(value)}{how}"


def _bad_name(_loc: Loc, _value: object, _context: dict[str, Any]) -> str:
    return "a name has 1 to 64 letters, digits, _, . or -, and begins with none of the last two"


def _must_be(wanted: str) -> Callable[[Loc, object, dict[str, Any]], str]:
    return lambda _loc, value, context: f"must be {wanted.format(**context)}, not {shown(value)}"


def _one_of(_loc: Loc, value: object, context: dict[str, Any]) -> str:
    return f"must be {context['expected'].replace(chr(39), chr(34))}, not {shown(value)}"


def _refused(_loc: Loc, _value: object, context: dict[str, Any]) -> str:
    """A check of ours, which brings its own words."""
    return str(context["error"])


def _assignment(loc: Loc, value: object) -> str:
    return f"{path(loc[-1:])} = {'...' if value is None else write_value(value)}"


_SENTENCES: dict[str, Callable[[Loc, Any, dict[str, Any]], str]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "value_error": _refused,
    "string_pattern_mismatch": _bad_name,
    "list_type": _not_a_list,
    "dict_type": _not_a_table,
    "model_type": _not_a_table,
    "string_type": _must_be("a text in quotes"),
    "int_type": _must_be("a whole number"),
    "float_type": _must_be("a number"),
    "bool_type": _must_be("true or false"),
    "literal_error": _one_of,
    "finite_number": _must_be("a finite number"),
    "greater_than": _must_be("greater than {gt:g}"),
    "greater_than_equal": _must_be("at least {ge:g}"),
    "less_than": _must_be("less than {lt:g}"),
    "less_than_equal": _must_be("at most {le:g}"),
    "too_short": lambda loc, _value, _context: _missing(loc, None, {}).replace("missing", "empty"),
    "string_too_short": lambda _loc, _value, _context: "must not be empty",
}
