"""`[listen.NAME]`: a socket that clients connect to."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from evenly import _engine
from evenly.config.address import ListenAddress, Network
from evenly.config.duration import PositiveDuration
from evenly.config.section import Section
from evenly.config.words import shown, unknown


class ListenerTimeouts(Section):
    """How long a listener waits for its clients."""

    head: PositiveDuration = Field(
        10.0, description="From the first byte of a request's head to its last."
    )
    idle: PositiveDuration = Field(
        60.0, description="Without a byte from the client: between requests or inside a body."
    )
    tunnel_idle: PositiveDuration = Field(
        3600.0, description="Without a byte in either direction of a WebSocket."
    )


class Limits(Section):
    """How large a request's head may be; more is answered 431."""

    head_bytes: int = Field(32768, ge=1024, le=65535, description="Bytes of the whole head.")
    fields: int = Field(100, ge=8, le=100, description="Number of header fields.")


def _rule(name: str) -> str:
    rules = {rule["name"]: rule for rule in _engine.rules()}
    relaxable = [name for name, rule in rules.items() if rule["relaxed"]]
    if name in relaxable:
        return name
    if name in rules:
        raise ValueError(
            f"{shown(name)} cannot be relaxed: {rules[name]['breach']}, "
            "and no reading of that is safe"
        )
    raise ValueError(unknown("rule", name, relaxable))


class ListenSection(Section):
    """A socket that clients connect to, and where their requests go."""

    address: ListenAddress = Field(
        description="Where the proxy listens: an IP address with a port, or unix:/path. "
        "0.0.0.0 takes every IPv4 address of the machine, [::] every address."
    )
    to: str = Field(description="The cluster that requests go to.", examples=["users"])
    relaxed: list[Annotated[str, AfterValidator(_rule)]] = Field(
        [],
        description="Framing rules that are not held against messages here, by name. Each "
        "acceptance is counted and logged.",
        examples=[["bare_lf"]],
    )
    trusted: list[Network] = Field(
        [],
        description="Networks whose X-Forwarded-* and Forwarded fields are believed. "
        "Default: nobody's.",
        examples=[["10.0.0.0/8"]],
    )
    debug: bool = Field(
        False,
        description="Whether each response tells in X-Evenly which cluster, node and edition "
        "it comes from, and how the node was found. For inside eyes: it names nodes.",
    )
    request_id: bool = Field(
        False,
        description="Give each request an id: nodes get it as X-Request-Id, and the access log "
        "tells it. A client's own id is kept if the client is trusted, otherwise replaced.",
    )
    timeouts: ListenerTimeouts = Field(
        default_factory=ListenerTimeouts, description="How long the listener waits for its clients."
    )
    limits: Limits = Field(default_factory=Limits, description="How large a request's head may be.")
