"""The least loaded: section 2.2 of the document, and what Evenly adds on choices, idle nodes and sizes."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.laws.ground import cluster, give_back, lend
from evenly.theory.theorems import figures
from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


def two_idle_nodes() -> Evidence:
    """The least of two equal numbers is reached twice."""
    connections = [node.in_flight for node in cluster(2, "least_connections").nodes]
    least = [at for at, count in enumerate(connections) if count == min(connections)]
    return Evidence("two idle nodes: how many answers argmin has", claimed=1, found=len(least))


def three_come_one_leaves() -> Evidence:
    """+a +b +c -b: whoever stays alone on his node leaves, and the other node has both."""
    balancer = cluster(2, "least_connections")
    picks = [balancer.pick() for _ in range(3)]
    alone = next(pick for pick in picks if [other.id for other in picks].count(pick.id) == 1)
    give_back(alone)
    return Evidence(
        "two nodes, three connections come, the one that is alone on its node ends: the maximum; (1, 1) was possible",
        claimed=1,
        found=max(node.in_flight for node in balancer.nodes),
    )


def uniform_pair_of_slow_nodes() -> Evidence:
    """The pair {2, 3} is drawn with probability 1/3, and takes what both together cannot."""
    rates, arrivals = (Fraction(10), Fraction(1, 10), Fraction(1, 10)), Fraction(5)
    drawn = arrivals * Fraction(1, 3)
    return Evidence(
        "mu = (10, .1, .1), lambda = 5 < sum mu = 10.2: the two slow nodes can do all that goes to them",
        claimed=True,
        found=drawn < rates[1] + rates[2],
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
        number="2.2.1",
        kind=Kind.DEFINITION,
        title="Least connections",
        statement="Least connections chooses the node with the fewest connections.",
        formula="least_connections(N) = argmin_{n ∈ N} connections(n)",
        verdict=Verdict.CORRECTED,
        gist="argmin is not unique: the tie-break decides who gets nothing",
        counterexample=two_idle_nodes,
        corrected=(
            "argmin (x_i + 1) / w_i over the nodes that may be lent; ties fall to chance; "
            "nothing when there is none. Above 32 nodes a tournament that is told of changes finds what a "
            "scan of all finds, each of the least by as many lots as it has."
        ),
        laws=(
            "least_connections_lends_a_least",
            "least_connections_ties",
            "tournament_lends_a_least",
            "tournament_is_fair",
            "tournament_is_as_built_anew",
        ),
        lemmas=(
            "scan_finds_a_least",
            "ties_fall_evenly",
            "a_coin_between_two",
            "tournament_updates_are_rebuilding",
            "tournament_draws_as_a_scan",
            "tournament_is_fair",
            "tournament_lends_a_least",
            "tournament_finds_somebody",
            "rounded_quotients_compare_exactly",
            "loads_are_far_below_the_limit",
            "tournament_refines_least_connections",
            "forty_equals_take_turns",
        ),
    ),
    Theorem(
        number="2.2.1",
        kind=Kind.THEOREM,
        title="Optimality of least connections",
        statement="Least connections minimises the greatest number of connections.",
        formula="max_{n ∈ N} connections(n) ≥ connections(n*),  n* = least_connections(N)",
        verdict=Verdict.CORRECTED,
        gist="false at an instant, true of the running peak, also against a clairvoyant",
        counterexample=three_come_one_leaves,
        corrected=(
            "For unit connections, any arrivals and departures, the rule argmin (x_i + 1) / C_i "
            "and an empty start: for every policy y and every level l, if y_i <= l C_i held up "
            "to t, then x_i <= l C_i held up to t. So the peak of max x_i / C_i is the least "
            "possible; for equal C it is max_s ⌈A_s / k⌉."
        ),
        laws=("least_connections_peak", "least_connections_arrivals"),
        lemmas=("lc_peak_optimal", "lc_peak_of_equals", "lc_arrivals"),
        simulation=(
            "10 nodes, rho = .9, exponential service: JSQ 1.913, two choices 2.984, round robin "
            "5.660, random 10."
        ),
        sources=(
            "W. Winston, Optimality of the shortest line discipline, 1977",
            "W. Whitt, Deciding which queue to join: some counterexamples, 1986",
        ),
        figures=(
            figures.SHORTEST_QUEUE,
            figures.TWO_CHOICES,
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
            "tail of a random choice. Among those with s_1 = lambda it is the only one."
        ),
        laws=("the_busiest_is_never_lent", "tails_of_many_queues"),
        lemmas=(
            "busiest_never_lent",
            "busiest_of_several_never_lent",
            "busiest_with_replacement",
            "supermarket_exponent",
            "supermarket_equilibrium",
            "supermarket_unique",
            "supermarket_dominates",
            "exponents_of_two_choices",
        ),
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
        laws=("drawing_alike", "drawing_by_weight"),
        lemmas=(
            "uniform_pairs_within",
            "uniform_pairs_overload_the_slow",
            "drawing_by_weight",
            "weights_as_speeds_suffice",
        ),
        simulation="mu = (10, .1, .1), lambda = 5: both slow nodes grow by .733 per second.",
        figures=(figures.UNSTABLE,),
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
            "`join_idle` lends an idle node while there is one, each in proportion to its weight. With "
            "several balancers each knows only of the nodes that are idle of its own requests."
        ),
        laws=("idle_and_waiting_never_meet", "idle_nodes_are_drawn_by_weight"),
        lemmas=(
            "an_idle_node_is_lent",
            "idle_and_waiting_never_meet",
            "the_second_rule_decides",
            "idle_drawn_by_weight",
            "two_idle_of_three",
        ),
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
        lemmas=("in_use_was_needed", "no_policy_does_with_fewer", "the_last_stays_idle"),
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
        laws=("sizes_differ_by_the_largest", "the_largest_first"),
        lemmas=(
            "list_differs_by_the_largest",
            "list_makespan",
            "list_factor_is_reached",
            "largest_first",
            "largest_first_factor_is_reached",
        ),
        sources=("R. L. Graham, Bounds for certain multiprocessing anomalies, 1966 and 1969",),
    ),
    Theorem(
        number="E.12",
        kind=Kind.THEOREM,
        title="Subsets",
        statement="Many callers that each keep a few nodes can keep every node equally often.",
        formula="|kept(n) - kept(n')| ≤ 1",
        verdict=Verdict.HOLDS,
        gist="nodes are dealt like cards, in rounds; random subsets scatter by a quarter",
        corrected=(
            "Callers take their nodes one after the other from rounds that hold every node once, so any "
            "two nodes are kept equally often, or one of them once more."
        ),
        laws=("subsets_are_even",),
        lemmas=("every_hand_is_full", "subsets_are_even", "five_nodes_in_hands_of_two"),
        simulation=(
            "300 callers with 90 random ones of 300 nodes each: the least kept node has 74.8 % of the "
            "mean, the most kept 125.7 %, on average of 200 runs."
        ),
        sources=("B. Beyer et al., Site Reliability Engineering, chapter 20, 2016",),
    ),
)
