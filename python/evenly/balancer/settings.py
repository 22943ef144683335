"""The options of a balancer: typed, with the defaults of the engine, refused by name when they cannot be.

Each is given as its class, as a table with the same keys as in TOML, or switched off with None. That the
defaults written here are the engine's own is held by a test against `_engine.defaults()`.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TypeVar, cast

from evenly.errors import InvalidSetting

__all__ = ["Ejection", "Health", "Queue", "Retries", "Subset", "from_table", "seconds"]

Seconds = float
Option = TypeVar("Option", "Ejection", "Health", "Queue", "Retries", "Subset")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Active checks: HTTP (`http="/healthz"`) or a TCP connection (`tcp=True`)."""

    http: str | None = None
    """Path that a healthy node answers with a good status."""
    tcp: bool = False
    """Only connect. Exactly one of the two is wanted."""
    status: tuple[int, int] = (200, 399)
    """Lowest and highest good status."""
    body: str | None = None
    """Text that a good answer contains."""
    every: Seconds = 5.0
    """Time between checks of a settled node."""
    fast: Seconds = 1.0
    """Time between checks while a node is changing."""
    timeout: Seconds = 2.0
    """Longest wait for an answer."""
    rise: int = 2
    """Good checks in a row that bring a node up; the very first counts as up."""
    fall: int = 3
    """Bad checks in a row that take a node down."""
    jitter: float = 0.15
    """Share of `every` by which each check is moved at random."""
    required: bool = False
    """Whether a node must pass a check before it serves."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if (self.http is None) != bool(self.tcp):
            raise InvalidSetting("health: write either {'http': '/healthz'} or {'tcp': True}")
        if self.http is not None and not (isinstance(self.http, str) and self.http.startswith("/")):
            raise InvalidSetting(f"health.http: {self.http!r} is not a path: write '/healthz'")
        if self.tcp and self.body is not None:
            raise InvalidSetting("health.body: a TCP check reads nothing: write 'http', or no body")
        low_high = tuple(self.status)
        if len(low_high) != 2 or not 100 <= low_high[0] <= low_high[1] <= 599:
            raise InvalidSetting(
                f"health.status: {self.status!r}: write (lowest, highest), e.g. (200, 399)"
            )
        object.__setattr__(self, "status", low_high)
        _durations(self, "health", "every", "fast", "timeout")
        _counts(self, "health", "rise", "fall")
        _share(self, "health", "jitter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ejection:
    """Passive watching: when failures take a node out, and for how long."""

    consecutive: int = 5
    """Failures in a row that eject."""
    window: Seconds = 10.0
    """Span over which the share of failures is counted."""
    min_requests: int = 20
    """Requests within the window below which the share says nothing."""
    base: Seconds = 5.0
    """First ejection; doubles with each further one."""
    max: Seconds = 300.0
    """Longest ejection."""
    max_share: float = 0.5
    """Largest share of the nodes that may be out, counted after the ejection."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _durations(self, "ejection", "window", "base", "max")
        _counts(self, "ejection", "consecutive", "min_requests")
        _share(self, "ejection", "max_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """What bounds the tries beyond the first, over all requests together."""

    backoff: Seconds = 0.025
    """Upper end of the random wait before a retry (full jitter)."""
    budget_share: float = 0.2
    """Retries earned by each request."""
    budget_per_second: float = 10.0
    """Retries earned by each second."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _durations(self, "retries", "backoff", zero=True)
        _share(self, "retries", "budget_share")
        if not _number(self.budget_per_second) or self.budget_per_second < 0:
            raise InvalidSetting(
                f"retries.budget_per_second: {self.budget_per_second!r}: write a number from 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Waiting for a place when every node is at its capacity: what `acquire` does."""

    length: int = 1024
    """How many may wait; one more is refused at once."""
    timeout: Seconds = 1.0
    """How long one waits unless `acquire` says otherwise."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _durations(self, "queue", "timeout", zero=True)
        if not _whole(self.length) or self.length < 0:
            raise InvalidSetting(f"queue.length: {self.length!r}: write a whole number from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """Which of many callers this is: each keeps a few of the nodes, and all nodes are kept about equally often.

    Over all callers together any two nodes are kept equally often, or one of them once more.
    """

    size: int
    """How many nodes a caller keeps; all when there are no more."""
    instance: int
    """Which caller this is, from 0."""
    instances: int
    """How many callers there are."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _counts(self, "subset", "size", "instances")
        if not _whole(self.instance) or not 0 <= self.instance < self.instances:
            raise InvalidSetting(
                f"subset.instance: {self.instance!r}: write a whole number from 0 to {self.instances - 1}"
            )


def from_table(kind: type[Option], where: str, value: Option | Mapping[str, object]) -> Option:
    """Make an option of its class or of a table of its keys."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise InvalidSetting(f"{where}: {value!r}: write a table or evenly.{kind.__name__}(…)")
    known = [field.name for field in fields(kind)]
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
            raise InvalidSetting(f"{where}: unknown key {key!r}. {hint}")
    if missing := [
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING and field.name not in value
    ]:
        raise InvalidSetting(
            f"{where}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: write whole numbers"
        )
    return kind(**value)  # type: ignore[arg-type]  # the class checks every value


def seconds(where: str, value: object, *, zero: bool = False) -> float:
    """Read a time: a number of seconds, or a text such as "250ms", "5s", "2m"."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        value = float(match[1]) * _UNITS[match[2]]
    if _number(value):
        number = float(cast("float", value))
        if number > 0 or (zero and number == 0):
            return number
    raise InvalidSetting(
        f"{where}: {value!r} is not a time: write seconds (1.5) or '250ms', '5s', '2m'"
    )


def _durations(option: object, where: str, *names: str, zero: bool = False) -> None:
    for name in names:
        read = seconds(f"{where}.{name}", getattr(option, name), zero=zero)
        object.__setattr__(option, name, read)


def _counts(option: object, where: str, *names: str) -> None:
    for name in names:
        value = getattr(option, name)
        if not _whole(value) or value < 1:
            raise InvalidSetting(f"{where}.{name}: {value!r}: write a whole number from 1")


def _share(option: object, where: str, name: str) -> None:
    value = getattr(option, name)
    if not _number(value) or not 0 <= value <= 1:
        raise InvalidSetting(f"{where}.{name}: {value!r}: write a share from 0 to 1")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
