"""The public API as a type checker sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.mark.parametrize("page", ["uses.py", "mistakes.py"])
def test_mypy_finds_the_types_that_are_asserted(page: str) -> None:
    """Strict; in `mistakes.py` each mistake is found, because an ignore without one is an error."""
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", str(HERE / page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
