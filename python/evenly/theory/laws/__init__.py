"""Laws: what is true, as sentences that run on the engine. One file per family of theorems.

LAWS["smooth_bounds"].run(seed=7)   # says what it looked at, or raises LawBroken with what it found instead
"""

from __future__ import annotations

from evenly.theory.laws import (
    adversary,
    algebra,
    bounded_load,
    breaker,
    chance,
    deadline,
    filling,
    geography,
    hashing,
    health,
    jump,
    least_connections,
    maglev,
    moving,
    panic,
    performance,
    prequal,
    rendezvous,
    retries,
    ring,
    round_robin,
    safety,
    shortest_queue,
    subsets,
    survival,
    tournament,
    weighted_round_robin,
)
from evenly.theory.laws.law import Law

__all__ = ["LAWS", "Law"]

# One line registers a family.
FAMILIES = (
    algebra,
    round_robin,
    least_connections,
    tournament,
    shortest_queue,
    hashing,
    ring,
    maglev,
    jump,
    bounded_load,
    rendezvous,
    weighted_round_robin,
    adversary,
    deadline,
    chance,
    filling,
    subsets,
    safety,
    performance,
    moving,
    survival,
    retries,
    health,
    breaker,
    panic,
    prequal,
    geography,
)

LAWS: dict[str, Law] = {
    law.name: law for family in FAMILIES for law in vars(family).values() if isinstance(law, Law)
}
"""Every law by its name."""
