"""Section 1 of the document: the definitions and axioms that everything else stands on."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, lend
from evenly.theory.theorems import figures
from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


def same_question_two_answers() -> Evidence:
    """A function of node and strategy alone cannot take turns."""
    balancer = cluster(2, "round_robin")
    answers = {lend(balancer), lend(balancer)}
    return Evidence(
        "two nodes, round robin, the same arguments (n, s) twice: how many different answers",
        claimed=1,
        found=len(answers),
    )


def nothing_to_move() -> Evidence:
    """An idle node has nothing to give away, and R > 0 makes it give."""
    loads = [node.in_flight for node in cluster(2, "random").nodes]
    most = loads[0]
    return Evidence(
        f"two idle nodes, a has {most} to give: is there an R(a, b) > 0",
        claimed=True,
        found=any(moved <= most for moved in range(1, 100)),
    )


def one_moment_two_loads() -> Evidence:
    """A loan that begins and ends at one instant gives that instant three states."""
    balancer = cluster(1, "random")
    loads = [balancer.nodes[0].in_flight]
    with balancer.pick():
        loads.append(balancer.nodes[0].in_flight)
    loads.append(balancer.nodes[0].in_flight)
    return Evidence(
        "one request that comes and goes at time 0: how many loads the node has at time 0, and are all > 0",
        claimed=(1, True),
        found=(len(set(loads)), min(loads) > 0),
    )


def fair_yet_out_of_balance() -> Evidence:
    """A node nine times as large with nine times the load is fair by 1.4.2, and 1/9 in balance."""
    capacities, loads = (1, 9), (1, 9)
    used = {Fraction(load, size) for load, size in zip(loads, capacities, strict=True)}
    assert len(used) == 1, "fair by definition 1.4.2"
    return Evidence(
        "capacities (1, 9), loads (1, 9): fair by definition 1.4.2, so the ratio should be",
        claimed=Fraction(1),
        found=Fraction(min(loads), max(loads)),
    )


def a_refused_request() -> Evidence:
    """What is offered and what is carried differ by what is refused."""
    balancer = cluster(1, "random", capacities=[1])
    held, refused = [], 0
    for _ in range(2):
        try:
            held.append(balancer.pick())
        except NoNodeAvailable:
            refused += 1
    return Evidence(
        "one node of capacity 1, two requests offered: the sum of loads",
        claimed=len(held) + refused,
        found=sum(node.in_flight for node in balancer.nodes),
    )


def no_load_satisfies_both() -> Evidence:
    """Together the axioms have no model once the total exceeds the capacities: then everything follows."""
    capacity, total = 1, 2
    models = [load for load in range(10) if load == total and load <= capacity]
    return Evidence(
        "one node, C = 1, total load 2: can conservation and the constraint hold together",
        claimed=True,
        found=bool(models),
    )


def nobody_to_return() -> Evidence:
    """With no node there is none to answer with."""
    try:
        cluster([], "random").pick()
    except NoNodeAvailable:
        return Evidence("no node: the answer is a node", claimed=True, found=False)
    return Evidence("no node: the answer is a node", claimed=True, found=True)


def one_request_two_nodes() -> Evidence:
    """One whole request cannot be halved."""
    fair = [
        loads for loads in product(range(2), repeat=2) if sum(loads) == 1 and len(set(loads)) == 1
    ]
    return Evidence(
        "one request, two equal nodes: is any of the 2 allocations fair",
        claimed=True,
        found=bool(fair),
    )


ENTRIES = (
    Theorem(
        number="1.1.1",
        kind=Kind.DEFINITION,
        title="Load-balancing system",
        statement=(
            "A load-balancing system is a five-tuple of a set of nodes N, a set of strategies "
            "S, a set of metrics M, an allocation function A and a capacity function C."
        ),
        formula="LB = (N, S, M, A, C),  A: N × S → N,  C: N → ℝ⁺",
        verdict=Verdict.CORRECTED,
        gist="A sees neither request nor state, so round robin is no instance of it",
        counterexample=same_question_two_answers,
        corrected=(
            "A: Request × State × Membership → (Node or nothing) × State, a machine with an "
            "answer for every request; nothing means refused. Chance is part of the state, so a "
            "trace with its seed replays exactly."
        ),
        laws=("ledger", "capacity"),
        sources=("G. H. Mealy, A method for synthesizing sequential circuits, 1955",),
    ),
    Theorem(
        number="1.2.1",
        kind=Kind.DEFINITION,
        title="Load-balancing algebra",
        statement=(
            "A load-balancing algebra is a six-tuple of nodes, strategies, metrics, the "
            "operations O, an initial load I and a redistribution R."
        ),
        formula="LBA = (N, S, M, O, I, R),  O = {+, ×, min, max},  I: N → ℝ⁺,  R: N × N → ℝ⁺",
        verdict=Verdict.CORRECTED,
        gist="R > 0 forbids to move nothing; no laws are stated, so nothing follows",
        counterexample=nothing_to_move,
        corrected=(
            "I and R are >= 0. O pairs up: (+, ×) and (max, ×) are commutative semirings on ℝ≥0, (max, +) "
            "is one with -∞, (min, +) with ∞. load'_i = load_i - sum_j R(i,j) + sum_j R(j,i) with "
            "sum_j R(i,j) <= load_i keeps the sum of loads."
        ),
        laws=("operations_are_semirings", "redistribution_conserves"),
        lemmas=(
            "redistribution_conserves",
            "redistribution_stays_positive",
            "plus_times",
            "max_times",
            "max_plus",
            "min_plus",
            "max_plus_needs_infinity",
        ),
    ),
    Theorem(
        number="1.3.1",
        kind=Kind.DEFINITION,
        title="Load distribution",
        statement="The load distribution is a function of node and time.",
        formula="load_dist: N × T → ℝ⁺",
        verdict=Verdict.CORRECTED,
        gist="T is not declared, and an idle node has load 0",
        counterexample=one_moment_two_loads,
        corrected=(
            "load_dist: N × Event index → ℝ≥0, a step function that changes at events only. "
            "Several events may share one moment."
        ),
        laws=("little",),
    ),
    Theorem(
        number="1.3.1",
        kind=Kind.AXIOM,
        title="Conservation of load",
        statement="The loads of the nodes add up to the total load.",
        formula="∑_{n ∈ N} load(n) = total_load",
        verdict=Verdict.CORRECTED,
        gist="true as bookkeeping of what was accepted, not of what was offered",
        counterexample=a_refused_request,
        corrected=(
            "A ledger identity, per node and in total, after every event: accepted = completed "
            "+ failed + in flight. Refused requests are counted apart."
        ),
        laws=("ledger", "given_back_once"),
        lemmas=(
            "ledger_balances",
            "ledger_balances_in_total",
            "given_back_once",
            "three_ask_for_two_places",
        ),
    ),
    Theorem(
        number="1.3.2",
        kind=Kind.DEFINITION,
        title="Balance ratio",
        statement="The degree of balance is the least load over the greatest.",
        formula="balance_ratio(LB) = min_{n ∈ N} load(n) / max_{n ∈ N} load(n)",
        verdict=Verdict.CORRECTED,
        gist="0/0 when idle, and it contradicts definition 1.4.2 when capacities differ",
        counterexample=fair_yet_out_of_balance,
        corrected=(
            "With u_i = load_i / C_i: min u / max u, and 1 when all are idle. Peak-to-mean (max u "
            "over sum load / sum C) and Jain's index say more. The engine takes the weight "
            "for C."
        ),
        laws=("least_connections_arrivals",),
        sources=(
            "R. Jain, D.-M. Chiu, W. Hawe, A quantitative measure of fairness, DEC-TR-301, 1984",
        ),
    ),
    Theorem(
        number="1.3.2",
        kind=Kind.AXIOM,
        title="Capacity constraint",
        statement="No node carries more than its capacity.",
        formula="∀ n ∈ N: load(n) ≤ C(n)",
        verdict=Verdict.CORRECTED,
        gist="no axiom but a thing to enforce; with axiom 1.3.1 it is a contradiction",
        counterexample=no_load_satisfies_both,
        corrected=(
            "x_i <= C_i holds because admission refuses. Some node can take a job of s units "
            "whenever total + k s < sum C + k; for s = 1 this reads total < sum C and is exact."
        ),
        laws=("capacity", "admission"),
        lemmas=(
            "axioms_inconsistent",
            "capacity_holds",
            "admission",
            "admission_exact",
            "admission_is_tight",
        ),
        simulation=(
            "Offered 150 % of capacity, the cluster completes what its capacities allow and "
            "refuses the rest."
        ),
        figures=(figures.OVERLOAD,),
    ),
    Theorem(
        number="1.4.1",
        kind=Kind.DEFINITION,
        title="Strategy selection",
        statement="A selection takes a strategy, a metric and a node, and gives a node.",
        formula="select_strategy: S × M × N → N",
        verdict=Verdict.CORRECTED,
        gist="it takes one node where it needs a set, and has no answer when all are down",
        counterexample=nobody_to_return,
        corrected=(
            "select: S × M × (finite set of nodes) → node or nothing; nothing exactly when no "
            "node may be lent."
        ),
        laws=("capacity", "panic_never_returns_nothing"),
        lemmas=("refused_only_when_full", "panic_never_returns_nothing", "lent_may_be_lent"),
    ),
    Theorem(
        number="1.4.2",
        kind=Kind.DEFINITION,
        title="Fairness of a strategy",
        statement="A strategy is fair if and only if all nodes carry the same load per capacity.",
        formula="∀ n₁, n₂ ∈ N: load(n₁) / C(n₁) = load(n₂) / C(n₂)",
        verdict=Verdict.CORRECTED,
        gist="unattainable: requests are whole",
        counterexample=one_request_two_nodes,
        corrected=(
            "Fair within c: |x_i(T) - T p_i| <= c at every T, p_i = C_i / sum C. c < 1 can be "
            "had for fixed weights (theorem E.2), H_k - 1 for changing ones (theorem 2.4.1), "
            "and then no less (theorem E.1)."
        ),
        laws=("smooth_bounds", "smooth_bounds_while_weights_change"),
        lemmas=("swrr_lag", "swrr_lead"),
    ),
)
