"""The opponent who sets the weights: theorem E.1."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.laws.ground import cluster, harmonic, keyless, lend, shares_of
from evenly.theory.laws.law import law, need
from evenly.theory.laws.weighted_round_robin import HEAVIEST


@law
def adversary_forces_the_harmonic_lag(seed: int) -> str:
    """Whoever sets the weights can push some node H_k - 1 behind in k - 1 requests, whatever the strategy does."""
    lowest = Fraction(10)
    names = keyless()
    for name in names:
        for count in (2, 3, 5, 10):
            lag, exact = forced(name, count, seed)
            lowest = min(lowest, lag / (harmonic(count) - 1))
            need(lag == exact, f"{name} over {count} nodes: lag {lag}, forced {exact}")
    return f"{len(names)} strategies, k = 2, 3, 5, 10: at least {float(lowest):.4f} (H_k - 1)"


def forced(name: str, count: int, seed: int) -> tuple[Fraction, Fraction]:
    """Favour all, and one less after each pick: the lag of the last in favour, and what the weights make of it.

    Who is picked falls from favour, or, if he was not in it, just any. With real weights each of u in favour has the
    share 1/u, and the last one, who was never picked, is 1/k + 1/(k-1) + … + 1/2 = H_k - 1 behind. Whole weights
    from 1 to M cost a little of it: a favoured share is M / (M u + k - u).
    """
    balancer = cluster(count, name, seed)
    lags, favoured = [Fraction(0)] * count, list(range(count))
    for turn in range(count - 1):
        weights = [HEAVIEST if node in favoured else 1 for node in range(count)]
        for node, weight in enumerate(weights):
            balancer.update(str(node), weight=weight)
        lags = [lag + share for lag, share in zip(lags, shares_of(weights), strict=True)]
        node = lend(balancer, turn)
        lags[node] -= 1
        favoured.remove(node if node in favoured else favoured[0])
    (last,) = favoured
    exact = sum(Fraction(HEAVIEST, HEAVIEST * u + count - u) for u in range(2, count + 1))
    return lags[last], Fraction(exact)
