"""What Evenly adds to the document: statements it needed and did not find there."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


def uniform_pair_of_slow_nodes() -> Evidence:
    """The pair {2, 3} is drawn with probability 1/3, and takes what both together cannot."""
    rates, arrivals = (Fraction(10), Fraction(1, 10), Fraction(1, 10)), Fraction(5)
    drawn = arrivals * Fraction(1, 3)
    return Evidence(
        "mu = (10, .1, .1), lambda = 5 < sum mu = 10.2: the two slow nodes can do all that goes to them",
        claimed=True,
        found=drawn < rates[1] + rates[2],
    )


ENTRIES = (
    Theorem(
        number="E.1",
        kind=Kind.THEOREM,
        title="The adversary that forces H_k - 1",
        statement=(
            "Whoever sets the weights step by step can push some node H_k - 1 behind its share, "
            "whatever the strategy."
        ),
        formula="1/k + 1/(k-1) + … + 1/2 = H_k - 1",
        verdict=Verdict.HOLDS,
        gist="so smooth weighted round robin is optimal for changing weights",
        corrected=(
            "Spread all weight equally over the nodes that were never picked, until one is "
            "left: it lags by 1/k + … + 1/2 at least. Theorem 2.4.1 keeps every node within the "
            "same bound, so no strategy has a better one."
        ),
        laws=("adversary_forces_the_harmonic_lag", "smooth_bounds_while_weights_change"),
        lemmas=("swrr_lag",),
    ),
    Theorem(
        number="E.2",
        kind=Kind.THEOREM,
        title="The busiest node",
        statement=(
            "Of two different nodes drawn by chance the less loaded is lent, so the one busiest "
            "of all gets nothing."
        ),
        formula="P(busiest) = 0",
        verdict=Verdict.HOLDS,
        gist="drawn with replacement it would be 1/n²",
        corrected=(
            "In the limit of many nodes s_i = lambda^((d^i - 1)/(d - 1)) is the share of queues "
            "of at least i: it solves the equations of equilibrium, and s_i <= lambda^i, the "
            "tail of a random choice."
        ),
        laws=("the_busiest_is_never_lent",),
        lemmas=("supermarket_equilibrium", "supermarket_dominates"),
        simulation=(
            "lambda = .9, many nodes: mean response 2.6141 with two choices, 2.0279 with three, "
            "10 with one."
        ),
        sources=(
            "N. Vvedenskaya, R. Dobrushin, F. Karpelevich, Queueing system with selection of the "
            "shortest of two queues, 1996",
            "M. Mitzenmacher, The power of two choices in randomized load balancing, 2001",
        ),
    ),
    Theorem(
        number="E.3",
        kind=Kind.THEOREM,
        title="Two uniform choices among unequal nodes",
        statement=(
            "Two uniform choices keep every queue stable whenever the nodes together are fast "
            "enough."
        ),
        formula="lambda < ∑ mu_i",
        verdict=Verdict.CORRECTED,
        gist="false: a pair of slow nodes is drawn too often; draw by capacity",
        counterexample=uniform_pair_of_slow_nodes,
        corrected=(
            "Needed for every set S of nodes: lambda C(|S|, 2) / C(n, 2) < mu(S). Drawing by "
            "weight, as `power_of_two` does when weights differ, lifts it."
        ),
        laws=("the_busiest_is_never_lent",),
        simulation="mu = (10, .1, .1), lambda = 5: both slow nodes grow by .733 per second.",
    ),
)
