"""Processes are killed and stopped while clients ask: what nobody may notice, nobody notices."""

from __future__ import annotations

import contextlib
import os
import signal

from .harness import processes
from .harness.client import get
from .harness.load import Load
from .harness.nginx import Nginx
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.state import idle
from .harness.waiting import until


def test_a_killed_node_fails_no_idempotent_request() -> None:
    """kill -9 of one nginx of three, again and again; it returns each time."""
    with contextlib.ExitStack() as stack:
        nginxes = [stack.enter_context(Nginx(f"n{n}")) for n in range(3)]
        cluster = {"slow_start": "0s", "ejection": {"base": "1s", "max": "1s"}}
        proxy = stack.enter_context(Proxy(*nginxes, cluster=cluster))
        with Load(proxy.address, 8) as load:
            for node in nginxes:
                load.more()
                node.kill()
                load.more()
                node.start()
                load.more()
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]
        idle(proxy)


def test_a_stopped_node_holds_up_only_its_own_requests() -> None:
    """A node that hangs (SIGSTOP) gets 504 for what it has taken; all others are answered."""
    with Nginx("a") as one, Nginx("b") as two:
        cluster = {"timeouts": {"response_head": "500ms"}, "slow_start": "0s"}
        with Proxy(one, two, cluster=cluster) as proxy, Load(proxy.address, 8) as load:
            load.more()
            assert one.process is not None
            workers = processes.children(one.process.pid)
            for worker in workers:
                os.kill(worker, signal.SIGSTOP)
            try:
                load.more(500)
            finally:
                for worker in workers:
                    os.kill(worker, signal.SIGCONT)
            load.more()
        tally = load.stop()
        assert all("504 " in why for _, why in tally.failures), tally.failures[:5]
        # Eight clients can lose one each before five failures in a row eject it; a probe may lose
        # one more.
        assert len(tally.failures) <= 8 + 8


def test_a_killed_control_process_is_missed_by_no_client() -> None:
    """kill -9 of the Python half: traffic, /metrics and /healthz go on, and it is started again."""
    with Node() as node, Proxy(node) as proxy:
        control = proxy.control()
        until(proxy.clusters, "the control process answers")
        with Load(proxy.address, 8) as load:
            load.more()
            for _ in range(2):
                os.kill(control, signal.SIGKILL)
                assert proxy.metrics().samples
                assert get(proxy.admin, "/healthz").status == 200
                load.more()
                until(lambda: not processes.alive(control), "it is dead")  # noqa: B023
                control = proxy.control()
                until(lambda: get(proxy.admin, "/v1/clusters").status == 200, "a new one answers")
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]


def test_a_control_process_that_dies_again_and_again_costs_nothing() -> None:
    """kill -9 as soon as it is there: no request fails, no descriptor and no zombie is left."""
    with Node() as node, Proxy(node) as proxy:
        proxy.clusters()
        with Load(proxy.address, 4) as load:
            load.more()
            before = processes.descriptors(proxy.pid)
            for _ in range(5):
                control = proxy.control()
                os.kill(control, signal.SIGKILL)
                until(lambda: not processes.alive(control), "it is dead")  # noqa: B023
                load.more(50)
            assert proxy.clusters()
            assert proxy.metrics().sum("evenly_control_restarts_total") >= 5
            # Its pipe and pidfd take the place of the first one's; admin connections come and go.
            until(
                lambda: processes.descriptors(proxy.pid) <= before, "no descriptor is left behind"
            )
            assert processes.children(proxy.pid) == [proxy.control()]
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]


def test_a_stopped_control_process_is_missed_by_no_client() -> None:
    """SIGSTOP: what needs it is refused in time with a name; all else goes on."""
    with Node() as node, Proxy(node) as proxy:
        control = proxy.control()
        until(proxy.clusters, "the control process answers")
        with Load(proxy.address, 8) as load:
            load.more()
            os.kill(control, signal.SIGSTOP)
            try:
                load.more()
                assert proxy.metrics().samples
                assert get(proxy.admin, "/readyz").status == 200
                stuck = get(proxy.admin, "/v1/clusters")
                assert stuck.status in (503, 504)
                assert b"control_" in stuck.body
                load.more()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(control, signal.SIGCONT)
            until(lambda: get(proxy.admin, "/v1/clusters").status == 200, "it answers again")
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]


def test_the_proxy_can_be_stopped_while_its_control_process_hangs() -> None:
    """A stopped child does not survive its parent."""
    with Node() as node, Proxy(node) as proxy:
        control = proxy.control()
        os.kill(control, signal.SIGSTOP)
        proxy.signal()
        assert proxy.wait() == 0
        proxy.gone()


def test_the_control_process_ends_with_a_killed_engine() -> None:
    """kill -9 of the engine leaves no orphan behind."""
    with Node() as node, Proxy(node, exit_code=-signal.SIGKILL) as proxy:
        proxy.control()
        proxy.signal(signal.SIGKILL)
        assert proxy.wait() == -signal.SIGKILL
        proxy.gone()
