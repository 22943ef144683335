"""The shapes of what the runtime API answers, for its OpenAPI document and for programs made from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Something that is answered. More fields may come with time."""

    model_config = ConfigDict(extra="allow")


class FaultShape(Shape):
    """One thing that is wrong with a configuration or a request."""

    text: str = Field(description="The whole sentence: where, what, and what to write instead.")
    key: str = Field(description="The place by its keys.")
    what: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


class Error(Shape):
    """Why something was not done."""

    error: str = Field(description="The name of the reason.", examples=["not_found"])
    message: str = Field(description="What is wrong, why, and what to do next.")
    faults: list[FaultShape] = Field(
        default=[], description="Everything that is wrong with a configuration."
    )


class ListenerState(Shape):
    """A listener."""

    name: str
    address: str
    to: str = Field(description="The cluster that its requests go to.")
    connections: int = Field(description="Client connections that are open.")


class WorkerState(Shape):
    """A thread that carries requests."""

    connections: int


class Index(Shape):
    """What runs, and what can be asked."""

    version: str
    pid: int
    started: float = Field(description="Seconds since 1970.")
    draining: bool
    workers: list[WorkerState]
    listeners: list[ListenerState]
    edition: int | None = Field(None, description="The configuration in force, counted from 1.")
    pages: list[str] = Field(description="Paths of this API.")


class NodeState(Shape):
    """A node as it stands. The figures of the engine stand beside what is configured."""

    id: str
    address: str
    weight: int
    capacity: int | None = Field(None, description="Requests at a time; null is no limit.")
    health: str | None = None
    serving: bool | None = None
    reason: str | None = Field(None, description="Why it serves, or does not.")
    in_flight: int | None = None
    differs: dict[str, Any] = Field(
        description="What was changed at run time, with what the file says instead; "
        "`node` when it was added."
    )
    of: str | None = Field(None, description="The node whose host name this is one address of.")


class ClusterState(Shape):
    """A cluster as it stands."""

    name: str
    strategy: str
    options: dict[str, Any] = {}
    differs: dict[str, Any] = Field(description="As of a node.")
    removed: list[str] = Field(description="Nodes of the file that were removed at run time.")
    nodes: list[NodeState]


class Clusters(Shape):
    """All clusters."""

    edition: int
    clusters: list[ClusterState]


class Nodes(Shape):
    """The nodes of a cluster."""

    nodes: list[NodeState]


class ChangeShape(Shape):
    """A run-time change: the configuration in force differs from the file there."""

    what: Literal["node", "weight", "capacity", "state", "strategy"]
    cluster: str
    node: str | None
    value: Any = Field(description="What holds now; of a node its table, null when removed.")
    replaced: Any = Field(description="What the file says; of a node its address.")
    at: float = Field(description="Seconds since 1970.")
    by: str


class DroppedChange(Shape):
    """A run-time change that ended."""

    change: ChangeShape
    why: str


class Applied(Shape):
    """What came of a change. An edition is counted only when something differs."""

    edition: int
    applied: bool = Field(description="False when nothing differs from what was in force.")
    changes: list[ChangeShape] = Field(description="The run-time changes there are now.")
    dropped: list[DroppedChange] = Field(
        description="Run-time changes that ended because the file says something new."
    )


class Changes(Shape):
    """Every run-time change."""

    edition: int
    file_in_force: bool = Field(
        description="Whether the text beneath them is the file's as it was last read, not one that was put."
    )
    changes: list[ChangeShape]


class Version(Shape):
    """A configuration that was in force, without its text."""

    edition: int
    since: float = Field(description="Since when, in seconds since 1970.")
    why: str
    by: str


class Versions(Shape):
    """The latest configurations, newest first."""

    versions: list[Version]


class ConfigShape(Version):
    """A configuration: the text of the file, and what was changed at run time beside it."""

    file: str | None = Field(description="Null when the proxy was started without a file.")
    source: str = Field(
        description='TOML. The token is hidden; sent back, "(hidden)" means the one in force.'
    )
    changes: list[ChangeShape]


class AuditEntry(Shape):
    """An action and what came of it."""

    time: float
    what: str
    by: str = Field(
        description="Through whom: the admin listener, SIGHUP, or the file's being watched."
    )
    agent: str | None = Field(description="Who says to have called; nobody has checked that.")
    edition: int | None = Field(description="What was in force afterwards; null when refused.")
    result: Literal["applied", "unchanged", "refused"]
    did: list[str] = Field(
        default=[], description="The run-time changes that it made or ended, each in a line."
    )
    error: str | None = None
    message: str | None = Field(None, description="Why it was refused.")


class AuditLog(Shape):
    """The latest actions, newest first."""

    entries: list[AuditEntry]


class Decision(Shape):
    """One request, sampled: which nodes were proposed and which one answered."""

    time: float
    cluster: str


class Decisions(Shape):
    """Sampled decisions, newest first."""

    decisions: list[Decision]


class Explanation(Shape):
    """What a request would get now, and why."""

    cluster: str
    pick: str | None = None


class PlanShape(Shape):
    """What a configuration would change, before it is put in force."""
