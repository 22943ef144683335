"""What systemd is told, with the test in systemd's place: a real datagram socket."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from .harness.manager import Manager
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.stuck import held, threads
from .harness.waiting import until


def test_readiness_is_told_when_clients_are_served(tmp_path: Path) -> None:
    """READY=1 means that the next connection is answered; STOPPING=1 comes with the drain."""
    with Manager(str(tmp_path / "notify")) as manager, Node() as node:
        proxy = Proxy(node)
        proxy.environment = {"NOTIFY_SOCKET": manager.name}
        with proxy.launched():
            until(lambda: manager.heard("READY"), "it is ready", within=60)
            assert proxy.get("/").status == 200
            (news,) = manager.heard("READY")
            assert news["READY"] == "1"
            assert proxy.address in news["STATUS"] and proxy.admin in news["STATUS"]
            assert not manager.heard("STOPPING")
            proxy.stop()
        (news,) = manager.heard("STOPPING")
        assert news["STOPPING"] == "1"


def test_a_start_that_fails_is_never_ready(tmp_path: Path) -> None:
    """A listener that cannot be had: no READY=1, exit code 1."""
    with Manager(str(tmp_path / "notify")) as manager, Node() as node:
        proxy = Proxy(node, listen={"address": "unix:/nowhere/at/all"}, exit_code=1)
        proxy.environment = {"NOTIFY_SOCKET": manager.name}
        with proxy.launched():
            assert proxy.wait() == 1
        assert not manager.heard("READY")


def test_an_abstract_socket_is_told_as_well() -> None:
    """Containers hand over `@names`, which no file system knows."""
    with Manager(f"@evenly-test-{os.getpid()}") as manager, Node() as node:
        proxy = Proxy(node)
        proxy.environment = {"NOTIFY_SOCKET": manager.name}
        with proxy:
            until(lambda: manager.heard("READY"), "it is ready")


def test_the_watchdog_hears_nothing_while_a_worker_is_stuck(tmp_path: Path) -> None:
    """All threads but one worker go on, and still WATCHDOG=1 ends; it comes back with the worker."""
    with Manager(str(tmp_path / "notify")) as manager, Node() as node:
        proxy = Proxy(node)
        # Ten times a second, so that what is told again and again is told soon.
        proxy.environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"}
        with proxy:
            manager.wait("WATCHDOG", more=3)
            (stuck,) = threads(proxy.pid, "worker-1")
            with held(stuck):
                # Ten are missing in a second; the first may still have been on its way.
                until(lambda: manager.silent("WATCHDOG", 1.0), "nothing is told for a second")
                assert proxy.metrics().samples
            manager.wait("WATCHDOG", more=3)


def test_a_watchdog_of_another_process_is_not_ours(tmp_path: Path) -> None:
    """WATCHDOG_PID names somebody else: nothing is told."""
    with Manager(str(tmp_path / "notify")) as manager, Node() as node:
        proxy = Proxy(node)
        proxy.environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "20000"}
        proxy.environment["WATCHDOG_PID"] = str(os.getpid())
        with proxy:
            until(lambda: manager.heard("READY"), "it is ready")
            assert proxy.get("/").status == 200
            assert manager.silent("WATCHDOG", 0.5)


def test_the_control_process_knows_no_service_manager(tmp_path: Path) -> None:
    """It must not speak for the service: the variables end at the engine."""
    with Manager(str(tmp_path / "notify")) as manager, Node() as node:
        proxy = Proxy(node)
        proxy.environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "60000000"}
        with proxy:
            given = Path(f"/proc/{proxy.control()}/environ").read_bytes()
            names = {one.split(b"=")[0] for one in given.split(b"\0")}
            assert b"TMPDIR" in names
            assert not names & {b"NOTIFY_SOCKET", b"WATCHDOG_USEC", b"WATCHDOG_PID"}


def test_a_reload_is_told_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    """RELOADING=1 with the moment on the kernel's clock, then READY=1 with what is in force now."""
    with Manager(str(tmp_path / "notify")) as manager, Node() as node:
        proxy = Proxy(node)
        proxy.environment = {"NOTIFY_SOCKET": manager.name}
        with proxy:
            proxy.clusters()
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            proxy.tables["cluster.users"] = {**proxy.tables["cluster.users"], "slow_start": "0s"}
            proxy.save()
            proxy.signal(signal.SIGHUP)
            until(lambda: "edition 2" in manager.heard("READY")[-1]["STATUS"], "it is in force")
            (reloading,) = manager.heard("RELOADING")
            after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            assert before <= int(reloading["MONOTONIC_USEC"]) <= after
            order = [key for one in manager.news for key in one if key in ("RELOADING", "READY")]
            assert order == ["READY", "RELOADING", "READY"]


def test_a_stopped_control_process_does_not_end_the_service(tmp_path: Path) -> None:
    """Balancing needs no control process: the watchdog hears of us all the same."""
    with Manager(str(tmp_path / "notify")) as manager, Node() as node:
        proxy = Proxy(node)
        proxy.environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"}
        with proxy:
            control = proxy.control()
            os.kill(control, signal.SIGSTOP)
            manager.wait("WATCHDOG", more=5)
            os.kill(control, signal.SIGCONT)
