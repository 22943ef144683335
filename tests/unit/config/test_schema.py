"""The JSON Schema says what the checks say: editors and `evenly check` agree."""

from __future__ import annotations

import tomllib
from typing import Any

import jsonschema
import pytest

from evenly import _engine, config

from .examples import DOCUMENTED, EVERYTHING, edited, faults

SCHEMA = config.json_schema()
Validator = jsonschema.Draft202012Validator


def test_the_schema_is_one() -> None:
    """It fulfils the schema of schemas, and names it."""
    Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("text", [DOCUMENTED, EVERYTHING])
def test_sound_files_fulfil_the_schema(text: str) -> None:
    """What `evenly check` takes, an editor must not underline."""
    assert list(Validator(SCHEMA).iter_errors(tomllib.loads(text))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("workers = 2", "wrokers = 2"),
        ("workers = 2", "workers = 0"),
        ("workers = 2", 'workers = "2"'),
        ("workers = 2", 'drain = "2 weeks"'),
        ("workers = 2", "drain = -1"),
        ('to = "users"', ""),
        ('to = "users"', 'to = "users"\nrelaxed = "bare_lf"'),
        ("[listen.web]", '[listen."the web"]'),
        ("weight = 2", "weight = 0"),
        ("weight = 2", "wieght = 2"),
        ('"power_of_two"', '"pwer_of_two"'),
        ('"power_of_two"', '{ name = "consistent_hash", virtualnodes = 3 }'),
        ('"power_of_two"', '{ name = "consistent_hash", key = "x-user" }'),
        ('every = "5s"', "status = 99"),
        ('{ http = "/healthz", every = "5s" }', '{ every = "5s" }'),
        ('{ http = "/healthz", every = "5s" }', '{ http = "/x", tcp = true }'),
    ],
)
def test_faults_that_a_schema_can_tell_it_tells(old: str, new: str) -> None:
    """Both refuse the same file."""
    text = edited(old, new)
    assert faults(text)
    assert not Validator(SCHEMA).is_valid(tomllib.loads(text))


@pytest.mark.parametrize("entry", _engine.strategies(), ids=lambda entry: str(entry["name"]))
def test_every_strategy_of_the_engine_can_be_configured(entry: dict[str, Any]) -> None:
    """By name and as a table with its options at their defaults, for the check and the schema."""
    read = {"int": int, "float": float, "text": str}
    options = {
        option["name"]: read[option["kind"]](option["default"]) for option in entry["options"]
    }
    table = ", ".join(
        f"{key} = {value!r}" for key, value in {"name": entry["name"], **options}.items()
    )
    for strategy in f'"{entry["name"]}"', f"{{ {table} }}":
        text = edited('"power_of_two"', strategy)
        assert faults(text) == []
        assert Validator(SCHEMA).is_valid(tomllib.loads(text))


def test_every_key_says_what_it_does() -> None:
    """The schema is the reference an editor shows, so no key is without its words."""
    for name, section in SCHEMA["$defs"].items():
        assert section["description"], name
        for key, value in section["properties"].items():
            described = value.get("description") or SCHEMA["$defs"].get(
                value.get("$ref", "").rpartition("/")[2], {}
            ).get("description")
            assert described, f"{name}.{key}"


def test_nothing_unknown_gets_past_any_table() -> None:
    """Every table refuses keys that it does not know."""
    for name, section in SCHEMA["$defs"].items():
        assert section["additionalProperties"] is False, name
