"""What is wrong with a configuration: one `Fault` per place, all of them in one `ConfigError`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evenly.errors import EvenlyError

if TYPE_CHECKING:
    from collections.abc import Iterable

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Loc = tuple[str | int, ...]
"""Where a value stands: table keys and list positions, from the root."""


@dataclass(frozen=True)
class Fault:
    """One thing to correct: where it stands, and what to write instead."""

    file: str
    key: str
    what: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        # A fault of the syntax has no key to go to, so it says the column instead.
        if not self.key and self.column is not None:
            where = f"{where}:{self.column}"
        text = f"{where}: {self.key}: {self.what}" if self.key else f"{where}: {self.what}"
        # What a file holds must not move the cursor of the terminal that shows it.
        return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class ConfigError(EvenlyError):
    """A configuration that cannot be used; `faults` holds every reason, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        ordered = sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0))
        self.faults: tuple[Fault, ...] = tuple(dict.fromkeys(ordered))
        super().__init__("\n".join(str(fault) for fault in self.faults))
