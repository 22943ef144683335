"""Two tables of settings, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config import duration, strategy
from evenly.config.document import write_value
from evenly.config.process import HIDDEN
from evenly.config.section import Section
from evenly.plan.model import Change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pydantic.fields import FieldInfo

DURATIONS = (duration.seconds, duration.positive_seconds)


def changes(
    before: Section | None,
    after: Section | None,
    *,
    prefix: str = "",
    without: Collection[str] = (),
) -> tuple[Change, ...]:
    """What differs between two sections; a section that is None has no settings.

    A table that only one of them has is one change, whatever stands in it.
    """
    old, new = settings(before, prefix, without), settings(after, prefix, without)
    alone = tuple(
        f"{key}."
        for key in old.keys() ^ new.keys()
        if Table in (type(old.get(key)), type(new.get(key)))
    )
    return tuple(
        Change(key, _shown(old.get(key)), _shown(new.get(key)))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key) and not key.startswith(alone)
    )


class Table(dict[str, Any]):
    """What stands in a table inside a table. Two of them are equal here: their settings are compared one by one."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


class Secret(str):
    """A value that is compared and never shown: a plan is read by more people than a token is for."""

    __slots__ = ()


def _shown(value: Any) -> Any:
    if isinstance(value, Secret):
        return HIDDEN
    return dict(value) if isinstance(value, Table) else value


def settings(section: Section | None, prefix: str, without: Collection[str]) -> dict[str, Any]:
    """Every setting by its path, as one would write its value in the file; those that are not set are left out."""
    return {} if section is None else dict(_settings(section, prefix, without))


def _settings(section: Section, prefix: str, without: Collection[str]) -> Iterator[tuple[str, Any]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if name in without or value is None:
            continue
        if isinstance(value, Section):
            yield f"{prefix}{name}", Table(value.model_dump(exclude_unset=True))
            yield from _settings(value, f"{prefix}{name}.", ())
        elif any(getattr(item, "func", None) in DURATIONS for item in field.metadata):
            yield f"{prefix}{name}", duration.written(value) if value else "0s"
        else:
            yield f"{prefix}{name}", _plain(value, field)


def _plain(value: Any, field: FieldInfo) -> Any:
    if not field.repr:
        return Secret(value)
    return list(value) if isinstance(value, tuple) else value


def strategies(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """What differs between two strategies: the whole of it, or single options of the same one."""
    if before["name"] != after["name"]:
        return (Change("strategy", written(before), written(after)),)
    old, new = options(before), options(after)
    return tuple(
        Change(f"strategy.{key}", old.get(key), new.get(key))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    )


def options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a strategy with their defaults: an option that is written down with its default changes nothing."""
    usual = {
        option["name"]: _default(option["kind"], option["default"])
        for option in strategy.table()[given["name"]]["options"]
    }
    said = {key: value for key, value in given.items() if key != "name"}
    return {**usual, **said}


def _default(kind: str, text: str) -> Any:
    """A default, which the engine's table tells as text."""
    match kind:
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "bool":
            return text == "true"
    return text


def written(given: Mapping[str, Any]) -> str:
    """A strategy as one would write it in the file."""
    return str(given["name"]) if len(given) == 1 else write_value(given)
