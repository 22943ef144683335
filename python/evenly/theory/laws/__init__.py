"""Laws: what is true, as sentences that run on the engine. One file per family of theorems.

LAWS["smooth_bounds"].run(seed=7)   # says what it looked at, or raises LawBroken with what it found instead
"""

from __future__ import annotations

from evenly.theory.laws import (
    algebra,
    bounded_load,
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
    performance,
    prequal,
    retries,
    ring,
    round_robin,
    safety,
    subsets,
    survival,
    weighted_round_robin,
)
from evenly.theory.laws.law import Law

__all__ = ["LAWS", "Law"]

# One line registers a family.
FAMILIES = (
    algebra,
    round_robin,
    least_connections,
    hashing,
    ring,
    maglev,
    jump,
    bounded_load,
    weighted_round_robin,
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
    prequal,
    geography,
)

LAWS: dict[str, Law] = {
    law.name: law for family in FAMILIES for law in vars(family).values() if isinstance(law, Law)
}
"""Every law by its name."""
