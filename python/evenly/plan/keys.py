"""How many keys get another home: the engine is asked for the owners of the same keys before and after."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evenly.config import standin, strategy
from evenly.errors import NoNodeAvailable
from evenly.plan.changes import options
from evenly.plan.model import Flow, Keys
from evenly.plan.nodes import members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evenly.balancer import Balancer
    from evenly.config.cluster import ClusterSection
    from evenly.plan.nodes import Running

SAMPLE = 100_000
"""Keys that are asked for: the standard error of a share is then at most 0.5 / √100,000 = 0.16 %."""

LEAST_SAMPLE = 10_000
LOOKS = 100_000_000
"""Looks at nodes that a plan may cost: rendezvous looks at every node for every key. About two seconds."""


def enough(nodes: int) -> int:
    """How many keys to ask for; fewer where there are thousands of nodes."""
    return max(LEAST_SAMPLE, min(SAMPLE, LOOKS // nodes))


def sample(count: int = SAMPLE, prefix: str = "key") -> list[str]:
    """The keys: always the same, so that the same plan says the same."""
    return [f"{prefix}-{number}" for number in range(count)]


def keyed(section: ClusterSection) -> bool:
    """Whether the cluster's requests are placed by keys."""
    return bool(strategy.table()[section.strategy["name"]]["uses_key"])


def hashed(section: ClusterSection) -> object:
    """What of a request is its key."""
    return options(section.strategy)["key"]


def moves(
    before: ClusterSection,
    after: ClusterSection,
    live: list[Running] | None = None,
    keys: Sequence[str] | None = None,
) -> Keys | None:
    """The keys that move; None where there is no home to move from or to."""
    if not (keyed(before) and keyed(after)):
        return None
    asked = sample(enough(max(len(before.nodes), len(after.nodes)))) if keys is None else keys
    # Where another part of a request is its key, the two keys of a request have nothing to do with one another.
    later_asked = asked if hashed(before) == hashed(after) else sample(len(asked), "other")
    (old_nodes, old_out), (new_nodes, new_out) = members(before, live), members(after, live)
    balancer = standin.balancer(before, old_nodes, old_out)
    homes, weights = owners(balancer, asked), _weights(balancer, old_out)
    if same_table(before, after):
        # As the proxy does it. Anchor and jump go by the order of joins and leaves, which a new balancer knows not.
        balancer.replace(new_nodes)
        standin.administer(balancer, {**dict.fromkeys(old_out, "serve"), **new_out})
    else:
        balancer = standin.balancer(after, new_nodes, new_out)
    later = owners(balancer, later_asked)
    if homes is None or later is None:
        return None
    pairs = Counter(pair for pair in zip(homes, later, strict=True) if pair[0] != pair[1])
    flows = tuple(Flow(*pair, count / len(asked)) for pair, count in pairs.most_common())
    least = _least(weights, _weights(balancer, new_out))
    return Keys(len(asked), pairs.total(), least, flows)


def same_table(before: ClusterSection, after: ClusterSection) -> bool:
    """Whether the strategy in force goes on with other nodes, rather than a new one being made."""
    return (
        before.strategy["name"] == after.strategy["name"]
        and options(before.strategy) == options(after.strategy)
        and before.hash_seed == after.hash_seed
        and before.subset == after.subset
    )


def owners(balancer: Balancer, keys: Sequence[str]) -> list[str] | None:
    """Who owns which key; None when no node is there to own one."""
    try:
        return balancer.owners(keys)
    except NoNodeAvailable:
        return None


def _weights(balancer: Balancer, out: Mapping[str, str]) -> dict[str, int]:
    """Of those that take keys; a subset keeps only some of the nodes."""
    return {node.id: node.weight for node in balancer.nodes if node.id not in out}


def _least(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    """The sum of what nodes gain, each going from its old share by weight to its new one."""
    old, new = sum(before.values()), sum(after.values())
    gains = (weight / new - before.get(name, 0) / old for name, weight in after.items())
    return sum(gain for gain in gains if gain > 0)
