"""What every test shares: one seed policy, and no test that quietly does not run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# The same examples on every machine and every day: a red run can be run again.
settings.register_profile("evenly", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("evenly")


@pytest.fixture
def rng() -> random.Random:
    """Chance with a seed: the same draws in every run."""
    return random.Random(20261122)


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say which tests did not run; `pytest_sessionfinish` has made the run red for them."""
    yield
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} skipped: a test runs or is deleted", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skipped test is a failed run: it would hide what nobody checks any more."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
