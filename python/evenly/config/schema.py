"""The JSON Schema of the file: for editors, and for our own messages about what is allowed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from evenly.config.model import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

    from evenly.config.fault import Loc


class _Toml(GenerateJsonSchema):
    """TOML has no null: an optional value is left out. Keys stay in the order of the structs."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        del parent_key
        return value

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: object) -> bool:
        """A title that only repeats its key says nothing."""
        del schema
        return False

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        # A name that fits no pattern is refused, not ignored.
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made


@cache
def json_schema() -> dict[str, Any]:
    """The schema that every sound file fulfils (draft 2020-12)."""
    schema = Config.model_json_schema(schema_generator=_Toml)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "evenly.toml",
    }


def known_keys(loc: Loc) -> list[str]:
    """The keys that the table at `loc` may have."""
    return [key for schema in _at(loc) for key in schema.get("properties", {})]


def example(loc: Loc) -> object:
    """A value that could stand at `loc`; None when the schema names none."""
    for schema in _at(loc):
        if schema.get("examples"):
            return schema["examples"][0]
    return None


def _at(loc: Loc) -> list[dict[str, Any]]:
    """Every schema that describes the value at `loc`."""
    found = list(_alternatives(json_schema()))
    for step in loc:
        found = [
            inner
            for schema in found
            if (below := _below(schema, step)) is not None
            for inner in _alternatives(below)
        ]
    return found


def _below(schema: dict[str, Any], step: str | int) -> dict[str, Any] | None:
    if isinstance(step, int):
        below = schema.get("items")
    else:
        below = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
        for named in schema.get("patternProperties", {}).values():
            below = named
    return below if isinstance(below, dict) else None


def _alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    if "$ref" in schema:
        yield from _alternatives(json_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    for one in schema.get("anyOf", []):
        yield from _alternatives(one)
