"""What import-linter cannot see of the floors: imports of the package itself, and what an import pulls in."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import evenly

PACKAGE = Path(evenly.__file__).parent
NOUNS = sorted(
    path
    for name in ("errors", "node", "strategy", "balancer")
    for path in PACKAGE.glob(f"{name}*/**/*.py")
) + sorted(PACKAGE / f"{name}.py" for name in ("errors", "node", "strategy"))


@pytest.mark.parametrize("path", NOUNS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_noun_takes_only_the_engine_from_the_package(path: Path) -> None:
    """`from evenly import Balancer` down there would be a cycle that import-linter is told to overlook."""
    for statement in ast.walk(ast.parse(path.read_text())):
        if isinstance(statement, ast.ImportFrom) and statement.module == "evenly":
            assert {name.name for name in statement.names} <= {
                "_engine",
                "errors",
                "node",
                "strategy",
            }


def test_importing_the_package_loads_no_third_party_module() -> None:
    """A program that only picks must not pay for, or depend on, what the command line needs."""
    code = (
        "import sys; before = set(sys.modules); import evenly; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split()) - {"evenly"}
    assert not loaded - set(sys.stdlib_module_names)
