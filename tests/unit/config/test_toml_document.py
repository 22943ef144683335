"""TOML with places: the same values as any reader, and each key where it stands."""

from __future__ import annotations

import contextlib
import json
import tomllib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evenly import _engine
from evenly.config.document import Document, path, write_value

# Keys of all kinds: bare ones, ones with quotes, dots and letters of other scripts.
KEYS = st.text(alphabet='ab-_1.ä€" \\', min_size=0, max_size=4)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    # TOML writes no exponent without a digit after the point; integers above cover the rest.
    st.sampled_from([0.5, -1.25, 1e3]),
    st.text(alphabet='ab"\\ \n\tä€𝄞#', max_size=5),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
TREES = st.dictionaries(KEYS, VALUES, max_size=4)


def written(tree: dict[str, Any]) -> str:
    """A TOML text of the tree, with a comment before each key so that lines differ."""
    return "".join(f"# ä\n{path((key,))} = {write_value(value)}\n" for key, value in tree.items())


@given(TREES)
@example({"": {"": [[]]}})
def test_the_values_are_those_of_any_reader(tree: dict[str, Any]) -> None:
    """tomllib of the standard library reads the same from the same text."""
    text = written(tree)
    values, _ = _engine.toml_document(text)
    assert values == tomllib.loads(text) == tree
    assert json.dumps(values) == json.dumps(tree)


@given(TREES)
def test_every_key_and_item_is_found_where_it_stands(tree: dict[str, Any]) -> None:
    """Whatever the path, the text at its line and column begins with the key or the item."""
    text = written(tree)
    lines = text.split("\n")
    _, spans = _engine.toml_document(text)
    found = 0
    for loc, value in places((), tree):
        line, column = spans[path(loc)]
        here = lines[line - 1][column - 1 :]
        assert here.startswith(path(loc[-1:]) if isinstance(loc[-1], str) else write_value(value))
        found += 1
    # Different places may have one path only if a key looks like a path, which quotes prevent.
    assert len(spans) == found


def places(loc: tuple[str | int, ...], value: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every place below a value."""
    steps: list[Any] = []
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    return [
        entry
        for step in steps
        for entry in [((*loc, step), value[step]), *places((*loc, step), value[step])]
    ]


def test_tables_dotted_keys_and_arrays_of_tables_have_places() -> None:
    """All the ways in which TOML lets one write a table."""
    text = '[a.b]\nc.d = 1\n[[e]]\nf = "x"\n[[e]]\n  f = [\n  1,\n  2]\n'
    _, spans = _engine.toml_document(text)
    assert spans == {
        "a": (1, 2),
        "a.b": (1, 4),
        "a.b.c": (2, 1),
        "a.b.c.d": (2, 3),
        "e": (3, 3),
        "e[0]": (3, 1),
        "e[0].f": (4, 1),
        "e[1]": (5, 1),
        "e[1].f": (6, 3),
        "e[1].f[0]": (7, 3),
        "e[1].f[1]": (8, 3),
    }


def test_windows_line_ends_count_as_one() -> None:
    """A file saved elsewhere has the same lines."""
    _, spans = _engine.toml_document("a = 1\r\n\r\nb = 2\r\n")
    assert spans == {"a": (1, 1), "b": (3, 1)}


@pytest.mark.parametrize(
    "text", ["a = ", "[a", 'a = "', "a = 1\na = 2", "= 1", "a = 1979-05-27T", "\0"]
)
def test_what_is_no_toml_is_refused_with_its_place(text: str) -> None:
    """tomllib refuses the same; ours says line, column and what was expected, as fields."""
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    with pytest.raises(_engine.TomlError) as caught:
        _engine.toml_document(text)
    line, column, message = caught.value.args
    assert 1 <= line <= text.count("\n") + 1
    assert column >= 1
    assert message


@given(st.text(alphabet='ab=[]{}"\n#.1', max_size=20))
def test_no_text_at_all_makes_the_reader_fall(text: str) -> None:
    """Any text is read or refused."""
    with contextlib.suppress(_engine.TomlError):
        _engine.toml_document(text)


def test_a_fault_of_something_unwritten_stands_at_what_surrounds_it() -> None:
    """A node given as text has no `address` to go to; a missing key stands at its table."""
    document = Document.of('[c]\nnodes = [\n"a:1"]\n', "f")
    assert str(document.fault(("c", "nodes", 0, "address"), "x")) == "f:3: c.nodes[0]: x"
    assert str(document.fault(("c", "health"), "x")) == "f:1: c.health: x"
