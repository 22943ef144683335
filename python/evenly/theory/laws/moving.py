"""Moving load between nodes: what theorem 3.3.1 took for stable."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly.theory.laws.law import law, need
from evenly.theory.model import LBA


@law
def moving_a_share_settles(seed: int) -> str:
    """Moving a share a of the difference from the fuller of two nodes settles if and only if 0 < a < 1."""
    rng = random.Random(seed)
    steps = 12
    for _ in range(300):
        share = Fraction(rng.randint(-4, 24), 10)
        # What both can spare, for differences that grow by up to 3.8 a step.
        spare = 100 * 4**steps
        system = LBA({"a": spare + rng.randint(0, 50), "b": spare + rng.randint(51, 99)})
        total, first = system.total(), gap(system)
        for step in range(1, 1 + steps):
            moved = share * gap(system)
            system = system.redistribute({("a", "b") if moved > 0 else ("b", "a"): abs(moved)})
            now, left = system.total(), gap(system)
            need(now == total, f"a = {share}: the total is {now}, was {total}")
            # The difference is multiplied by 1 - 2a in a step, which is what decides.
            said = f"a = {share}: after {step} steps the difference is {left}, was {first}"
            need(left == (1 - 2 * share) ** step * first, said)
            need((abs(left) < abs(first)) == (0 < share < 1), said)
    return f"300 pairs of loads, {steps} steps each, exactly; the total never changed"


def gap(system: LBA) -> Fraction:
    """How much more the first of two nodes has."""
    return Fraction(system.initial["a"]) - Fraction(system.initial["b"])


@law
def moving_along_links_settles(seed: int) -> str:
    """In a network, d the most weight of a node's links, a <= 1/d: sum x² falls by 2 a (1 - a d) tension at least."""
    rng = random.Random(seed)
    steps = 0
    for _ in range(60):
        nodes = [str(node) for node in range(rng.randint(2, 6))]
        links = {(i, j): rng.choice([0, 0, 1, 2, 5]) for i in nodes for j in nodes if i < j}
        links |= {(j, i): weight for (i, j), weight in links.items()}
        most = max(sum(links[i, j] for j in nodes if j != i) for i in nodes) or 1
        share = Fraction(rng.randint(1, 10), 10 * most)
        x = {node: Fraction(rng.randint(0, 40)) for node in nodes}
        first, fallen = squares(x), Fraction(0)
        for _ in range(8):
            twice = sum(weight * (x[i] - x[j]) ** 2 for (i, j), weight in links.items())
            tension = Fraction(1, 2) * twice
            flow = {i: sum(links[i, j] * (x[j] - x[i]) for j in nodes if j != i) for i in nodes}
            after = {node: x[node] + share * flow[node] for node in nodes}
            least = 2 * share * (1 - share * most) * tension
            steps, fallen = steps + 1, fallen + least
            said = f"links {links}, a = {share}: {x} became {after}"
            moves = {(i, j): share * links[i, j] * x[i] for i, j in links}
            need(LBA(x).redistribute(moves).initial == after, said)
            need(sum(after.values()) == sum(x.values()), said)
            change = share**2 * sum(each**2 for each in flow.values()) - 2 * share * tension
            need(squares(after) == squares(x) + change and change <= -least <= 0, said)
            need((tension == 0) == all(x[i] == x[j] for i, j in links if links[i, j]), said)
            x = after
        need(fallen <= first, f"links {links}, a = {share}: the tensions do not vanish")
    return f"{steps} steps in 60 networks of 2 to 6 nodes, exactly"


def squares(loads: dict[str, Fraction]) -> Fraction:
    """The sum of the squares of the loads."""
    return sum((load**2 for load in loads.values()), Fraction(0))
