"""What all tables of the configuration have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Section(BaseModel):
    """A table: unknown keys are refused, and a text is never silently read as a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def switch(value: object) -> object:
    """`false` switches a section off, `true` on with its defaults."""
    if isinstance(value, bool):
        return {} if value else None
    return value


# Names end up in metric labels, log lines and paths of the admin API.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")]
