"""Section 1 of the theory document as typed values, with the corrections its audit asks for.

Each name says which definition or axiom it stands for, what was wrong with it as written, and what it is here.
Where a number can be exact it is a `Fraction`; what people read is a `float`.
"""

from evenly.theory.model.algebra import (
    LBA,
    MAX_PLUS,
    MAX_TIMES,
    MIN_PLUS,
    PLUS_TIMES,
    Semiring,
    broken_laws,
)
from evenly.theory.model.flow import Flow, certifies, cost_of
from evenly.theory.model.ledger import Ledger, admits, room_is_certain, survives
from evenly.theory.model.load import StepFunction, load_dist
from evenly.theory.model.metrics import (
    balance_ratio,
    best_efficiency,
    deviations,
    efficiency,
    fair,
    jain_index,
    lag_bounds,
    mean_response,
    peak_to_mean,
    response_gap,
    round_robin_variance,
)
from evenly.theory.model.system import (
    LB,
    Arrival,
    Departure,
    Membership,
    Node,
    Request,
    Run,
    Strategy,
)

__all__ = [
    "LB",
    "LBA",
    "MAX_PLUS",
    "MAX_TIMES",
    "MIN_PLUS",
    "PLUS_TIMES",
    "Arrival",
    "Departure",
    "Flow",
    "Ledger",
    "Membership",
    "Node",
    "Request",
    "Run",
    "Semiring",
    "StepFunction",
    "Strategy",
    "admits",
    "balance_ratio",
    "best_efficiency",
    "broken_laws",
    "certifies",
    "cost_of",
    "deviations",
    "efficiency",
    "fair",
    "jain_index",
    "lag_bounds",
    "load_dist",
    "mean_response",
    "peak_to_mean",
    "response_gap",
    "room_is_certain",
    "round_robin_variance",
    "survives",
]
