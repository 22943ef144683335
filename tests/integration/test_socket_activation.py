"""Sockets that outlive the proxy: the test holds them, as systemd would, and hands them over."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from .harness import processes
from .harness.activation import hand_over
from .harness.client import get
from .harness.load import Load
from .harness.node import Node
from .harness.ports import LOOPBACK, split
from .harness.proxy import Proxy


def tcp(address: str = f"{LOOPBACK}:0") -> socket.socket:
    """A listening socket."""
    return socket.create_server(split(address), backlog=1024)


def where(one: socket.socket) -> str:
    """Its address as the configuration writes it."""
    host, port = one.getsockname()
    return f"{host}:{port}"


def test_a_restart_loses_no_connection() -> None:
    """While one process ends and the next begins, connections wait in the backlog and are served."""
    with tcp() as web, tcp() as admin, Node() as node:
        proxy = Proxy(
            node, listen={"address": where(web)}, more={"admin": {"address": where(admin)}}
        )
        proxy.address, proxy.admin = where(web), where(admin)
        hand_over(proxy, {"web": web, "admin": admin})
        with Load(proxy.address, 4, keep=False) as load:
            for _ in range(3):
                with proxy:
                    load.more()
                proxy = again(proxy, node, web, admin)
            with proxy:
                load.more()
                tally = load.stop()
        assert not tally.failures, tally.failures[:5]


def again(old: Proxy, node: Node, web: socket.socket, admin: socket.socket) -> Proxy:
    """The next process with the same sockets."""
    proxy = Proxy(node, listen={"address": where(web)}, more={"admin": {"address": where(admin)}})
    proxy.address, proxy.admin = old.address, old.admin
    hand_over(proxy, {"web": web, "admin": admin})
    return proxy


def test_a_socket_is_known_by_its_address() -> None:
    """Without names that say more, each listener takes the socket that listens where it would."""
    with tcp() as web, tcp() as admin, Node() as node:
        proxy = Proxy(
            node, listen={"address": where(web)}, more={"admin": {"address": where(admin)}}
        )
        proxy.address, proxy.admin = where(web), where(admin)
        hand_over(proxy, {"one.socket": admin, "other.socket": web}, names=False)
        with proxy:
            assert proxy.get("/").status == 200


def test_a_socket_is_known_by_its_name() -> None:
    """A listener takes the socket with its name, wherever that listens; the rest is bound as usual."""
    with tcp() as web, Node() as node:
        proxy = Proxy(node)
        unused, proxy.address = proxy.address, where(web)
        hand_over(proxy, {"web": web})
        with proxy:
            assert proxy.get("/").status == 200
            assert where(web) in proxy.stderr()
            with socket.create_server(split(unused)):
                """Nobody listens there."""


def test_a_unix_socket_is_handed_over_and_left_in_place(tmp_path: Path) -> None:
    """The file belongs to whoever made it: it is there after the proxy's end."""
    path = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as web, Node() as node:
        web.bind(str(path))
        web.listen()
        proxy = Proxy(node, listen={"address": f"unix:{path}"})
        hand_over(proxy, {"unknown": web})
        with proxy:
            assert get(f"unix:{path}", "/").status == 200
        assert path.exists()


def test_a_socket_that_belongs_to_no_listener_is_named() -> None:
    """Exit 1, with the socket, the listeners there are, and what to do."""
    with tcp() as stray, Node() as node:
        proxy = Proxy(node, exit_code=1)
        hand_over(proxy, {"wbe": stray})
        with proxy.launched():
            assert proxy.wait() == 1
            said = proxy.stderr()
            assert '"wbe"' in said and where(stray) in said
            assert f"web ({proxy.address})" in said and "FileDescriptorName=" in said


def test_a_descriptor_that_cannot_be_listened_on_is_named() -> None:
    """A connected pair instead of a listening socket: a mistake, not a hang."""
    one, other = socket.socketpair()
    with one, other, Node() as node:
        proxy = Proxy(node, exit_code=1)
        hand_over(proxy, {"web": one})
        with proxy.launched():
            assert proxy.wait() == 1
            assert "ListenStream=" in proxy.stderr()


def test_the_control_process_holds_no_listening_socket() -> None:
    """It would keep the port when the engine is gone: inherited descriptors end at the engine."""
    with tcp() as web, Node() as node:
        proxy = Proxy(node, listen={"address": where(web)})
        proxy.address = where(web)
        hand_over(proxy, {"web": web})
        with proxy:
            proxy.clusters()
            inode = os.fstat(web.fileno()).st_ino
            assert f"socket:[{inode}]" in held(proxy.pid)
            for child in processes.descendants(proxy.pid):
                assert f"socket:[{inode}]" not in held(child)


def held(pid: int) -> set[str]:
    """What the descriptors of `pid` stand for."""
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(one.readlink()))
        except FileNotFoundError:
            continue
    return found
