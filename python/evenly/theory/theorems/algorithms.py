"""Section 2 of the document: the four algorithms and what is claimed of each; and 6.3.1, which belongs to the first."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.laws.ground import cluster, give_back, lend, members
from evenly.theory.laws.hashing import owners
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


def no_node_beyond_the_last() -> Evidence:
    """Without wrapping around, keys above the greatest node hash have no node."""
    nodes, keys = (2, 7, 11), range(16)
    homeless = [key for key in keys if not [node for node in nodes if node >= key]]
    return Evidence(
        "hashes 0 … 15, nodes at 2, 7 and 11: how many keys have no node",
        claimed=0,
        found=len(homeless),
    )


def from_one_node_to_two() -> Evidence:
    """1/|N| of the keys would be all of them."""
    balancer = cluster(1, "consistent_hash")
    before = owners(balancer, 1000)
    balancer.add(members(2)[-1])
    moved = sum(a != b for a, b in zip(before, owners(balancer, 1000), strict=True))
    return Evidence(
        "one node becomes two, 1,000 keys: the share that moves; on average over rings it is 1/2",
        claimed=Fraction(1),
        found=Fraction(moved, 1000),
    )


def same_nodes_three_answers() -> Evidence:
    """A function of nodes and weights gives one answer; a rotation gives three."""
    balancer = cluster([5, 1, 1], "weighted_round_robin")
    answers = {lend(balancer) for _ in range(7)}
    return Evidence(
        "weights (5, 1, 1), the same arguments (N, W) seven times: how many different answers",
        claimed=1,
        found=len(answers),
    )


def after_one_request() -> Evidence:
    """A rotation has no probability; its frequency after one pick is 0 or 1."""
    balancer = cluster([5, 1, 1], "weighted_round_robin")
    counts = [0, 0, 0]
    counts[lend(balancer)] += 1
    return Evidence(
        "weights (5, 1, 1), one request: the frequencies of the three nodes",
        claimed=(Fraction(5, 7), Fraction(1, 7), Fraction(1, 7)),
        found=tuple(Fraction(count) for count in counts),
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
        laws=("round_robin_windows", "round_robin_steps_over_the_dead"),
        lemmas=("rr_exact",),
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
            "requests(n_r) = ⌊T/k⌋ + [r < T mod k], in every window of picks over fixed nodes. "
            "For load one needs sizes that do not depend on the turn; and the queues are stable "
            "if and only if lambda/k < mu_i for every i. D dispatchers that know nothing of "
            "each other differ from DT/k by less than D."
        ),
        laws=("round_robin_windows", "round_robin_dispatchers"),
        lemmas=("rr_exact",),
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
            "nothing when there is none."
        ),
        laws=("least_connections_ties",),
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
        lemmas=("lc_peak_optimal",),
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
        number="2.3.1",
        kind=Kind.DEFINITION,
        title="Consistent hashing",
        statement="A key goes to the node with the least hash that is not below the key's.",
        formula="consistent_hash(k, N) = argmin_{n ∈ N} hash(n) ≥ hash(k)",
        verdict=Verdict.CORRECTED,
        gist="undefined for keys above the last node: it does not wrap around",
        counterexample=no_node_beyond_the_last,
        corrected=(
            "argmin of the clockwise distance (h(n) - h(k)) mod 2^64 over virtual nodes, ties "
            "by the node's id, with a hash that is the same in every process."
        ),
        laws=("affinity",),
        lemmas=("pick_uniq",),
        sources=("D. Karger et al., Consistent hashing and random trees, STOC 1997",),
    ),
    Theorem(
        number="2.3.1",
        kind=Kind.THEOREM,
        title="Monotonicity of consistent hashing",
        statement="When N changes to N', only 1/|N| of the keys have to be mapped anew.",
        formula="moved / keys = 1 / |N|,  N' = N ∪ {n_new}",
        verdict=Verdict.CORRECTED,
        gist="monotone, and 1/(k+1) moves on average; 1/k is the wrong constant",
        counterexample=from_one_node_to_two,
        corrected=(
            "(1) After a join a key is where it was or on the new node. (2) After a departure "
            "only keys of the node that left have moved. (3) The new node's expected share is "
            "exactly 1/(k+1) on a join, 1/k on a departure; with v virtual nodes the moved "
            "share of a ring is Beta(v, k v)."
        ),
        laws=("joining_is_monotone", "leaving_is_minimal", "new_node_share"),
        lemmas=("join_monotone", "leave_minimal", "first_card_eq", "new_node_share"),
        simulation=(
            "100 nodes, 160 virtual nodes each: the fullest node has 1.211 times the mean, on "
            "average over rings."
        ),
        sources=("D. Karger et al., Consistent hashing and random trees, STOC 1997",),
    ),
    Theorem(
        number="2.4.1",
        kind=Kind.DEFINITION,
        title="Weighted round robin",
        statement="Weighted round robin chooses a node by the weights.",
        formula="weighted_round_robin: N × W → N,  W: N → ℝ⁺",
        verdict=Verdict.CORRECTED,
        gist="no state and no time: the same weights give the same node for ever",
        counterexample=same_nodes_three_answers,
        corrected=(
            "State is the vector of lags L_i. Each step adds p_i = w_i / W to every lag, lends "
            "the node with the greatest, and takes 1 from it (smooth weighted round robin)."
        ),
        laws=("smooth_period",),
        sources=("nginx, smooth weighted round robin, 2012",),
    ),
    Theorem(
        number="2.4.1",
        kind=Kind.THEOREM,
        title="Proportionality of weighted round robin",
        statement="The probability that a node is selected is its share of the weights.",
        formula="P(select(n_i)) = W(n_i) / ∑_{n ∈ N} W(n)",
        verdict=Verdict.CORRECTED,
        gist="a rotation has no probability; its lag is within -(1 - 1/k) and H_k - 1",
        counterexample=after_one_request,
        corrected=(
            "With L_i(t) = sum_{s<=t} p_i(s) - x_i(t), for smooth weighted round robin and any "
            "ties: -(1 - 1/k) <= L_i(t) <= H_k - 1, also when the weights are others at every "
            "step; for a set S, sum_S L_i <= |S| (H_k - H_|S|). For fixed weights every period "
            "of W/g picks is exact. While nodes D are out, a laid-out period passes over their "
            "turns: then node i, of share q among those left, lags by at most "
            "H_k - 1 + q |D| (H_k - H_|D|). Of `random` the statement is true as written, with "
            "variance T p (1 - p)."
        ),
        laws=(
            "smooth_bounds",
            "smooth_bounds_while_weights_change",
            "smooth_period",
            "smooth_with_nodes_out",
            "smooth_gap",
            "random_share",
        ),
        lemmas=("swrr_set", "swrr_lag", "swrr_lead", "reach_sum0"),
        sources=("R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32, 1980",),
    ),
)

VARIANCE = Theorem(
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
    lemmas=("rr_variance", "rr_variance_quarter"),
    simulation=(
        "The variance of counts stays below 1/4 for round robin, grows as T (k-1)/k² for "
        "random, and is bounded for two choices."
    ),
)
