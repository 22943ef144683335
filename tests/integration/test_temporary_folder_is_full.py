"""A full TMPDIR: a start that cannot work says so, and a proxy that runs goes on and can be changed."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
from pathlib import Path

from .harness import processes
from .harness.load import Load
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.waiting import until


def tiny(proxy: Proxy, inodes: int) -> Proxy:
    """Give the proxy a temporary folder that holds so many files, and hardly a byte."""
    folder = shlex.quote(str(proxy.temporary))
    mount = f"mount -t tmpfs -o size=4k,nr_inodes={inodes} none {folder}"
    script = f'set -e\n{mount}\nexec "$@"'
    proxy.before = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    return proxy


def test_a_start_without_room_names_the_folder() -> None:
    """Exit 1, the folder, why, and what to do."""
    with Node() as node:
        # One inode is the root folder's own.
        proxy = tiny(Proxy(node, exit_code=1), inodes=1)
        with proxy.launched():
            assert proxy.wait() == 1
            said = proxy.stderr()
            assert str(proxy.temporary) in said and "No space left" in said and "TMPDIR" in said
            assert "Traceback" not in said and "panicked" not in said


def test_a_full_folder_keeps_no_reload_from_being_applied() -> None:
    """The control process loses its notes of what was in force; requests and changes lose nothing."""
    with Node() as node, tiny(Proxy(node), inodes=64) as proxy:
        proxy.clusters()
        fill(proxy)
        with Load(proxy.address, 4) as load:
            load.more()
            proxy.tables["cluster.users"] = {**proxy.tables["cluster.users"], "slow_start": "0s"}
            proxy.save()
            proxy.signal(signal.SIGHUP)
            until(lambda: "edition 2" in proxy.stderr(), "the new edition is in force")
            load.more()
            # A new control process begins in the full folder, and goes on from what the engine tells it.
            control = proxy.control()
            os.kill(control, signal.SIGKILL)
            until(lambda: not processes.alive(control), "it is dead")
            assert proxy.clusters()
            load.more()
        assert not load.stop().failures


def fill(proxy: Proxy) -> None:
    """Use every byte that is left in the proxy's own temporary folder."""
    inside = Path(f"/proc/{proxy.pid}/root{proxy.temporary}")
    with contextlib.suppress(OSError), (inside / "full").open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    # What was written is gone with the namespace.
    free = os.statvfs(inside)
    assert free.f_bavail == 0
