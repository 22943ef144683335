"""The files for systemd: sound by its own judgement, and the proxy lives with what they forbid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .harness import confined
from .harness.node import Node
from .harness.proxy import Proxy, evenly

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
INSTALLED = "/opt/evenly/bin/evenly"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The files as they would be installed here: with the program that this machine has."""
    for unit in PACKAGING.iterdir():
        text = unit.read_text()
        (tmp_path / unit.name).write_text(text.replace(INSTALLED, evenly()))
    return tmp_path


def judge(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze, which needs no systemd to run."""
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_reads_the_files_without_a_word(units: Path) -> None:
    """No unknown key, no missing program, no cycle."""
    done = judge("verify", *(str(unit) for unit in sorted(units.iterdir())))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_service_that_took_the_proxy_over_could_do_little(units: Path) -> None:
    """systemd's own measure from 0 to 10: what is left is the network and one low-port right."""
    service = str(units / "evenly.service")
    done = judge("security", "--offline=true", "--threshold=20", service)
    assert done.returncode == 0, done.stdout


def test_the_stop_leaves_time_for_the_drain() -> None:
    """TimeoutStopSec is longer than the default drain of 30 s, or systemd would cut it off."""
    lines = (PACKAGING / "evenly.service").read_text().splitlines()
    (stop,) = [line.partition("=")[2] for line in lines if line.startswith("TimeoutStopSec=")]
    assert int(stop) > 30


def test_the_proxy_needs_no_forbidden_call() -> None:
    """Under the unit's own filter and without writable code it serves, checks, answers and drains."""
    unit = PACKAGING / "evenly.service"
    assert "reboot" not in confined.allowed(unit) and "accept4" in confined.allowed(unit)
    assert "MemoryDenyWriteExecute=yes" in unit.read_text()
    with Node() as node:
        proxy = Proxy(node, cluster={"health": {"http": "/healthz"}})
        proxy.before = [sys.executable, confined.__file__, str(unit)]
        with proxy:
            lines = Path(f"/proc/{proxy.pid}/status").read_text().splitlines()
            assert "Seccomp:\t2" in lines
            assert proxy.get("/").status == 200
            assert proxy.clusters()
            assert proxy.metrics().samples
            assert "Operation not permitted" not in proxy.stderr()
