"""Closed forms of queueing and hashing: what a simulation or a measurement is held against.

from evenly.theory.closed import mmc, power_of_d
mmc.mean_response(servers=10, utilisation=0.9)       # 1.6687 mean services
power_of_d.mean_response(choices=2, utilisation=0.9)  # 2.6141

One module per family. Times are in the unit of `service`, the mean size (default 1). Values outside the range in
which a formula is true raise `OutOfDomain`, which says what is allowed.
"""

from evenly.theory.closed import (
    balls,
    hashing,
    mg1,
    mm1,
    mmc,
    power_of_d,
    reference,
    round_robin,
    shortest_queue,
    split,
)
from evenly.theory.closed.domain import OutOfDomain

__all__ = [
    "OutOfDomain",
    "balls",
    "hashing",
    "mg1",
    "mm1",
    "mmc",
    "power_of_d",
    "reference",
    "round_robin",
    "shortest_queue",
    "split",
]
