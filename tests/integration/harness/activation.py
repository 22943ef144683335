"""Handing listening sockets to a proxy as systemd does: from descriptor 3 on, with three variables."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .proxy import Proxy

# Runs as the process that becomes the proxy: only that one knows its pid, which LISTEN_PID has to say. Descriptors
# come under the numbers they have here and are wanted from 3 on, in order.
_START = """
import os, sys
given = [int(number) for number in sys.argv[1].split(",")]
kept = [os.dup2(one, 100 + place, inheritable=False) for place, one in enumerate(given)]
for one in given:
    os.close(one)
for place, one in enumerate(kept):
    os.dup2(one, 3 + place)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execvp(sys.argv[2], sys.argv[2:])
"""


def hand_over(proxy: Proxy, sockets: Mapping[str, socket.socket], names: bool = True) -> None:
    """Let the proxy start with these sockets; they stay open here, too, as systemd keeps its."""
    numbers = ",".join(str(one.fileno()) for one in sockets.values())
    proxy.before = [sys.executable, "-S", "-c", _START, numbers]
    proxy.inherited = [one.fileno() for one in sockets.values()]
    proxy.environment["LISTEN_FDS"] = str(len(sockets))
    if names:
        proxy.environment["LISTEN_FDNAMES"] = ":".join(sockets)
