"""`proxy.user`: started as root, served as somebody else. The tests run as root; `nobody` is on every Linux."""

from __future__ import annotations

import grp
import os
import pwd
import signal
import socket
import tempfile
from pathlib import Path

from .harness import processes
from .harness.client import get
from .harness.house import opened
from .harness.node import Node
from .harness.ports import LOOPBACK
from .harness.proxy import Proxy
from .harness.waiting import until

NOBODY = pwd.getpwnam("nobody")
GROUP = "nogroup"
LOW = range(400, 1024)
"""Ports below 1024 with few owners."""


def readable(proxy: Proxy) -> Proxy:
    """Let everybody reach the proxy's own folder and its Python."""
    proxy.folder.chmod(0o755)
    proxy.temporary.chmod(0o1777)
    scratch = proxy.folder / "mounts"
    scratch.mkdir()
    proxy.before = opened(scratch)
    return proxy


def low_port() -> int:
    """Return a free port that only root may listen on."""
    for port in LOW:
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise AssertionError("every low port is taken")


def identity(pid: int, thread: int | None = None) -> dict[str, list[str]]:
    """What the kernel says about a process or thread, line by line."""
    place = Path(f"/proc/{pid}/task/{thread}" if thread else f"/proc/{pid}") / "status"
    lines = (line.split(":", 1) for line in place.read_text().splitlines())
    return {key: value.split() for key, value in lines}


def test_a_low_port_is_served_by_nobody() -> None:
    """All threads and the control process are `nobody` for good, without root's groups or rights."""
    address = f"{LOOPBACK}:{low_port()}"
    user = {"user": "nobody", "group": GROUP}
    with Node() as node:
        proxy = readable(Proxy(node, listen={"address": address}, proxy=user))
        proxy.address = address
        with proxy:
            assert proxy.get("/").status == 200
            control = proxy.control()
            threads = [int(one.name) for one in Path(f"/proc/{proxy.pid}/task").iterdir()]
            assert len(threads) > 2
            uid, gid = str(NOBODY.pw_uid), str(grp.getgrnam(GROUP).gr_gid)
            facts = [identity(proxy.pid, thread) for thread in threads] + [identity(control)]
            for fact in facts:
                assert set(fact["Uid"]) == {uid}
                assert set(fact["Gid"]) == {gid}
                assert set(fact["Groups"]) <= {gid}
                assert fact["CapPrm"] == fact["CapEff"] == ["0000000000000000"]
                assert fact["NoNewPrivs"] == ["1"]
            # The control process works: its folder is its own.
            assert proxy.clusters()
            proxy.stop()


def test_what_was_opened_for_it_belongs_to_it() -> None:
    """The access log and the file of a UNIX socket change hands; the socket is removed at the end."""
    with tempfile.TemporaryDirectory() as name, Node() as node:
        folder = Path(name)
        folder.chmod(0o1777)
        path = folder / "web.sock"
        listen = {"address": f"unix:{path}"}
        proxy = readable(Proxy(node, listen=listen, proxy={"user": "nobody"}))
        with proxy:
            assert get(f"unix:{path}", "/").status == 200
            assert path.stat().st_uid == proxy.access.stat().st_uid == NOBODY.pw_uid
            proxy.log(1)
        assert not path.exists()


def test_a_link_in_place_of_the_log_gives_nothing_away(tmp_path: Path) -> None:
    """Whoever may write to the log's folder cannot have another file given to it."""
    secret = tmp_path / "secret"
    secret.write_text("root's\n")
    with Node() as node:
        proxy = readable(Proxy(node, proxy={"user": "nobody"}))
        proxy.access.symlink_to(secret)
        with proxy:
            assert proxy.get("/").status == 200
        assert secret.stat().st_uid == os.getuid()


def test_numbers_will_do() -> None:
    """An image without /etc/passwd has numbers only."""
    with Node() as node, readable(Proxy(node, proxy={"user": "64999", "group": "64998"})) as proxy:
        fact = identity(proxy.pid)
        assert fact["Uid"][0] == "64999" and fact["Gid"][0] == "64998"
        assert fact["Groups"] == ["64998"]


def refused(user: dict[str, str], before: list[str] | None = None) -> str:
    """Start in vain and return what was said."""
    with Node() as node:
        proxy = Proxy(node, proxy=user, exit_code=1)
        proxy.before = before or []
        with proxy.launched():
            assert proxy.wait() == 1
            assert "Traceback" not in proxy.stderr() and "panicked" not in proxy.stderr()
            return proxy.stderr()


def test_an_unknown_user_or_group_is_named() -> None:
    """Exit 1 before anything is served."""
    assert 'there is no user "no-such-user"' in refused({"user": "no-such-user"})
    said = refused({"user": "nobody", "group": "no-such-group"})
    assert 'there is no group "no-such-group"' in said
    assert "set proxy.group" in refused({"user": "64999"})


def test_who_is_not_root_becomes_nobody_else() -> None:
    """Without the right to change users the start fails, and says what is lacking."""
    bare = ["setpriv", "--bounding-set", "-setuid,-setgid"]
    said = refused({"user": "nobody"}, bare)
    assert "may not become nobody" in said and "CAP_SETUID" in said


def test_a_killed_control_process_comes_back_as_the_same_user() -> None:
    """The next one is started long after root was given up."""
    with Node() as node, readable(Proxy(node, proxy={"user": "nobody"})) as proxy:
        first = proxy.control()
        proxy.clusters()
        os.kill(first, 9)
        until(lambda: not processes.alive(first), "it is dead")
        assert identity(proxy.control())["Uid"][0] == str(NOBODY.pw_uid)
        assert proxy.clusters()


def test_a_reload_cannot_open_a_low_port_any_more() -> None:
    """It is refused, says what to do, and the configuration in force stays."""
    with Node() as node:
        proxy = readable(Proxy(node, proxy={"user": "nobody"}))
        proxy.file.chmod(0o644)
        with proxy:
            proxy.clusters()
            proxy.tables["listen.low"] = {"address": f"{LOOPBACK}:{low_port()}", "to": "users"}
            proxy.save()
            proxy.signal(signal.SIGHUP)
            until(lambda: "ports below 1024" in proxy.stderr(), "the refusal is told")
            said = proxy.stderr()
            assert "listen.low" in said and "proxy.user" in said
            assert "AmbientCapabilities=" in said and "restart" in said
            assert proxy.get("/").status == 200
            del proxy.tables["listen.low"]
            proxy.tables["cluster.users"] = {**proxy.tables["cluster.users"], "slow_start": "0s"}
            proxy.save()
            proxy.signal(signal.SIGHUP)
            until(lambda: "edition 2" in proxy.stderr(), "another reload works")
