"""What every request passes first: large bodies are refused before they are read, and HEAD is GET without a body."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from evenly.control.reply import Reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 8 << 20
"""Bytes of a body: a configuration of some 50,000 nodes."""


READS = ("GET", "HEAD", "OPTIONS")


class TooLarge(Exception):
    """A body grew beyond what is taken."""


class Door:
    """Stands around the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] not in READS and _from_elsewhere(scope):
            await _cross_site()(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        begun = False
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST:
                raise TooLarge
            return message

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            if head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            if _length(scope) > LARGEST:
                raise TooLarge
            if head:
                scope = {**scope, "method": "GET"}
            await self._app(scope, bounded, answer)
        except TooLarge:
            if begun:
                raise
            await _refusal()(scope, receive, send)


def _length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _from_elsewhere(scope: Scope) -> bool:
    """Whether a browser asks for a page of another site: it may send what it likes to an address of this machine."""
    fields = dict(scope["headers"])
    origin, host = fields.get(b"origin"), fields.get(b"host", b"")
    if origin is None:
        return False
    # A name that the other site gave this machine's address makes its page look like ours. Who knows the token is ours.
    ours = b"authorization" in fields or _is_plain(host)
    return origin.partition(b"://")[2] != host or not ours


def _is_plain(host: bytes) -> bool:
    """Whether a Host names an address or this machine, and so cannot be another site's."""
    name = urlsplit(f"//{host.decode('latin-1')}").hostname or ""
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cross_site() -> Reply:
    message = "a page of another site has asked, in a browser; nothing has changed"
    return Reply({"error": "cross_site", "message": message}, 403)


def _refusal() -> Reply:
    message = (
        f"the body is larger than {LARGEST >> 20} MiB, which is more than any configuration takes"
    )
    # What was not read stands in the way of a next request.
    return Reply({"error": "too_large", "message": message}, 413, headers={"Connection": "close"})
