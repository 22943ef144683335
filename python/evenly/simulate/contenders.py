"""The strategies that are compared, each under a label of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evenly import _engine
from evenly.balancer import Balancer
from evenly.errors import EvenlyError
from evenly.simulate.faults import Found, shown
from evenly.simulate.part import Wrong
from evenly.strategy import BUILT_IN, PythonStrategy, StrategyLike, resolve

__all__ = ["Contender", "as_contenders"]


@dataclass(frozen=True, slots=True)
class Contender:
    """One strategy: what tables and plots call it, its name, and what the engine is told."""

    label: str
    name: str
    given: StrategyLike
    table: dict[str, Any]

    @property
    def in_python(self) -> bool:
        """Whether it is written in Python, and so runs under the interpreter's lock."""
        return "python" in self.table

    @property
    def uses_key(self) -> bool:
        """Whether it places requests by their key."""
        return any(
            entry["uses_key"] for entry in _engine.strategies() if entry["name"] == self.name
        )

    def fresh(self) -> PythonStrategy | None:
        """A new one to ask, for a strategy written in Python: no run sees what another has left."""
        _, made = resolve(self.given)
        return None if isinstance(made, dict) else made


def as_contenders(value: object) -> tuple[Contender, ...]:
    """Read strategies from a list, one alone, or a table from labels to strategies; raises `Wrong`.

    Two of one name are told apart by the options in which they differ from the defaults.
    """
    if _one(value):
        value = [value]
    if isinstance(value, Mapping):
        given = [(label, item, (label,)) for label, item in value.items()]
    elif isinstance(value, Iterable):
        given = [(None, item, (position,)) for position, item in enumerate(value)]
    else:
        raise Wrong(f'must be a list of strategies such as ["random"], not {shown(value)}')
    made: list[Contender] = []
    faults: list[Found] = []
    for label, item, loc in given:
        try:
            made.append(_contender(label, item))
        except EvenlyError as error:
            faults.append((loc, str(error)))
    again = [label for label, count in Counter(one.label for one in made).items() if count > 1]
    if again:
        what = f'lists {again[0]} twice: give each a label: {{"before": …, "after": …}}'
        faults.append(((), what))
    if not given:
        faults.append(((), 'must hold at least one strategy, such as "power_of_two"'))
    if faults:
        raise Wrong.of(faults)
    return tuple(made)


def _one(value: object) -> bool:
    if isinstance(value, (str, Contender, *BUILT_IN)) or callable(value) or hasattr(value, "pick"):
        return True
    return isinstance(value, Mapping) and isinstance(value.get("name"), str)


def _contender(label: str | None, given: Any) -> Contender:
    if isinstance(given, Contender):
        return given
    name, made = resolve(given)
    if not isinstance(made, dict):
        return Contender(label or name, name, given, {"python": name})
    # The engine alone knows the ranges of options; making a balancer asks it.
    Balancer(["127.0.0.1:1"], strategy=made)
    return Contender(label or _label(made), name, given, made)


def _label(table: Mapping[str, object]) -> str:
    (entry,) = (entry for entry in _engine.strategies() if entry["name"] == table["name"])
    usual = {option["name"]: option["default"] for option in entry["options"]}
    unusual = [
        f"{key}={value}"
        for key, value in table.items()
        if key != "name" and not _is(value, usual.get(key))
    ]
    return f"{table['name']}({', '.join(unusual)})" if unusual else str(table["name"])


def _is(value: object, default: str | None) -> bool:
    """Whether a value is the default, which the engine's table tells as text."""
    if default is None or isinstance(value, (str, bool)):
        return str(value).lower() == (default or "").lower()
    return isinstance(value, (int, float)) and float(default) == value
