"""Parts of a scenario: frozen dataclasses whose annotations say what each value may be.

The annotation is the only place where a range stands. Python objects, tables and files are all checked by it, so
they are refused with the same words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, ClassVar, TypeVar, cast, get_type_hints

from evenly.balancer.settings import seconds
from evenly.errors import InvalidSetting
from evenly.simulate.faults import Found, InvalidScenario, Loc, shown, unknown

__all__ = [
    "Count",
    "Moment",
    "Part",
    "Positive",
    "Read",
    "Seconds",
    "Share",
    "Wrong",
    "read_part",
]


class Wrong(ValueError):
    """What must be written instead, and where below the value that was read."""

    def __init__(self, what: str, below: Loc = ()) -> None:
        super().__init__(what)
        self.faults: list[Found] = [(below, what)]

    @classmethod
    def of(cls, faults: Sequence[Found]) -> Wrong:
        """Several at once."""
        made = cls("")
        made.faults = list(faults)
        return made


@dataclass(frozen=True)
class Read:
    """How a value is read: takes what was written, gives what it means, or raises `Wrong`."""

    reader: Callable[[Any], Any]
    words: str
    """What may stand here, for the documentation."""


def number(words: str, fits: Callable[[float], bool], *, whole: bool = False) -> Read:
    """A number that `fits`; `words` complete the sentence "must be …"."""
    kinds = int if whole else (int, float)

    def reader(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
            raise Wrong(f"must be {words}, not {shown(value)}")
        if not fits(value):
            raise Wrong(f"must be {words}, not {shown(value)}")
        return value if whole else float(value)

    return Read(reader, words)


def moment(zero: bool) -> Read:
    """A time: a number of seconds, or a text such as "250ms"."""
    kind = "a time" if zero else "a time above 0"
    words = f'{kind}: seconds (1.5) or a text such as "250ms", "5s", "2m"'

    def reader(value: Any) -> float:
        try:
            return seconds("", value, zero=zero)
        except InvalidSetting:
            raise Wrong(f"must be {words}, not {shown(value)}") from None

    return Read(reader, words)


def optional(read: Read) -> Read:
    """The same, or nothing."""
    return Read(lambda value: None if value is None else read.reader(value), read.words)


def sequence(read: Read, words: str, least: int = 1) -> Read:
    """A list of at least `least` values."""

    def reader(value: Any) -> tuple[Any, ...]:
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
            raise Wrong(f"must be {words}, not {shown(value)}")
        made, faults = [], list[Found]()
        for position, item in enumerate(value):
            try:
                made.append(read.reader(item))
            except Wrong as wrong:
                faults += [((position, *below), what) for below, what in wrong.faults]
        if len(made) + len(faults) < least:
            raise Wrong(f"must be {words}, not {'empty' if not made else f'of {len(made)}'}")
        if faults:
            raise Wrong.of(faults)
        return tuple(made)

    return Read(reader, words)


def text(words: str, *allowed: str) -> Read:
    """A text; one of `allowed` if there are any."""

    def reader(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(f"must be {words}, not {shown(value)}")
        if allowed and value not in allowed:
            raise Wrong(unknown("word", value, allowed))
        return value

    return Read(reader, words)


POSITIVE = number("a number above 0", lambda value: value > 0)
FROM_ZERO = number("a number from 0", lambda value: value >= 0)
SHARE = number("a share from 0 to 1", lambda value: 0 <= value <= 1)
COUNT = number("a whole number from 1", lambda value: 1 <= value < 1 << 53, whole=True)

Positive = Annotated[float, POSITIVE]
"""A number above 0."""
Share = Annotated[float, SHARE]
"""A number from 0 to 1."""
Count = Annotated[int, COUNT]
"""A whole number from 1."""
Seconds = Annotated[float, moment(zero=False)]
"""A time above 0 in seconds; tables and files may say "250ms"."""
Moment = Annotated[float, moment(zero=True)]
"""A time from 0 in seconds; tables and files may say "250ms"."""


class Part:
    """What all parts have in common: their values are checked when they are made."""

    __slots__ = ()
    kind: ClassVar[str]
    """Its name in tables and files."""

    def __post_init__(self) -> None:
        """Read every value as its annotation says; raises `InvalidScenario` with every fault."""
        faults: list[Found] = []
        for name, read in readers(type(self)).items():
            try:
                object.__setattr__(self, name, read.reader(getattr(self, name)))
            except Wrong as wrong:
                faults += [((name, *below), what) for below, what in wrong.faults]
        if not faults:
            faults += self.together()
        if faults:
            raise InvalidScenario(faults, type(self).__name__)

    def together(self) -> list[Found]:
        """What is wrong with values beside one another."""
        return []

    def engine(self) -> dict[str, Any]:
        """The part as the engine reads it."""
        values = {field.name: getattr(self, field.name) for field in fields(cast("Any", self))}
        return {"kind": self.kind, **values}


_readers: dict[type[Part], dict[str, Read]] = {}


def readers(kind: type[Part]) -> dict[str, Read]:
    """How each field of a class of parts is read."""
    if kind not in _readers:
        hints = get_type_hints(kind, include_extras=True)
        _readers[kind] = {
            field.name: read
            for field in fields(cast("Any", kind))
            for read in getattr(hints[field.name], "__metadata__", ())
            if isinstance(read, Read)
        }
    return _readers[kind]


P = TypeVar("P", bound=Part)


def read_part(kinds: Sequence[type[P]], value: object, word: str = "kind") -> P:
    """Read a part from its class or from a table; `word` is the key that says which of several kinds it is.

    Raises `Wrong` with every fault.
    """
    if isinstance(value, tuple(kinds)):
        return cast("P", value)
    named = {kind.kind: kind for kind in kinds}
    example = ", ".join(kind.__name__ for kind in kinds)
    if not isinstance(value, Mapping):
        raise Wrong(f"must be a table or one of {example}, not {shown(value)}")
    table = dict(value)
    kind = kinds[0]
    if len(kinds) > 1:
        name = table.pop(word, None)
        if name is None:
            raise Wrong(f"is missing. Allowed: {', '.join(named)}", (word,))
        if name not in named:
            raise Wrong(unknown(word, name, named), (word,))
        kind = named[name]
    return _make(kind, table)


def _make(kind: type[P], table: Mapping[str, object]) -> P:
    known = {field.name: field for field in fields(cast("Any", kind))}
    faults: list[Found] = [
        ((name,), unknown("key", name, known)) for name in table if name not in known
    ]
    for name, field in known.items():
        required = field.default is MISSING and field.default_factory is MISSING
        if required and name not in table:
            words = readers(kind)[name].words
            faults.append(((name,), f"is missing: {kind.kind} needs {words}"))
        elif name in table and faults:
            # The class itself will not come to look at it.
            try:
                readers(kind)[name].reader(table[name])
            except Wrong as wrong:
                faults += [((name, *below), what) for below, what in wrong.faults]
    if faults:
        raise Wrong.of(faults)
    try:
        return kind(**table)
    except InvalidScenario as error:
        raise Wrong.of(error.faults) from None
