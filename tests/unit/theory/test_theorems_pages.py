"""The pages about the theory: nothing of the document is left out, and what they name is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from evenly.cli.menu import COMMANDS
from evenly.theory.theorems import THEOREMS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/from-the-document.md").read_text()
SKETCH = [
    line
    for line in Path(__file__).with_name("sketch.txt").read_text().splitlines()
    if not line.startswith("#")
]
CODE = sorted(set(re.findall(r"`([^`]+)`", PAGE)))
NAMES = [name for name in CODE if re.fullmatch(r"evenly(\.\w+)+", name)]
PATHS = [name for name in CODE if re.fullmatch(r"(crates|python|tests|docs)/[\w./-]+", name)]


def resolve(name: str) -> object:
    """The object of a dotted name: the longest module, then attributes, then fields."""
    words = name.split(".")
    for split in range(len(words), 0, -1):
        try:
            found: object = importlib.import_module(".".join(words[:split]))
        except ModuleNotFoundError:
            continue
        for word in words[split:]:
            fields = getattr(found, "__dataclass_fields__", {})
            found = fields[word] if word in fields else getattr(found, word)
        return found
    raise LookupError(name)


@pytest.mark.parametrize("name", SKETCH)
def test_every_name_of_the_sketch_is_on_the_page(name: str) -> None:
    """One row, which says where it is now or why it is not."""
    rows = re.findall(rf"^\| `{re.escape(name)}` \| (.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 1 and rows[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_python_name_on_the_page_exists(name: str) -> None:
    """A renamed thing takes its row along."""
    assert resolve(name) is not None


@pytest.mark.parametrize("path", PATHS)
def test_a_path_on_the_page_exists(path: str) -> None:
    """As a file or a folder of this repository."""
    assert (ROOT / path).exists()


def test_the_page_names_enough_to_be_worth_checking() -> None:
    """The patterns that find names and paths have not gone blind."""
    assert len(NAMES) > 50 and len(PATHS) > 12
    commands = {name.split()[1] for name in CODE if re.fullmatch(r"evenly [a-z]+", name)}
    assert commands and commands <= set(COMMANDS)


def test_each_of_the_26_faults_has_its_test() -> None:
    """The page's numbers are those of the tests."""
    rows = re.findall(r"^\| (\d+) \| ", PAGE, re.MULTILINE)
    tests = (ROOT / "tests/unit/test_reference_faults.py").read_text()
    assert [int(row) for row in rows] == list(range(1, 27))
    assert all(f"def test_{int(row):02}_" in tests for row in rows)


def test_links_into_the_page_of_theorems_arrive() -> None:
    """An anchor is an entry's id."""
    anchors = {re.sub("[^a-z0-9]+", "-", entry.id.lower()) for entry in THEOREMS}
    assert set(re.findall(r"theorems\.md#([\w-]+)", PAGE)) <= anchors
