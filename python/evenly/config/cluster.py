"""`[cluster.NAME]`: a set of nodes and how they are chosen, watched and spoken to."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from evenly.config.address import dns_server
from evenly.config.duration import Duration, PositiveDuration
from evenly.config.health import HealthSection
from evenly.config.node import NodeEntry
from evenly.config.section import Section, switch
from evenly.config.strategy import DEFAULT, StrategyEntry


class EjectionSection(Section):
    """Passive watching: a node that keeps failing is left out for a while."""

    consecutive: int = Field(5, ge=1, le=1_000_000, description="Failures in a row that eject.")
    window: PositiveDuration = Field(
        10.0, description="Span over which the failure ratio is counted."
    )
    min_requests: int = Field(
        20,
        ge=1,
        le=1_000_000,
        description="Requests within the window below which the ratio says nothing. Above, a ratio "
        "statistically higher than the cluster's ejects (Wilson bound).",
    )
    base: PositiveDuration = Field(
        5.0, description="Length of a first ejection; each further one takes twice as long."
    )
    max: PositiveDuration = Field(300.0, description="Length that the doubling ends at.")
    max_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Most of the cluster that may be ejected at once. Never the last node.",
    )


class RetriesSection(Section):
    """When a request is tried again, always on another node."""

    extra: int = Field(
        1,
        ge=0,
        le=10,
        description="Tries beyond the first: when nothing of the request was written, and for "
        "idempotent methods also on a lost connection and on 502, 503, 504. Up to three while no "
        "node was reached; with 0 there are none.",
    )
    backoff: Duration = Field(0.025, description="Upper end of the random wait before a retry.")
    body_bytes: int = Field(
        65536,
        ge=0,
        le=1 << 26,
        description="How much of a request's body is kept for a retry; a longer one is sent once.",
    )
    budget_share: float = Field(
        0.2,
        ge=0,
        le=10,
        description="Retries that each request earns, so that retries cannot multiply an outage.",
    )
    budget_per_second: float = Field(
        10.0, ge=0, le=1e6, description="Retries that each second earns, for quiet clusters."
    )


class QueueSection(Section):
    """Where requests wait while every node is at its capacity."""

    length: int = Field(
        1024, ge=0, le=1 << 20, description="How many may wait; 0 refuses at once (503)."
    )
    timeout: PositiveDuration = Field(1.0, description="How long one may wait.")


class SubsetSection(Section):
    """Which of many proxies this is: each keeps a few of the nodes, and all nodes are kept about equally often."""

    size: int = Field(
        ge=1, le=1 << 20, description="How many nodes are kept; all when there are no more."
    )
    instance: int = Field(ge=0, lt=1 << 32, description="Which instance this is, from 0.")
    instances: int = Field(ge=1, le=1 << 32, description="How many instances there are.")


class ClusterTimeouts(Section):
    """How long nodes are waited for."""

    connect: PositiveDuration = Field(2.0, description="Until a connection to a node stands.")
    response_head: PositiveDuration = Field(
        30.0, description="From a request sent to the head of its response."
    )
    node_idle: PositiveDuration = Field(
        4.0,
        description="How long an unused connection to a node is kept. Common Python servers close "
        "theirs after 5 s; a node's own `Keep-Alive: timeout=` goes first.",
    )


class ClusterSection(Section):
    """A set of nodes that answer the same requests."""

    nodes: list[NodeEntry] = Field(
        min_length=1,
        description="The members: addresses, or tables with address, id, weight and capacity.",
        examples=[["10.0.0.1:8000", {"address": "10.0.0.2:8000", "weight": 2}]],
    )
    strategy: StrategyEntry = Field(
        {"name": DEFAULT},
        description="Which node a request goes to: a name, or a table with the name and options "
        "(see `evenly strategies`).",
    )
    hash_seed: int = Field(
        0,
        ge=0,
        lt=1 << 63,
        description="Key of the hash that keyed strategies use. Changing it moves all keys.",
    )
    subset: SubsetSection | None = Field(
        None,
        description="The place of this proxy among many that each keep a few of the nodes. Default: all are kept.",
        examples=[{"size": 20, "instance": 3, "instances": 50}],
    )
    health: HealthSection | None = Field(
        None,
        description='Active checks: { http = "/healthz", every = "5s" } or { tcp = true }. '
        "Default: none, failures of requests alone are watched.",
        examples=[{"http": "/healthz", "every": "5s"}],
    )
    ejection: Annotated[
        EjectionSection | None,
        BeforeValidator(switch, json_schema_input_type=bool | EjectionSection),
    ] = Field(
        default_factory=EjectionSection, description="Passive watching; false switches it off."
    )
    slow_start: Duration = Field(
        30.0,
        description="How long a node that joins or comes back takes to its full share, from 10 %; "
        "0 switches it off.",
    )
    retries: RetriesSection = Field(
        default_factory=RetriesSection, description="When a request is tried again on another node."
    )
    queue: QueueSection = Field(
        default_factory=QueueSection,
        description="Where requests wait while every node is at its capacity.",
    )
    timeouts: ClusterTimeouts = Field(
        default_factory=ClusterTimeouts, description="How long nodes are waited for."
    )
    resolver: Annotated[str, AfterValidator(dns_server)] | None = Field(
        None,
        description="The DNS server that host names are looked up at. "
        "Default: as /etc/resolv.conf says.",
        examples=["127.0.0.1:5353"],
    )
