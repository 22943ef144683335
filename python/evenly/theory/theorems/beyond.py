"""What Evenly adds to the document: statements it needed and did not find there."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.laws.ground import cluster, lend
from evenly.theory.theorems import figures
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


def a_burst_for_the_heaviest() -> Evidence:
    """Weight 100 beside a hundred of weight 1: all deadlines of the first come before any of the others."""
    weights = [100] + [1] * 100
    total = sum(weights)
    deadlines = [Fraction(1, weight) for weight in weights]
    counts, furthest = [0] * len(weights), Fraction(0)
    for turn in range(1, 150):
        node = deadlines.index(min(deadlines))
        deadlines[node] += Fraction(1, weights[node])
        counts[node] += 1
        ahead = counts[0] - Fraction(turn * weights[0], total)
        furthest = max(furthest, ahead)
    return Evidence(
        f"weights (100, 1, …, 1), 101 nodes: is the first always within a request (it is {furthest} ahead)",
        claimed=True,
        found=furthest < 1,
    )


def filled(permutations: list[list[int]], slots: int) -> list[int]:
    """Fill the table: in turn, each node takes the first free slot of its permutation."""
    table, nexts = [-1] * slots, [0] * len(permutations)
    while -1 in table:
        for node, order in enumerate(permutations):
            if -1 not in table:
                break
            while table[order[nexts[node]]] != -1:
                nexts[node] += 1
            table[order[nexts[node]]] = node
    return table


def the_table_of_the_paper() -> Evidence:
    """Figure 3 of the paper: offsets 3, 0, 3 and skips 4, 2, 1 over 7 slots; B1 leaves."""
    orders = [
        [(offset + turn * skip) % 7 for turn in range(7)]
        for offset, skip in ((3, 4), (0, 2), (3, 1))
    ]
    before = filled(orders, 7)
    names = (0, 2)
    after = [names[node] for node in filled([orders[0], orders[2]], 7)]
    moved = [slot for slot in range(7) if before[slot] != 1 and before[slot] != after[slot]]
    return Evidence(
        f"the paper's 7 slots, {before} before and {after} after B1 left: slots of living nodes that moved",
        claimed=0,
        found=len(moved),
    )


def six_small_ones_first() -> Evidence:
    """Six of size 1 spread out, and the one of size 3 comes on top of two."""
    balancer = cluster(3, {"name": "least_connections", "load": "reported"})
    loads = [0, 0, 0]
    for node in range(3):
        balancer.report(str(node), load=0)
    for size in (1, 1, 1, 1, 1, 1, 3):
        node = lend(balancer)
        loads[node] += size
        balancer.report(str(node), load=loads[node])
    return Evidence(
        "three nodes, six requests of size 1, then one of 3: the greatest load; (3, 3, 3) was possible",
        claimed=3,
        found=max(loads),
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
        title="Never a request off",
        statement=(
            "For weights that stand there is an order in which every node is within "
            "1 - 1/(2k - 2) of its share on every prefix, and none is better for all weights."
        ),
        formula="|x_i(t) - t p_i| ≤ 1 - 1/(2k - 2)",
        verdict=Verdict.HOLDS,
        gist="`deadline` keeps it: the earliest deadline among those that are due",
        corrected=(
            "Lend, among the nodes that lag by 1/(2k - 2) at least, the one that will soonest lag "
            "by 1 - 1/(2k - 2). When weights change nobody knows the deadlines to come; then "
            "`deadline` keeps the sets within the bounds of theorem 2.4.1, and .31 more for each "
            "node if the weights stood before. No rule keeps both bounds at once: with weights 1, "
            "27, 243 and 243 they exclude each other."
        ),
        laws=("deadline_quota", "deadline_while_weights_change"),
        sources=("R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32, 1980",),
    ),
    Theorem(
        number="E.3",
        kind=Kind.THEOREM,
        title="Plain earliest deadline first",
        statement="Lending the node whose next deadline is first keeps every node within one request.",
        formula="deadline_i += 1 / w_i,  |x_i(t) - t p_i| < 1",
        verdict=Verdict.CORRECTED,
        gist="nobody is one behind, but one may be k/2 ahead",
        counterexample=a_burst_for_the_heaviest,
        corrected=(
            "The lag is below 1, the lead grows with k. A node may be lent only when it is due: "
            "with that condition the rule is theorem E.2."
        ),
        laws=("deadline_quota",),
        simulation=(
            "One node of weight 100 beside a hundred of weight 1: its first 100 requests come in one "
            "burst, and its p99 with them."
        ),
    ),
    Theorem(
        number="E.4",
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
        figures=(figures.TWO_CHOICES,),
    ),
    Theorem(
        number="E.5",
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
            "Needed for every set S of nodes: lambda C(|S|, 2) / C(n, 2) < mu(S). Drawn by weight, both "
            "are in S with probability at most w(S) / W: with weights as the speeds the condition "
            "then holds whenever lambda < sum mu. `power_of_two` draws by weight when weights differ."
        ),
        laws=("drawing_by_weight",),
        simulation="mu = (10, .1, .1), lambda = 5: both slow nodes grow by .733 per second.",
        figures=(figures.UNSTABLE,),
    ),
    Theorem(
        number="E.6",
        kind=Kind.THEOREM,
        title="Bounded load",
        statement=(
            "When no node may have more than c times its share of what is out, rounded up, a key's "
            "request still finds a node, the next in the key's own order."
        ),
        formula="x_i ≤ ⌈c (m + 1) w_i / W⌉,  ∑ ⌈c (m + 1) w_i / W⌉ > m",
        verdict=Verdict.HOLDS,
        gist="one hot key fills its node to c times its share and no further",
        corrected=(
            "The limits add up to c (m + 1) > m at least, so a node with room exists for every c >= 1. "
            "As long as limits are not reached, keys stay where they were."
        ),
        laws=("bounded_load_holds", "there_is_always_room"),
        simulation=(
            "Zipf keys over a ring: the peak falls to c times the mean; at c = 1.25 it costs 1.000 probes "
            "a request with 100 virtual nodes, 2.25 with one."
        ),
        sources=(
            "V. Mirrokni, M. Thorup, M. Zadimoghaddam, Consistent hashing with bounded loads, SODA 2018",
        ),
    ),
    Theorem(
        number="E.7",
        kind=Kind.THEOREM,
        title="Shares of rendezvous hashing",
        statement="With the score -w / ln u a key is a node's with probability w_i / W, exactly.",
        formula="P(argmax -w_j / ln u_j = i) = w_i / W",
        verdict=Verdict.HOLDS,
        gist="exact shares without a table, and minimal moves when a weight changes",
        corrected=(
            "-ln u_i / w_i are independent exponentials of rates w_i, and the least of them is the "
            "i-th with probability w_i / W. A heavier node takes keys only to itself."
        ),
        laws=("rendezvous_shares", "joining_is_monotone", "leaving_is_minimal"),
        lemmas=("join_monotone", "leave_minimal", "first_card_eq"),
        sources=(
            "D. Thaler, C. Ravishankar, A name-based mapping scheme for rendezvous, 1996",
            "C. Schindelhauer, G. Schomaker, Weighted distributed hash tables, SPAA 2005",
        ),
    ),
    Theorem(
        number="E.8",
        kind=Kind.THEOREM,
        title="Monotonicity of Maglev",
        statement="When a node leaves, Maglev's table changes only in the node's own slots.",
        verdict=Verdict.REFUTED,
        gist="Maglev is even, not monotone: a few slots of living nodes move",
        counterexample=the_table_of_the_paper,
        corrected=(
            "Every node has ⌊M/k⌋ or ⌈M/k⌉ of the M slots, so peak to mean is ⌈M/k⌉ k/M, at most 1 + k/M. "
            "Where no key of a living node may move, hash by ring or rendezvous: they are monotone."
        ),
        laws=("leaving_is_minimal",),
        simulation=(
            "10 nodes, M = 65,537: when one leaves, .246 % of the slots of the others move, on average; "
            "at M = 1,009 it is 2.40 %."
        ),
        sources=("D. Eisenbud et al., Maglev, NSDI 2016",),
    ),
    Theorem(
        number="E.9",
        kind=Kind.THEOREM,
        title="Joining the idle",
        statement="With one balancer that sees all the traffic no request waits while a node is idle.",
        formula="min x > 0 or x_picked = 0",
        verdict=Verdict.HOLDS,
        gist="near full load nobody is idle, and it is two choices again",
        corrected=(
            "`join_idle` lends an idle node while there is one. With several balancers each knows only "
            "of the nodes that are idle of its own requests."
        ),
        laws=("idle_and_waiting_never_meet",),
        sources=("Y. Lu et al., Join-Idle-Queue, Performance Evaluation 68, 2011",),
    ),
    Theorem(
        number="E.10",
        kind=Kind.THEOREM,
        title="Filling up",
        statement="Filling nodes in their order uses a node only when those before it were full.",
        formula="m in use ⇒ max_s A_s > C_1 + … + C_{m-1}",
        verdict=Verdict.HOLDS,
        gist="no policy does with fewer nodes of that order",
        corrected=(
            "`first` has m nodes in use only if at some moment more requests were in flight than the "
            "first m - 1 have places; then any policy needs m."
        ),
        laws=("no_node_more_than_needed",),
    ),
    Theorem(
        number="E.11",
        kind=Kind.THEOREM,
        title="Requests of different size",
        statement="Giving each request to the least loaded node makes the greatest load least.",
        formula="max load = best max load",
        verdict=Verdict.CORRECTED,
        gist="within (2 - 1/k) of the best, and loads differ by the largest size at most",
        counterexample=six_small_ones_first,
        corrected=(
            "While nobody leaves: max - min <= s_max, and max <= (2 - 1/k) of the best; (4/3 - 1/(3k)) when "
            "the largest come first."
        ),
        laws=("sizes_differ_by_the_largest",),
        sources=("R. L. Graham, Bounds for certain multiprocessing anomalies, 1966 and 1969",),
    ),
)
