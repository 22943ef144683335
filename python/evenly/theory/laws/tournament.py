"""The tournament of least connections: definition 2.2.1, corrected, over more than 32 nodes."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly import _engine
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, drained, give_back, lend
from evenly.theory.laws.law import law, need


@law
def tournament_lends_a_least(seed: int) -> str:
    """Of more than 32 nodes too, one with the least (x + 1) / w of all fit ones is lent; none, only if none is fit."""
    rng, picks = random.Random(seed), 0
    for trial in range(12):
        greatest = 9 if trial % 2 else 65_535
        weights = [rng.randint(1, greatest) for _ in range(rng.randint(33, 300))]
        balancer = cluster(weights, "least_connections", seed + trial)
        held: list[_engine.Pick] = []
        loads, drained = [0] * len(weights), set[int]()
        for _ in range(300):
            chance = rng.random()
            if held and chance < 0.3:
                back = held.pop(rng.randrange(len(held)))
                loads[int(back.id)] -= 1
                give_back(back)
            elif chance < 0.45:
                node = rng.randrange(len(weights))
                (balancer.undrain if node in drained else balancer.drain)(str(node))
                drained ^= {node}
            else:
                fit = set(range(len(weights))) - drained
                least = min(Fraction(loads[node] + 1, weights[node]) for node in fit)
                held.append(balancer.pick())
                lent = int(held[-1].id)
                found = Fraction(loads[lent] + 1, weights[lent])
                picks += 1
                need(
                    lent in fit and found == least,
                    f"{weights}: {lent} at {found}, least {least}",
                )
                loads[lent] += 1
        for node in set(range(len(weights))) - drained:
            balancer.drain(str(node))
        try:
            extra = balancer.pick()
        except NoNodeAvailable:
            continue
        need(False, f"all are drained, and {extra.id} was lent")
    return f"{picks:,} picks of 12 clusters of 33 to 300 nodes"


@law
def tournament_is_as_built_anew(seed: int) -> str:
    """A tournament that was told of every change lends whom one lends that was built from all members just now."""
    rng, picks = random.Random(seed), 0
    for trial in range(6):
        weights = [rng.randint(1, 9) for _ in range(rng.randint(33, 300))]
        told, built = (cluster(weights, "least_connections", seed + trial) for _ in range(2))
        held: list[tuple[_engine.Pick, _engine.Pick]] = []
        for _ in range(300):
            if held and rng.random() < 0.4:
                for pick in held.pop(rng.randrange(len(held))):
                    give_back(pick)
                continue
            # A weight set to what it is makes the other a new tree.
            built.update("0", weight=weights[0])
            held.append((told.pick(), built.pick()))
            one, other = (pick.id for pick in held[-1])
            picks += 1
            need(one == other, f"{weights}: {one} was lent, by a tree built anew {other}")
    return f"{picks:,} picks of 6 clusters, each beside one whose tree is new at every pick"


@law
def tournament_is_fair(seed: int) -> str:
    """Of more than 32 nodes those with the least score win by their lots: one each, or their weight in `join_idle`."""
    picks, worst = 4000, 0.0
    for strategy in ("least_connections", "join_idle"):
        for idle in (2, 5):
            weights = [1] * 40
            if strategy == "join_idle":
                weights[:idle] = range(1, idle + 1)
            balancer = cluster(weights, strategy, seed)
            # The others are busy for the whole run.
            with drained(balancer, range(idle)):
                busy = [balancer.pick() for _ in range(40 - idle)]
            counts = [0] * 40
            for _ in range(picks):
                counts[lend(balancer)] += 1
            for count, weight in zip(counts, weights[:idle], strict=False):
                share = weight / sum(weights[:idle])
                sigma = (picks * share * (1 - share)) ** 0.5
                worst = max(worst, abs(count - picks * share) / sigma)
            need(sum(counts[idle:]) == 0, f"{strategy}: busy nodes were lent: {counts}")
            need(worst <= 5, f"{strategy}: {counts}, {worst:.1f} standard deviations off")
            del busy
    return f"4 × {picks:,} ties; worst {worst:.1f} standard deviations of 5"
