"""Round robin: section 2.1 of the document, and 6.3.1, which belongs to it."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.laws.ground import cluster, lend
from evenly.theory.theorems import figures
from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


def scanning_past_the_dead() -> Evidence:
    """i mod |N| and a step to the next living node: the successor of the dead has two turns."""
    counts = [0, 0, 0, 0]
    for turn in range(4000):
        node = turn % 4
        while node == 1:  # node 1 is dead
            node = (node + 1) % 4
        counts[node] += 1
    living = [count for node, count in enumerate(counts) if node != 1]
    return Evidence(
        "four nodes, node 1 dead, 4,000 requests, i counts requests: the counts of the living, greatest first",
        claimed=(1334, 1333, 1333),
        found=tuple(sorted(living, reverse=True)),
    )


def every_second_request_is_large() -> Evidence:
    """Sizes in step with the turn: counts are even, loads are not, for ever."""
    balancer = cluster(2, "round_robin")
    loads, counts = [0, 0], [0, 0]
    for turn in range(1000):
        node = lend(balancer)
        loads[node] += (1, 100)[turn % 2]
        counts[node] += 1
    assert counts == [500, 500]
    return Evidence(
        "two nodes, requests of size 1, 100, 1, 100, … (counts are 500 and 500): least load / greatest",
        claimed=Fraction(1),
        found=Fraction(min(loads), max(loads)),
    )


def four_requests_two_nodes() -> Evidence:
    """Two each, always: there is nothing to vary."""
    balancer = cluster(2, "round_robin")
    counts = [0, 0]
    for _ in range(4):
        counts[lend(balancer)] += 1
    mean = Fraction(4, 2)
    return Evidence(
        "k = 2, T = 4: the variance of the counts",
        claimed=Fraction(4 * (2 - 1), 2**2),
        found=sum((count - mean) ** 2 for count in counts) / 2,
    )


ENTRIES = (
    Theorem(
        number="2.1.1",
        kind=Kind.DEFINITION,
        title="Round robin",
        statement="Round robin gives request i to node i mod |N|.",
        formula="round_robin: N × ℕ → N,  round_robin(N, i) = n_{i mod |N|}",
        verdict=Verdict.CORRECTED,
        gist="N must be ordered and i is state; stepping past a dead node must move i",
        counterexample=scanning_past_the_dead,
        corrected=(
            "N is a list, and the cursor is state that moves with every node it steps over, "
            "also one that cannot be lent. With node 1 of 4 dead, 4,000 requests split "
            "1334/0/1333/1333."
        ),
        laws=("round_robin_windows", "round_robin_exact", "round_robin_steps_over_the_dead"),
        lemmas=("rr_each_living_once", "rr_exact", "rr_four_nodes_one_out"),
    ),
    Theorem(
        number="2.1.1",
        kind=Kind.THEOREM,
        title="Fairness of round robin",
        statement=(
            "In the long run round robin spreads the load evenly: each of k nodes has between "
            "⌊T/k⌋ and ⌈T/k⌉ of T requests."
        ),
        formula="⌊T/k⌋ ≤ requests(n_i) ≤ ⌈T/k⌉,  lim_{T→∞} requests(n_i) / T = 1/k",
        verdict=Verdict.CORRECTED,
        gist="true of counts, false of load: sizes 1, 100, 1, 100, …",
        counterexample=every_second_request_is_large,
        corrected=(
            "requests(n_r) = ⌊T/k⌋ + [r < T mod k], in every window of T picks over k fixed nodes, "
            "where n_r is the node picked r-th in it. For load one needs sizes that do not depend "
            "on the turn; and the queues are stable if and only if lambda/k < mu_i for every i. D "
            "dispatchers that know nothing of each other and pick T times in all leave every node "
            "within less than D of T/k."
        ),
        laws=("round_robin_windows", "round_robin_exact", "round_robin_dispatchers"),
        lemmas=("rr_exact", "rr_windows", "rr_dispatchers"),
        simulation=(
            "E_k/M/1: at rho = .9 and k = 10 the mean response is 5.6603 service times; random "
            "splitting has 10."
        ),
        figures=(
            figures.ROUND_ROBIN,
            figures.RANDOM,
        ),
    ),
    Theorem(
        number="6.3.1",
        kind=Kind.THEOREM,
        title="Variance of the load distribution",
        statement="The variance of round robin's counts is that of a binomial distribution.",
        formula="Var(X) = T (k - 1) / k²",
        verdict=Verdict.REFUTED,
        gist="that is `random`; of round robin it is at most 1/4, whatever T",
        counterexample=four_requests_two_nodes,
        corrected=(
            "With r = T mod k the variance over the nodes is r (k - r) / k² <= 1/4. The formula as "
            "written is the variance of `random` over equal nodes."
        ),
        laws=("round_robin_variance", "random_share"),
        lemmas=("rr_variance", "rr_variance_quarter", "random_scatters"),
        simulation=(
            "The variance of counts stays below 1/4 for round robin, grows as T (k-1)/k² for "
            "random, and is bounded for two choices."
        ),
    ),
)
