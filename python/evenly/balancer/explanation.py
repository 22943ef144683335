"""Why a pick goes where it goes, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Candidate:
    """One node as the pick sees it."""

    id: str
    address: str
    weight: int
    in_flight: int
    """Picks that are out."""
    score: float | None
    """What the strategy compares, the less the better: a load, turns, or the place in the key's own order.

    None where it compares nothing. Each strategy's file says which it is; latencies are nanoseconds.
    """
    excluded: str | None
    """Why it is not lent, unless it is for want of a better one: `draining`, `at_capacity`, …"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A node that the strategy proposed."""

    id: str
    refused: str | None
    """Why it was not lent: `slow_start` when its share of the traffic was used up. None for the one that is lent."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where the next pick would go, and why. Printing it gives the sentence and a table of the nodes."""

    cluster: str
    strategy: Mapping[str, object]
    """Name and options."""
    key: str | None
    stage: str
    """How far the pick had to go: `normal`, `redraw`, `scan` of all healthy nodes, or `panic`."""
    candidates: tuple[Candidate, ...]
    proposals: tuple[Proposal, ...]
    """Whom the strategy proposed, in that order."""
    pick: str | None
    """The id of the node; None when nothing would be lent."""
    reason: str | None
    """Why nothing would be lent, or `panic` when a sick node would."""
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Give the same as JSON has it, as the running proxy answers."""
        fields = {**asdict(self), "strategy": dict(self.strategy), "edition": None}
        return {key: list(it) if isinstance(it, tuple) else it for key, it in fields.items()}

    def __str__(self) -> str:
        """Give the sentence, and every node in a line of its own."""
        return "\n".join([self.sentence, "", *self._table()])

    def _table(self) -> Iterator[str]:
        rows = [("node", "weight", "in flight", "score", "")]
        for one in self.candidates:
            remarks = ["picked"] if one.id == self.pick else []
            remarks += [one.excluded] if one.excluded else []
            score = "" if one.score is None else f"{one.score:.6g}"
            rows.append((one.id, str(one.weight), str(one.in_flight), score, ", ".join(remarks)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, *numbers, remark in rows:
            cells = [cell.rjust(width) for cell, width in zip(numbers, widths[1:4], strict=True)]
            yield "  ".join([name.ljust(widths[0]), *cells, remark]).rstrip()
