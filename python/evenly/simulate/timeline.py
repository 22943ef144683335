"""What happens while a simulation runs, and when. Times are seconds from its start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar

from evenly.simulate.faults import Found, shown
from evenly.simulate.nodes import WEIGHT
from evenly.simulate.part import Moment, Part, Positive, Seconds, Share, Wrong, read_part, text

__all__ = [
    "EVENTS",
    "Drain",
    "Event",
    "Fail",
    "Hang",
    "Join",
    "Kill",
    "Leave",
    "Recover",
    "SetSpeed",
    "SetWeight",
    "Slow",
    "as_timeline",
]

NodeId = Annotated[str, text("the id of a node")]


@dataclass(frozen=True, slots=True)
class Event(Part):
    """Something that happens to `node` at the moment `at`."""

    says: ClassVar[str]
    at: Moment
    node: NodeId

    def engine(self) -> dict[str, Any]:
        """The event as the engine reads it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"do": self.kind, **values}

    def __str__(self) -> str:
        """Say it shortly, as it stands beside its line in a plot."""
        return f"{self.node} {self.says.format(self)}"


@dataclass(frozen=True, slots=True)
class Kill(Event):
    """The process dies: what it was serving fails, and connections are refused."""

    kind: ClassVar[str] = "kill"
    says: ClassVar[str] = "killed"


@dataclass(frozen=True, slots=True)
class Hang(Event):
    """The node takes requests and answers none."""

    kind: ClassVar[str] = "hang"
    says: ClassVar[str] = "hangs"


@dataclass(frozen=True, slots=True)
class Slow(Event):
    """Everything takes `factor` times as long."""

    kind: ClassVar[str] = "slow"
    says: ClassVar[str] = "{0.factor:g}× slower"
    factor: Positive = 10.0


@dataclass(frozen=True, slots=True)
class Fail(Event):
    """A `share` of the requests is answered with a 503 after `after` seconds: faster than the others work."""

    kind: ClassVar[str] = "fail"
    says: ClassVar[str] = "fails"
    share: Share = 1.0
    after: Seconds = 0.001

    def __str__(self) -> str:
        """Say how much of it fails, if not all."""
        return f"{self.node} fails" + ("" if self.share == 1 else f" {self.share:.0%}")


@dataclass(frozen=True, slots=True)
class Recover(Event):
    """Killed, hanging, slow or failing: the node works again as it did at first."""

    kind: ClassVar[str] = "recover"
    says: ClassVar[str] = "recovers"


@dataclass(frozen=True, slots=True)
class Join(Event):
    """The node becomes a member of the cluster."""

    kind: ClassVar[str] = "join"
    says: ClassVar[str] = "joins"


@dataclass(frozen=True, slots=True)
class Leave(Event):
    """The node is taken out of the cluster; what it serves it may finish."""

    kind: ClassVar[str] = "leave"
    says: ClassVar[str] = "leaves"


@dataclass(frozen=True, slots=True)
class Drain(Event):
    """The node stays a member and gets nothing new."""

    kind: ClassVar[str] = "drain"
    says: ClassVar[str] = "drains"


@dataclass(frozen=True, slots=True)
class SetWeight(Event):
    """The balancer is told another weight."""

    kind: ClassVar[str] = "weight"
    says: ClassVar[str] = "weight {0.weight}"
    weight: Annotated[int, WEIGHT]


@dataclass(frozen=True, slots=True)
class SetSpeed(Event):
    """The node really works at another speed; nobody tells the balancer."""

    kind: ClassVar[str] = "speed"
    says: ClassVar[str] = "speed {0.speed:g}"
    speed: Positive


EVENTS: tuple[type[Event], ...] = (
    Kill,
    Hang,
    Slow,
    Fail,
    Recover,
    Join,
    Leave,
    Drain,
    SetWeight,
    SetSpeed,
)
"""One class for each thing that can happen."""


def as_timeline(value: object) -> tuple[Event, ...]:
    """Read events from a list of classes and tables, as they are written; raises `Wrong`."""
    if isinstance(value, (str, bytes, dict, Event)) or not isinstance(value, Iterable):
        raise Wrong(f"must be a list of events, not {shown(value)}")
    events: list[Event] = []
    faults: list[Found] = []
    for position, item in enumerate(value):
        try:
            events.append(read_part(EVENTS, item, "do"))
        except Wrong as wrong:
            faults += [((position, *below), what) for below, what in wrong.faults]
    if faults:
        raise Wrong.of(faults)
    return tuple(events)
