"""The engine as the control process sees it."""

from __future__ import annotations

import http.client
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from evenly.control.unix import Connection

PATIENCE = 2.0
"""Seconds until an answer. The engine gives one in about a millisecond, even under load."""


class EngineSilent(Exception):
    """The engine did not tell its state: it ends, or its machine is overwhelmed."""


class Engine:
    """Asks the engine at its own socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def state(self) -> dict[str, Any]:
        """Return the whole state; raises EngineSilent."""
        connection = Connection(self._path, PATIENCE)
        try:
            connection.request("GET", "/state")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != HTTPStatus.OK:
                raise ValueError(f"it says {answer.status} {answer.reason}")
            found: dict[str, Any] = json.loads(body)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise EngineSilent(f"the engine does not answer at {self._path}: {fault}") from fault
        finally:
            connection.close()
        return found
