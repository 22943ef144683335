"""Each strategy of the engine as its definition has it: a few lines, to be read next to the definition.

`SPECS` has one for every registered strategy; a test fails when one is lacking. The engine is held to them on shared
traces by `tests/laws/test_specification.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from evenly.theory.specs.anchor import Anchor
from evenly.theory.specs.consistent_hash import ConsistentHash
from evenly.theory.specs.deadline import Deadline
from evenly.theory.specs.first import First
from evenly.theory.specs.join_idle import JoinIdle
from evenly.theory.specs.jump import Jump
from evenly.theory.specs.least_connections import LeastConnections
from evenly.theory.specs.least_latency import LeastLatency
from evenly.theory.specs.maglev import Maglev
from evenly.theory.specs.power_of_two import PowerOfTwo
from evenly.theory.specs.prequal import Prequal
from evenly.theory.specs.random import Random
from evenly.theory.specs.rendezvous import Rendezvous
from evenly.theory.specs.round_robin import RoundRobin
from evenly.theory.specs.rule import Lottery, Rule
from evenly.theory.specs.slots import Slots
from evenly.theory.specs.weighted_round_robin import WeightedRoundRobin

__all__ = ["SPECS", "Lottery", "Rule"]

_RULES: tuple[type[Rule], ...] = (
    Anchor,
    ConsistentHash,
    Deadline,
    First,
    JoinIdle,
    Jump,
    LeastConnections,
    LeastLatency,
    Maglev,
    PowerOfTwo,
    Prequal,
    Random,
    Rendezvous,
    RoundRobin,
    Slots,
    WeightedRoundRobin,
)

SPECS: Mapping[str, type[Rule]] = {rule.name: rule for rule in _RULES}
"""The specification of each strategy, by the strategy's name; called with the strategy's options."""
