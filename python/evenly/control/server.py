"""Answers what the admin listener hands on."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evenly.control.engine import Engine, EngineSilent
from evenly.control.pages import PAGES
from evenly.control.unix import Server


def serve(path: Path, engine: Engine) -> None:
    """Answer on the socket at `path` for ever."""

    class Handler(_Handler):
        source = engine

    with Server(path, Handler) as server:
        server.serve_forever()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "evenly"
    sys_version = ""
    source: Engine

    def do_GET(self) -> None:
        """Answer a page, or say which there are."""
        path = urlsplit(self.path).path.rstrip("/")
        page = PAGES.get(path)
        if page is None:
            known = ", ".join(sorted(PAGES))
            message = (
                f"there is no {path or '/'} here; there are /metrics, /healthz, /readyz, {known}"
            )
            self._fault(HTTPStatus.NOT_FOUND, "not_found", message)
            return
        try:
            self._answer(HTTPStatus.OK, page(self.source.state()))
        except EngineSilent as fault:
            self._fault(HTTPStatus.SERVICE_UNAVAILABLE, "engine_silent", str(fault))

    def do_HEAD(self) -> None:
        """Answer as GET would, without the body."""
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse in the same words as the engine does; called by the base class."""
        self.close_connection = True  # a body that nobody reads may follow
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._fault(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "use GET")
        else:
            self._fault(HTTPStatus(code), "bad_request", explain or message or "")

    def _fault(self, status: HTTPStatus, name: str, message: str) -> None:
        self._answer(status, {"error": name, "message": message})

    def _answer(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name is given
        """Write no log: the engine's admin listener is the place for one."""
