"""Section 3 of the document: correctness, performance, stability."""

from __future__ import annotations

from fractions import Fraction

from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, lend
from evenly.theory.theorems import figures
from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


def accepted(capacities: list[int], requests: int, *, without: tuple[str, ...] = ()) -> int:
    """How many requests that all stay are lent."""
    balancer = cluster(len(capacities), "least_connections", capacities=capacities)
    for node in without:
        balancer.drain(node)
    held = []
    for _ in range(requests):
        try:
            held.append(balancer.pick())
        except NoNodeAvailable:
            break
    return len(held)


def two_requests_one_place() -> Evidence:
    """Either the second has no node, or the node is over its capacity."""
    return Evidence(
        "one node of capacity 1, two requests: how many get a node within its capacity",
        claimed=2,
        found=accepted([1], 2),
    )


def one_hot_key() -> Evidence:
    """A key goes to one node, however many are healthy."""
    balancer = cluster(3, "consistent_hash")
    reached = {lend(balancer, "hot") for _ in range(1000)}
    return Evidence(
        "three healthy nodes, consistent hashing, 1,000 requests with one key: how many nodes receive any",
        claimed=3,
        found=len(reached),
    )


def one_request_for_two() -> Evidence:
    """Of a single request one of two nodes has nothing, whoever chooses."""
    balancer = cluster(2, "least_connections")
    held = balancer.pick()
    loads = [node.in_flight for node in balancer.nodes]
    del held
    return Evidence(
        "one request, two nodes, the best split there is: min/max is at least 1 - 1/2",
        claimed=True,
        found=Fraction(min(loads), max(loads)) >= Fraction(1, 2),
    )


def ninety_nine_fast_ones() -> Evidence:
    """The mean over nodes counts a node that served one request as much as one that served 99."""
    times = {"a": [1] * 99, "b": [101]}
    over_nodes = sum(Fraction(sum(each), len(each)) for each in times.values()) / len(times)
    every = [time for each in times.values() for time in each]
    return Evidence(
        "99 requests of 1 ms on one node, 1 of 101 ms on the other: the mean response in ms",
        claimed=over_nodes,
        found=Fraction(sum(every), len(every)),
    )


def a_swap_for_ever() -> Evidence:
    """x' = x + a (y - x), y' = y + a (x - y) conserves the sum; with a = 1 it swaps."""
    state = (1, 0)
    seen = [state]
    for _ in range(6):
        x, y = state
        state = (x + (y - x), y + (x - y))
        assert sum(state) == 1, "the total is conserved"
        seen.append(state)
    return Evidence(
        "two nodes with loads (1, 0), each step moves the whole difference: does it come to rest",
        claimed=True,
        found=seen[-1] == seen[-2],
    )


def three_of_four_places() -> Evidence:
    """At 75 % of two nodes, one node alone is 50 % too small."""
    return Evidence(
        "two nodes of capacity 2, load 3, one fails: how much of the load the system carries on",
        claimed=3,
        found=accepted([2, 2], 3, without=("0",)),
    )


ENTRIES = (
    Theorem(
        number="3.1.1",
        kind=Kind.THEOREM,
        title="Correctness",
        statement=(
            "The system assigns every request correctly: to a valid node, and no node is "
            "overloaded."
        ),
        verdict=Verdict.REFUTED,
        gist="vacuous by typing, and its overload clause rests on a contradiction",
        counterexample=two_requests_one_place,
        corrected=(
            "Safety invariants: the lent node is in the snapshot, may serve, is not draining "
            "and had room, x_i <= C_i; a loan is given back exactly once; the ledger balances "
            "after every event. A request is refused if and only if no node has room."
        ),
        laws=("ledger", "capacity", "admission", "given_back_once"),
        lemmas=(
            "ledger_balances",
            "capacity_holds",
            "refused_only_when_full",
            "given_back_once",
            "admission",
            "admission_exact",
            "three_ask_for_two_places",
        ),
    ),
    Theorem(
        number="3.1.2",
        kind=Kind.THEOREM,
        title="Completeness",
        statement="Every healthy node receives requests.",
        verdict=Verdict.REFUTED,
        gist="false of a hot key, of argmin with ties by list order, of two choices",
        counterexample=one_hot_key,
        corrected=(
            "Bounds of the gap between two picks of a node, per strategy, while the nodes that "
            "may be lent stand: round robin, k picks; smooth weighted round robin, (W/w_i)(H_k "
            "- 1/k) + 1; least connections, chance 1/m while it is one of m idle nodes. Two "
            "choices never lend the one busiest node: rightly."
        ),
        laws=(
            "round_robin_steps_over_the_dead",
            "smooth_gap",
            "smooth_gap_while_weights_change",
            "least_connections_ties",
            "the_busiest_is_never_lent",
        ),
        lemmas=(
            "rr_each_living_once",
            "swrr_gap",
            "swrr_first_pick",
            "nobody_starves",
            "ties_fall_evenly",
        ),
        simulation=(
            "With ties by list order, requests one after the other give counts of 1,000 and 0; "
            "by chance, 500 and 500."
        ),
    ),
    Theorem(
        number="3.2.1",
        kind=Kind.THEOREM,
        title="Efficiency",
        statement="The best strategy has efficiency at least 1 - 1/|N|.",
        formula="efficiency(LB*) = min load / max load ≥ 1 - 1/|N|",
        verdict=Verdict.CORRECTED,
        gist="if and only if k divides T or T > k (k - 1)",
        counterexample=one_request_for_two,
        corrected=(
            "The best split of T whole requests has ⌊T/k⌋ / ⌈T/k⌉ >= 1 - 1/k if and only if k "
            "divides T or T > k (k - 1). With sizes, least loaded first: the ratio is at least "
            "1 - k s_max / total."
        ),
        laws=("efficiency", "sizes_differ_by_the_largest"),
        lemmas=("efficiency_iff", "no_split_is_more_even", "list_efficiency"),
        simulation=(
            "The ratio of the best split against T crosses 1 - 1/k for good at T = k (k - 1)."
        ),
    ),
    Theorem(
        number="3.2.2",
        kind=Kind.THEOREM,
        title="Mean response time",
        statement="The mean response time is the mean over the nodes.",
        formula="avg_response_time = (1/|N|) ∑_{n ∈ N} response_time(n)",
        verdict=Verdict.CORRECTED,
        gist="weigh by traffic; the gap is k Cov(p, W)",
        counterexample=ninety_nine_fast_ones,
        corrected=(
            "T = sum p_n W_n = sum L_n / lambda. It differs from the mean over the nodes by k "
            "Cov(p, W): equal if and only if shares and times are uncorrelated. On a run that "
            "begins and ends empty, the integral of N(t) is the sum of the sojourn times, "
            "exactly."
        ),
        laws=("response_gap", "little", "little_means", "little_of_a_log"),
        lemmas=(
            "mean_is_weighed_by_traffic",
            "response_gap",
            "means_agree_iff_uncorrelated",
            "ninety_nine_fast_ones",
            "little",
            "little_at_every_moment",
            "little_means",
            "little_by_node",
            "little_of_a_log",
            "three_requests",
        ),
        simulation=(
            "M/M/1 nodes with mu = (1, 2, 4), lambda = 5: the best split (.547, 1.359, 3.094) "
            "has T = 1.3485; proportional, 1.5; equal is unstable."
        ),
        sources=("J. D. C. Little, A proof for the queuing formula L = lambda W, 1961",),
        figures=(
            figures.OPTIMAL,
            figures.PROPORTIONAL,
        ),
    ),
    Theorem(
        number="3.3.1",
        kind=Kind.THEOREM,
        title="Stability",
        statement=(
            "Under changing load the system stays stable, because the total load is conserved."
        ),
        formula="∑_{n ∈ N} load(n) = total_load",
        verdict=Verdict.REFUTED,
        gist="conservation says nothing of stability: (1, 0) ↔ (0, 1)",
        counterexample=a_swap_for_ever,
        corrected=(
            "Necessary: lambda < M = sum mu_i. A fixed split is stable if and only if lambda "
            "p_i < mu_i for all i. Joining the shortest queue, lambda min x - sum mu x <= -(1 - "
            "rho) sum mu x in every state, so sum x² drifts by at most lambda + M - 2 (1 - rho) sum mu x, "
            "hence (Foster, Lyapunov) E sum mu x <= (lambda + M) / (2 (1 - rho)): proved for the mean over any "
            "number of events from an empty start. Moving a share a of the difference between two nodes settles "
            "if and only if 0 < a < 1; in a network, if 0 < a < 2 / l, its greatest eigenvalue, which is at most "
            "twice the weight of the links of one node."
        ),
        laws=(
            "shortest_queue_drift",
            "shortest_queues_stay_short",
            "moving_a_share_settles",
            "moving_along_links_settles",
        ),
        lemmas=(
            "jsq_drift",
            "jsq_square_drift",
            "jsq_stays_short",
            "jsq_recovers",
            "gap_after",
            "moving_a_share_settles",
            "a_swap_for_ever",
            "spreading_conserves",
            "squares_after_a_step",
            "moving_along_links_settles",
            "all_tension_together",
            "no_tension_is_rest",
            "links_bound_the_network",
        ),
        simulation=(
            "mu = (10, .1, .1), lambda = 5: with two uniform choices both slow nodes grow by "
            ".733/s for ever."
        ),
        sources=(
            "F. G. Foster, On the stochastic matrices associated with certain queuing processes, 1953",
        ),
        figures=(figures.UNSTABLE,),
    ),
    Theorem(
        number="3.3.2",
        kind=Kind.THEOREM,
        title="Recovery from failure",
        statement=(
            "When a node fails the system recovers by itself: the remaining nodes take its load."
        ),
        verdict=Verdict.CORRECTED,
        gist="only while the rest is large enough: total <= sum C less the failed",
        counterexample=three_of_four_places,
        corrected=(
            "The nodes of F may fail if and only if total <= sum C - sum_F C; any f nodes, if "
            "and only if total <= sum C - (the f largest); of equal nodes, utilisation <= 1 - "
            "f/k. Until a failure is found out it costs its node's share, by active checks for "
            "every + (fall - 1) fast + fall timeouts at most, by its own failures for 5 requests."
        ),
        laws=(
            "survives",
            "any_so_many_may_fail",
            "checks_find_out_the_dead",
            "failures_are_found_out",
            "panic_never_returns_nothing",
            "panic_takes_the_least_sick",
            "retry_budget",
        ),
        lemmas=(
            "survives",
            "survives_any",
            "survives_any_of_equal",
            "three_of_four_places_do_not_survive",
            "retry_budget",
            "panic_never_returns_nothing",
            "panic_takes_the_least_sick",
            "order_of_panic",
        ),
        simulation=(
            "Kill a node of a cluster at utilisation 1 - 1/k or less: after detection nothing "
            "is refused."
        ),
    ),
)
