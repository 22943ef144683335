"""From a configuration to a running proxy: what `run` and `serve` share."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from evenly import _engine

if TYPE_CHECKING:
    from evenly.config import Config

CONTROL = (sys.executable, "-m", "evenly.control")
"""The control process; the engine starts it, and starts it again when it dies."""


def start(config: Config, file: str | None, source: str) -> NoReturn:
    """Turns this process into the engine. It runs no Python from here on, and ends with the proxy.

    `source` is the text of the configuration and `file` where it stands; the control process goes on from them.
    """
    from evenly.control.in_force import first

    document = first(file, source).json()
    # What Python still holds back would come out after the engine's own lines, or never.
    sys.stdout.flush()
    sys.stderr.flush()
    # The engine handles signals. Python's own handler would be told of a Ctrl-C too, remember it until the engine
    # has drained, and turn a clean end into an interrupted one.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        code = _engine.run_proxy(json.dumps(config.engine()), list(CONTROL), json.dumps(document))
    finally:
        signal.signal(signal.SIGINT, before)
    sys.exit(code)
