"""Axioms 1.3.1 and 1.3.2 as what they can be: books, and a rule of admission.

As written they are inconsistent: with one node of capacity 1 and a total load of 2 no placement satisfies both, so
that everything follows from them, theorem 3.1.1 too. Conservation is an identity of the books; capacity holds
because admission refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["Ledger", "admits", "room_is_certain", "survives"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Axiom 1.3.1 as an identity: accepted = completed + failed + in flight, in requests.

    Of one node, or of all: ledgers add up. Who was refused was never accepted and is counted apart.
    """

    accepted: int = 0
    completed: int = 0
    failed: int = 0
    in_flight: int = 0
    refused: int = 0

    @property
    def balances(self) -> bool:
        """Whether the identity holds and nothing is negative."""
        counts = (self.accepted, self.completed, self.failed, self.in_flight, self.refused)
        return min(counts) >= 0 and self.accepted == self.completed + self.failed + self.in_flight

    def accept(self) -> Ledger:
        """A request is accepted and in flight."""
        return replace(self, accepted=self.accepted + 1, in_flight=self.in_flight + 1)

    def refuse(self) -> Ledger:
        """A request is not accepted."""
        return replace(self, refused=self.refused + 1)

    def leave(self, *, failed: bool = False) -> Ledger:
        """A request in flight ends; raises ValueError when there is none, for it would be given back twice."""
        if self.in_flight == 0:
            raise ValueError("nothing is in flight: a request leaves exactly once")
        return replace(
            self,
            in_flight=self.in_flight - 1,
            completed=self.completed + (not failed),
            failed=self.failed + failed,
        )

    def __add__(self, other: Ledger) -> Ledger:
        """Both books as one."""
        return Ledger(
            self.accepted + other.accepted,
            self.completed + other.completed,
            self.failed + other.failed,
            self.in_flight + other.in_flight,
            self.refused + other.refused,
        )


def admits(loads: Sequence[int], capacities: Sequence[int], size: int = 1) -> list[int]:
    """The nodes, by index, that can take a job of `size` within axiom 1.3.2: load + size ≤ C.

    Loads, capacities and size are whole numbers of the same unit. A node over its capacity takes nothing.
    """
    if len(loads) != len(capacities):
        raise ValueError(f"{len(loads)} loads and {len(capacities)} capacities: write one each")
    if size < 1:
        raise ValueError(f"size {size}: a job has a size from 1")
    return [
        index
        for index, (load, capacity) in enumerate(zip(loads, capacities, strict=True))
        if load + size <= capacity
    ]


def room_is_certain(total: int, capacities: Sequence[int], size: int = 1) -> bool:
    """Whether some node can take a job of `size` however `total` is spread (theorem `admission`, proved).

    total + k·size < ΣC + k, for whole numbers and loads within their capacities; for size 1 it reads total < ΣC. It
    is tight: C = (3, 3) with loads (2, 2) has total + 2·2 = ΣC + 2, and no room for a job of 2.
    """
    return total + len(capacities) * size < sum(capacities) + len(capacities)


def survives(total: float, capacities: Sequence[float], failures: int) -> bool:
    """Theorem 3.3.2, corrected: whether any `failures` nodes may fail and the rest still hold `total`.

    It is total ≤ ΣC − the sum of the largest `failures` capacities. Units: any, the same for all.
    """
    if not 0 <= failures <= len(capacities):
        raise ValueError(
            f"{failures} failures of {len(capacities)} nodes: write 0 to {len(capacities)}"
        )
    lost = sum(sorted(capacities, reverse=True)[:failures])
    return total <= sum(capacities) - lost
