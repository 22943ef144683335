"""The balancer's own options in a simulation: the words of `evenly.Balancer` and of `[cluster.NAME]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from evenly.balancer.settings import Ejection, Health, Queue, Retries, Subset, from_table, seconds
from evenly.errors import InvalidSetting
from evenly.simulate.faults import Found, shown, unknown
from evenly.simulate.part import Wrong, number

__all__ = ["Settings", "as_settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Options that were given, as the engine reads them; the engine's defaults stand for the others."""

    engine: Mapping[str, Any] = field(default_factory=dict)


def _ejection(value: Any) -> tuple[str, Any]:
    if value is None or value is False:
        return "ejection", None
    return "ejection", asdict(from_table(Ejection, "ejection", {} if value is True else value))


def _slow_start(value: Any) -> tuple[str, Any]:
    return "slow_start", seconds("slow_start", value, zero=True)


EXTRA = number("a whole number from 0 to 10", lambda value: 0 <= value <= 10, whole=True)


def _retries(value: Any) -> tuple[str, Any]:
    """Beside the budget, `extra`: tries beyond the first, which a program says in `attempts(…)`."""
    table, extra = value, 1
    if isinstance(value, Mapping):
        table = dict(value)
        extra = EXTRA.reader(table.pop("extra", extra))
    read = from_table(Retries, "retries", table)
    return "retries", {"extra": extra, **asdict(read)}


def _queue(value: Any) -> tuple[str, Any]:
    return "queue", asdict(from_table(Queue, "queue", value))


def _health(value: Any) -> tuple[str, Any]:
    """A simulated node has no path to ask for: what is asked may be left out."""
    if isinstance(value, Mapping) and not {"http", "tcp"} & set(value):
        value = {"tcp": True, **value}
    read = from_table(Health, "health", value)
    names = ("every", "fast", "timeout", "rise", "fall", "jitter", "required")
    return "health", {name: getattr(read, name) for name in names}


def _hash_seed(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 64:
        raise Wrong(f"must be a whole number from 0, not {shown(value)}")
    return "hash_seed", value


def _subset(value: Any) -> tuple[str, Any]:
    """Dispatcher d is instance `instance` + d: each keeps a hand of its own."""
    return "subset", None if value is None else asdict(from_table(Subset, "subset", value))


def _seconds(name: str) -> Callable[[Any], tuple[str, Any]]:
    return lambda value: (name, seconds(name, value))


OPTIONS: Mapping[str, Callable[[Any], tuple[str, Any]]] = {
    "health": _health,
    "ejection": _ejection,
    "slow_start": _slow_start,
    "retries": _retries,
    "queue": _queue,
    "hash_seed": _hash_seed,
    "subset": _subset,
    "decay": _seconds("decay"),
    "failure_penalty": _seconds("failure_penalty"),
}
"""Every option, with what makes of it the engine's own."""


def as_settings(value: object) -> Settings:
    """Read options from a table; raises `Wrong` with every fault."""
    if isinstance(value, Settings):
        return value
    if not isinstance(value, Mapping):
        raise Wrong(f'must be a table such as {{"slow_start": "5s"}}, not {shown(value)}')
    engine: dict[str, Any] = {}
    faults: list[Found] = []
    for name, given in value.items():
        if name not in OPTIONS:
            faults.append(((name,), unknown("key", name, OPTIONS)))
            continue
        try:
            word, made = OPTIONS[name](given)
            engine[word] = made
        except Wrong as wrong:
            faults += [((name, *below), what) for below, what in wrong.faults]
        except InvalidSetting as error:
            faults.append(((name,), str(error).removeprefix(f"{name}: ")))
    if faults:
        raise Wrong.of(faults)
    return Settings(engine)
