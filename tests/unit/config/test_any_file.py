"""Whatever a file says, the answer is a configuration or faults with lines: never a crash, never silence."""

from __future__ import annotations

import copy
import json
import tomllib
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from evenly import config
from evenly.config.document import path, write_value

from .examples import EVERYTHING

SOUND = tomllib.loads(EVERYTHING)
SCHEMA = jsonschema.Draft202012Validator(config.json_schema())

# Values that are right somewhere and wrong elsewhere.
VALUES = st.one_of(
    st.booleans(),
    st.integers(-3, 70_000),
    st.sampled_from([0.5, -1.5]),
    st.sampled_from(
        ["", "a:1", "a", "5s", "0s", "users", "off", "/x", "random", "[::1]:80", "é\n"]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["a:1", "10.0.0.0/8", "bare_lf", 200, {}]), max_size=3),
    st.dictionaries(
        st.sampled_from(["name", "address", "http", "x y"]), st.just("a:1"), max_size=2
    ),
)


def places(value: Any, loc: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a tree but its root."""
    steps: list[Any] = list(value) if isinstance(value, dict) else []
    steps += range(len(value)) if isinstance(value, list) else []
    return [found for step in steps for found in [(*loc, step), *places(value[step], (*loc, step))]]


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """The full example with a few places replaced, removed or added to."""
    tree: dict[str, Any] = copy.deepcopy(SOUND)
    for _ in range(draw(st.integers(1, 4))):
        *around, last = draw(st.sampled_from(places(tree) or [("proxy",)]))
        value: Any = tree
        for step in around:
            value = value[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "remove" if around:
                del value[last]
            case "add" if isinstance(value, dict):
                value[draw(st.sampled_from(["wieght", "to", "tcp", "ö.ä"]))] = draw(VALUES)
            case _:
                value[last] = draw(VALUES)
    return tree


def text(tree: dict[str, Any]) -> str:
    """The tree as TOML, one table of the root a line."""
    return "".join(f"{path((key,))} = {write_value(value)}\n" for key, value in tree.items())


@given(changed())
def test_any_change_gives_a_configuration_or_faults_with_lines(tree: dict[str, Any]) -> None:
    """And what is taken fulfils the schema, so that editors agree with us."""
    written = text(tree)
    try:
        engine = config.parse(written).engine()
    except config.ConfigError as error:
        assert error.faults
        for fault in error.faults:
            assert fault.line is not None
            assert 1 <= fault.line <= written.count("\n") + 1
            assert fault.key
            assert fault.what
            assert str(fault).isprintable()
    else:
        json.dumps(engine, allow_nan=False)
        SCHEMA.validate(tree)
