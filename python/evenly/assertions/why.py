"""Why an expectation did not hold, as far as the file tells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evenly.assertions import scene, words
from evenly.config import standin
from evenly.config.expectation import USUAL_ZIPF
from evenly.config.share import written as share
from evenly.plan.keys import keyed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evenly.assertions.claims import Finding
    from evenly.assertions.evidence import Evidence

NOISE = "things happen on the way"
"""How the simulator begins its remark on confidence intervals, of which an assertion shows none."""


EXACT = 10_000
"""Keys whose popularity is added up one by one."""


def reasons(evidence: Evidence, broken: Sequence[Finding]) -> Iterator[str]:
    """What explains the findings that are broken."""
    asked = {finding.word for finding in broken}
    if asked & {"answer_from", "not_from"}:
        yield from _pick(evidence)
    if "no_node_above" in asked:
        yield from _too_much(evidence)
    if "no_node_below" in asked:
        yield from _too_little(evidence)
    if "moves_at_most" in asked and evidence.keys is not None:
        yield f"shares by weight need {share(evidence.keys.least)} to move at least"
    if asked - {"moves_at_most"}:
        yield from (note for note in evidence.results.notes if not note.startswith(NOISE))
    named = scene.by_name(evidence.changed)
    if named and keyed(evidence.changed):
        yield f"{words.both(named)}: {standin.COUNTS_AS_ONE}"


def _pick(evidence: Evidence) -> Iterator[str]:
    """The way of one pick with the key, or that there is no key that binds."""
    if not keyed(evidence.changed):
        yield f"{evidence.changed.strategy['name']} sends requests to any node that is fit"
    elif evidence.test.key is not None:
        yield f"key {evidence.test.key}: {evidence.balancer.explain(key=evidence.test.key).sentence}"


def _too_much(evidence: Evidence) -> Iterator[str]:
    most = evidence.test.no_node_above or 0.0
    parts = _parts(evidence)
    if parts and 1 / len(parts) > most:
        yield f"of {len(parts)} nodes that serve, one gets {share(1 / len(parts))} or more"
    elif parts:
        heavy = max(parts, key=lambda name: parts[name][0])
        yield from _by_weight(heavy, parts[heavy], lambda part: part > most)
    if keyed(evidence.changed) and evidence.test.key is not None:
        yield f"every request has key {evidence.test.key}, and a key goes to one node"
    elif keyed(evidence.changed) and evidence.test.keys is not None:
        yield (
            f"the key most asked for is {share(hottest(evidence.test.keys, evidence.test.zipf))} of all requests, "
            "and all of them go to one node"
        )


def _too_little(evidence: Evidence) -> Iterator[str]:
    """Nodes that are spared, because they fail or are slow; else that weight or hash give them little."""
    test, least = evidence.test, evidence.test.no_node_below or 0.0
    parts = _parts(evidence)
    light = min(parts, key=lambda name: parts[name][0], default="")
    if light:
        yield from _by_weight(light, parts[light], lambda part: part < least)
    if test.failing:
        yield f"{words.both(test.failing)}: a node that fails again and again is ejected for a while"
    slow = [name for name, factor in test.slow.items() if factor > 1]
    if slow and not keyed(evidence.changed):
        yield f"{words.both(slow)}: a node that is slow gets less from a strategy that looks at load"
    if keyed(evidence.changed):
        yield f"shares of {evidence.changed.strategy['name']} are as even as its hash is: keys fall as they fall"


Part = tuple[int, int]
"""Weight of a node, and of all together."""


def _parts(evidence: Evidence) -> dict[str, Part]:
    """Of the nodes that serve, what the file means them to get."""
    serving = [node for node in evidence.changed.nodes if node.name not in evidence.out]
    total = sum(node.weight for node in serving)
    return {node.name: (node.weight, total) for node in serving}


def _by_weight(name: str, part: Part, strays: Callable[[float], bool]) -> Iterator[str]:
    weight, total = part
    if strays(weight / total):
        yield f"{name} has weight {weight} of {total}: {share(weight / total)} is its share"


def hottest(keys: int, zipf: float | None) -> float:
    """Share of the most popular key: 1 / (1 + 2^-z + 3^-z + …)."""
    zipf = USUAL_ZIPF if zipf is None else zipf
    total = math.fsum(math.pow(rank, -zipf) for rank in range(1, min(keys, EXACT) + 1))
    if keys > EXACT:
        # Beyond, the sum by its integral: the error is far below what one sees in a percentage.
        low, high, rest = EXACT + 0.5, keys + 0.5, 1 - zipf
        flat = math.isclose(zipf, 1)
        total += (
            math.log(high / low) if flat else (math.pow(high, rest) - math.pow(low, rest)) / rest
        )
    return 1 / total
