"""One request as a log tells it, whatever wrote the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One logged request. All times are in seconds."""

    at: float
    """When it came in, since the epoch."""
    node: str | None
    """Who answered, as the log names it; None when the request reached nobody."""
    began: float
    """When the last try began on the node, since the epoch."""
    took: float
    """How long the node was busy with it, from there to its last byte."""
    total: float
    """What the client waited in all."""
    ok: bool
    """Whether it was answered, and not with a 5xx."""
    gone: bool = False
    """Whether the client left before there was an answer: nobody's failure, and no measure."""
    client: str = ""
    path: str = ""
    cluster: str = ""
    """The cluster it went to; empty when the log does not say."""
