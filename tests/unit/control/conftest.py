"""A control process in front of a stand-in for the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .standin import Control, Standin, controlled


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path: those of sockets have at most 107 bytes."""
    made = tmp_path_factory.mktemp("c") / "x"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def engine(folder: Path) -> Iterator[Standin]:
    """What the control process asks."""
    with Standin(folder) as engine:
        yield engine


@pytest.fixture
def control(folder: Path) -> Iterator[Control]:
    """A control process."""
    with controlled(folder) as control:
        yield control
