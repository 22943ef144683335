"""The control process at work: the API on its socket, and threads that read the engine's events and watch the file."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import uvicorn

from evenly.control.app import app
from evenly.control.audit import Audit
from evenly.control.engine import Engine
from evenly.control.events import Events
from evenly.control.in_force import InForce
from evenly.control.versions import Versions
from evenly.control.watch import watch

if TYPE_CHECKING:
    import socket
    from pathlib import Path


def serve(listener: socket.socket, engine: Path, folder: Path) -> None:
    """Answer on a socket for ever; what has to outlive this process is kept in `folder`."""
    events = Events()
    in_force = InForce(Engine(engine), Audit(folder), Versions(folder), events)
    for work in (lambda: events.read_engine(in_force.engine), lambda: watch(in_force)):
        threading.Thread(target=work, daemon=True).start()
    # A reader of events that leaves in the middle of one is no news.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app(in_force, events),
        # The engine's admin listener is the place for a log of requests; faults of ours go to standard error.
        access_log=False,
        log_config=None,
        log_level="error",
        lifespan="off",
        server_header=False,
        ws="none",
        # Streams of events never end by themselves.
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])
