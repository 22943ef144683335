"""Free loopback ports, held until the moment somebody else must bind them."""

from __future__ import annotations

import os
import socket
import struct

LOOPBACK = "127.0.0.1"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port nobody listens on; the kernel hands out another one next time."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def free_ports(count: int) -> list[int]:
    """Return `count` different free ports: all are held at once, so none is given twice."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


def split(address: str) -> tuple[str, int]:
    """Take `host:port` apart."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def connect(address: str, timeout: float = 30.0) -> socket.socket:
    """Open a connection to `host:port` or `unix:/path`, without Nagle's delay: segments leave as
    they are sent.
    """
    if address.startswith("unix:"):
        local = socket.socket(socket.AF_UNIX)
        local.settimeout(timeout)
        try:
            local.connect(address.removeprefix("unix:"))
        except OSError:
            local.close()
            raise
        return local
    remote = socket.create_connection(split(address), timeout=timeout)
    remote.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return remote


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN. Only the thread that reads the socket may call this."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())
    except OSError:
        pass
