"""Why the control process says no: one shape for every answer, and one name for every reason."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evenly.config import ConfigError


class Refusal(Exception):
    """A request that is not carried out; nothing has changed."""

    def __init__(self, status: int, error: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.more = more

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is wrong: every fault where there are any, else the one thing that the message says."""
        return tuple(fault["text"] for fault in self.more.get("faults", ())) or (self.message,)

    def json(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"error": self.error, "message": self.message, **self.more}


def unsound(fault: ConfigError, message: str) -> Refusal:
    """A configuration with faults: each of them, as text and in its parts."""
    faults = [{**asdict(one), "text": str(one)} for one in fault.faults]
    return Refusal(422, "invalid_configuration", message, faults=faults)


def not_found(message: str) -> Refusal:
    """Something that was named is not there."""
    return Refusal(404, "not_found", message)


def engine_said(status: int, said: Mapping[str, Any]) -> Refusal:
    """The engine would not take a configuration."""
    message = str(said.get("message") or f"the engine answered {status}")
    return Refusal(
        422, "not_applied", f"the engine could not apply it, nothing has changed: {message}"
    )
