"""How answers are written: JSON that people can read, with the edition in force as its tag."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Response

from evenly.control.models import Error


class Reply(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def __init__(self, content: Any = None, status_code: int = 200, **more: Any) -> None:
        super().__init__(content, status_code, **more)
        edition = content.get("edition") if isinstance(content, dict) else None
        if isinstance(edition, int):
            self.headers["ETag"] = f'"{edition}"'

    def render(self, content: Any) -> bytes:
        """As the engine writes it, and indented."""
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        # Half a character that somebody sent comes back as JSON spells it.
        return text.encode("utf-8", "backslashreplace")


SAID = {
    401: "The admin listener has a token, and the request did not bring it.",
    403: "A page of another site has asked, in a browser.",
    404: "There is no such thing; the message says which there are.",
    405: "The path has other methods.",
    409: "It does not go together with what is in force.",
    412: "Another edition is in force than `If-Match` says; nothing has changed.",
    413: "The body is too large.",
    422: "The request or the configuration has faults; nothing has changed.",
    503: "The engine or the control process does not answer at the moment.",
    504: "The control process did not answer in time.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route may answer with, for the OpenAPI document."""
    return {status: {"model": Error, "description": SAID[status]} for status in sorted(statuses)}


READS = refusals(401, 422, 503, 504)
WRITES = refusals(401, 403, 409, 412, 413, 422, 503, 504)
