"""Strategies as one writes them: by name, as a table, as a typed class, or in Python.

The typed classes repeat the engine's table of strategies for editors and type checkers; a test fails when the
two differ. A strategy written in Python is a function `view -> node`, or a class with a method `pick(view)`
under `@evenly.strategy`; `evenly.testing.obeys_laws` checks it.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Literal,
    Protocol,
    TypeVar,
    cast,
    overload,
    runtime_checkable,
)

from evenly import _engine
from evenly.errors import InvalidStrategy

if TYPE_CHECKING:
    import random

    from evenly.node import NodeView

__all__ = [
    "BUILT_IN",
    "Anchor",
    "ConsistentHash",
    "Deadline",
    "First",
    "JoinIdle",
    "Jump",
    "LeastConnections",
    "LeastLatency",
    "Maglev",
    "PowerOfTwo",
    "Prequal",
    "PythonStrategy",
    "Random",
    "Rendezvous",
    "RoundRobin",
    "Slots",
    "StrategyLike",
    "View",
    "WeightedRoundRobin",
    "resolve",
    "strategy",
]

LoadName = Literal["in_flight", "latency", "peak_ewma", "reported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRobin:
    """The nodes in turn."""

    name: ClassVar[str] = "round_robin"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedRoundRobin:
    """The nodes in turn by weight, spread out smoothly."""

    name: ClassVar[str] = "weighted_round_robin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The nodes in turn by weight, nobody a whole request off its share."""

    name: ClassVar[str] = "deadline"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastConnections:
    """The node with the least (in flight + 1) / weight, or of another load; ties go to chance."""

    name: ClassVar[str] = "least_connections"
    load: LoadName = "in_flight"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastLatency:
    """The node with the least expected wait, by its answers so far."""

    name: ClassVar[str] = "least_latency"


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinIdle:
    """An idle node by weight; when none is idle, the less loaded of two."""

    name: ClassVar[str] = "join_idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first node of the list that has room."""

    name: ClassVar[str] = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Random:
    """A node by chance, by weight."""

    name: ClassVar[str] = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOfTwo:
    """The less loaded of two nodes drawn by weight, or the least loaded of more."""

    name: ClassVar[str] = "power_of_two"
    load: LoadName = "peak_ewma"
    choices: int = 2
    sampling: Literal["weight", "uniform"] = "weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prequal:
    """Of the nodes seen lately the fastest that is not unusually busy."""

    name: ClassVar[str] = "prequal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistentHash:
    """The key's place on a ring. `key` says what the proxy hashes; in Python it is `pick(key=…)`."""

    name: ClassVar[str] = "consistent_hash"
    virtual_nodes: int = 160
    compatible: Literal["none", "uhashring", "ketama", "nginx"] = "none"
    bounded_load: float = 0
    key: str = "client_ip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendezvous:
    """The node with the greatest hash of node and key, by weight."""

    name: ClassVar[str] = "rendezvous"
    compatible: Literal["none", "pymemcache"] = "none"
    bounded_load: float = 0
    key: str = "client_ip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maglev:
    """The key's entry in a table that the nodes have filled by turns."""

    name: ClassVar[str] = "maglev"
    table_size: int = 65537
    bounded_load: float = 0
    key: str = "client_ip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The node whose range holds the key's slot, as in a Redis Cluster."""

    name: ClassVar[str] = "slots"
    bounded_load: float = 0
    key: str = "client_ip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """The bucket where the key's jumps end; nodes are added at the end of the list only."""

    name: ClassVar[str] = "jump"
    bounded_load: float = 0
    key: str = "client_ip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The key's bucket, or the one it is hashed on to; callers must see the same changes in the same order."""

    name: ClassVar[str] = "anchor"
    size: int = 4096
    bounded_load: float = 0
    key: str = "client_ip"


BuiltIn = (
    RoundRobin
    | WeightedRoundRobin
    | Deadline
    | LeastConnections
    | LeastLatency
    | JoinIdle
    | First
    | Random
    | PowerOfTwo
    | Prequal
    | ConsistentHash
    | Rendezvous
    | Maglev
    | Slots
    | Jump
    | Anchor
)
BUILT_IN: tuple[type[BuiltIn], ...] = (
    RoundRobin,
    WeightedRoundRobin,
    Deadline,
    LeastConnections,
    LeastLatency,
    JoinIdle,
    First,
    Random,
    PowerOfTwo,
    Prequal,
    ConsistentHash,
    Rendezvous,
    Maglev,
    Slots,
    Jump,
    Anchor,
)
"""One class for each strategy of the engine."""


@dataclass(frozen=True, slots=True)
class View:
    """What a strategy written in Python sees when it chooses."""

    nodes: tuple[NodeView, ...]
    """The nodes that look as if they could be lent; never empty."""
    key: bytes | None
    """The key of this pick, as it is hashed."""
    now: float
    """The moment of this pick in seconds, on a clock with an arbitrary start."""
    rng: random.Random
    """Chance. A strategy that draws from here can be replayed with a seed."""


Function = Callable[[View], "NodeView"]


@runtime_checkable
class PythonStrategy(Protocol):
    """A strategy with state."""

    def pick(self, view: View, /) -> NodeView:
        """Choose one of `view.nodes`."""
        ...


StrategyLike = (
    str | Mapping[str, object] | BuiltIn | Function | PythonStrategy | type[PythonStrategy]
)
"""A strategy as one may write it."""

Table = dict[str, str | int | float | bool]

_named: dict[str, Function | type[PythonStrategy]] = {}
"""What `@strategy` has registered, by name."""

F = TypeVar("F", bound=Callable[[View], "NodeView"])
C = TypeVar("C", bound=type[PythonStrategy])


@overload
def strategy(it: C, /) -> C: ...
@overload
def strategy(it: F, /) -> F: ...
def strategy(it: object, /) -> object:
    """Register a function `view -> node`, or a class with `pick(self, view)`, under its name in snake case.

    After that the name can be given wherever a strategy can. Each balancer makes an instance of its own from a
    class, so that state is never shared by accident. In a process with several threads `pick` runs on the thread
    that asks, under the interpreter's lock.
    """
    if inspect.isclass(it):
        if not callable(getattr(it, "pick", None)):
            raise InvalidStrategy(f"class {it.__name__} has no method pick(self, view) -> node")
    elif not inspect.isfunction(it):
        raise InvalidStrategy(f"{it!r}: @evenly.strategy goes above a function or a class")
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", it.__name__).lower()
    if name in _engine_names():
        raise InvalidStrategy(f"the engine has a strategy {name!r}: give yours another name")
    _named[name] = cast("Function | type[PythonStrategy]", it)
    return it


def resolve(given: object) -> tuple[str, Table | PythonStrategy]:
    """Take a strategy in any of its forms: its name, and the engine's table or the object to ask."""
    match given:
        case str():
            return _by_name(given, {})
        case Mapping():
            options = dict(given)
            name = options.pop("name", None)
            if not isinstance(name, str):
                raise InvalidStrategy(
                    f"{given!r} names no strategy: write {{'name': 'power_of_two', …}}"
                )
            return _by_name(name, options)
    if isinstance(given, BUILT_IN):
        options = {field.name: getattr(given, field.name) for field in fields(given)}
        return _by_name(given.name, options)
    if inspect.isclass(given):
        if given in BUILT_IN:
            return resolve(given())
        if callable(getattr(given, "pick", None)):
            return _by_object(given.__name__, given)
    elif callable(getattr(given, "pick", None)) or callable(given):
        return _by_object(getattr(given, "__name__", type(given).__name__), given)
    raise InvalidStrategy(
        f"{given!r} is not a strategy: write 'power_of_two', {{'name': 'power_of_two', 'load': 'in_flight'}}, "
        "evenly.PowerOfTwo(load='in_flight'), or a function from a view to one of its nodes"
    )


def _by_name(name: str, options: dict[str, object]) -> tuple[str, Table | PythonStrategy]:
    if name in _named:
        if options:
            raise InvalidStrategy(
                f"strategy {name!r} is written in Python and takes no options here"
            )
        return _by_object(name, _named[name])
    if name not in (known := [*_engine_names(), *_named]):
        near = difflib.get_close_matches(name, known, 1)
        hint = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(known)}."
        raise InvalidStrategy(f'unknown strategy "{name}". {hint}')
    for key, value in options.items():
        if not isinstance(value, (str, int, float)):
            raise InvalidStrategy(
                f'strategy "{name}": {key} = {value!r} is neither a text nor a number'
            )
    return name, {"name": name, **cast("Table", options)}


def _by_object(name: str, given: object) -> tuple[str, PythonStrategy]:
    if inspect.isclass(given):
        given = given()
    if callable(pick := getattr(given, "pick", None)):
        _takes_a_view(name, pick)
        return name, cast("PythonStrategy", given)
    _takes_a_view(name, given)
    return name, _Stateless(cast("Function", given))


def _takes_a_view(name: str, function: object) -> None:
    try:
        inspect.signature(cast("Function", function)).bind(object())
    except TypeError:
        raise InvalidStrategy(f"strategy {name!r} must take one argument, the view") from None
    except ValueError:
        pass  # a builtin without a signature: the first pick will tell


class _Stateless:
    """A plain function as a strategy."""

    __slots__ = ("pick",)

    def __init__(self, function: Function) -> None:
        self.pick = function


def _engine_names() -> list[str]:
    return [entry["name"] for entry in _engine.strategies()]
