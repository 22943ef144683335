"""The engine as the control process sees it."""

from __future__ import annotations

import http.client
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from evenly.control.refusal import Refusal, engine_said
from evenly.control.unix import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 2.0
"""Seconds until an answer. The engine gives one in about a millisecond, even under load."""
APPLYING = 30.0
"""Seconds until a configuration is in force: thousands of nodes and their tables take a while."""


class Engine:
    """Asks the engine at its own socket. Every call raises a `Refusal` when the engine does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def state(self) -> dict[str, Any]:
        """The whole state."""
        return self._told("/state")

    def config(self) -> dict[str, Any]:
        """The edition in force: its number, its configuration and the document that came with it."""
        return self._told("/config")

    def explain(self, cluster: str, key: str | None) -> dict[str, Any]:
        """What a request with this key would get now, and why."""
        return self._told("/explain", cluster=cluster, key=key)

    def decisions(self, cluster: str | None, limit: int) -> dict[str, Any]:
        """The latest sampled decisions, newest first."""
        return self._told("/decisions", cluster=cluster, limit=limit)

    def put_config(
        self, config: dict[str, Any], document: dict[str, Any], why: str
    ) -> dict[str, Any]:
        """Puts a configuration in force as a whole; raises `Refusal` when the engine will not."""
        body = json.dumps({"config": config, "document": document, "why": why}).encode()
        status, said = self._ask("PUT", "/config", body, APPLYING)
        if status != HTTPStatus.OK:
            raise engine_said(status, said)
        return said

    def events(self) -> Iterator[dict[str, Any]]:
        """What happens, as it happens; ends, or raises OSError, when the engine does."""
        # A quiet hour is no fault, so nothing is said about patience.
        connection = Connection(self._path, None)
        try:
            connection.request("GET", "/events")
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK:
                raise OSError(f"the engine answers /events with {answer.status}")
            while line := answer.readline():
                event = json.loads(line)
                if not isinstance(event, dict):
                    raise ValueError(f"this is no event: {event!r:.80}")
                yield event
        except (http.client.HTTPException, ValueError) as fault:
            raise OSError(str(fault)) from fault
        finally:
            connection.close()

    def _told(self, path: str, **query: object) -> dict[str, Any]:
        given = urlencode({key: value for key, value in query.items() if value is not None})
        status, said = self._ask("GET", f"{path}?{given}" if given else path, None, PATIENCE)
        if status == HTTPStatus.OK:
            return said
        if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY) and "error" in said:
            raise Refusal(422, str(said["error"]), str(said.get("message", "")))
        raise _silent(self._path, f"it answers {path} with {status}")

    def _ask(
        self, method: str, path: str, body: bytes | None, patience: float
    ) -> tuple[int, dict[str, Any]]:
        connection = Connection(self._path, patience)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
            if not isinstance(said, dict):
                raise ValueError(f"its answer is no table: {said!r:.80}")
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise _silent(self._path, str(fault) or type(fault).__name__) from fault
        finally:
            connection.close()
        return answer.status, said


def _silent(path: Path, why: str) -> Refusal:
    message = f"the engine does not answer at {path}: {why}; it ends, or its machine is overwhelmed"
    return Refusal(503, "engine_silent", message)
