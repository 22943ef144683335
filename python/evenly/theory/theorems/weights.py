"""Turns by weight: section 2.4 of the document, and what Evenly adds on the best that can be had."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.laws.ground import cluster, lend
from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


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


ENTRIES = (
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
        laws=("smooth_period", "equal_weights_take_turns"),
        lemmas=(
            "five_one_one",
            "equal_weights_in_turn",
            "all_even_after_a_period",
            "period_is_exact",
            "turns_go_round",
        ),
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
            "of W/g picks is exact, and in whole numbers the lags are these times W: with weights "
            "to 65,535 and 4,194,304 nodes they stay within 64 bits. Each change of the sum of "
            "weights costs the engine 2/2^20 of a request by rounding. While nodes D are out, a "
            "laid-out period passes over their turns: then node i, of share q among those left, "
            "lags by at most H_k - 1 + q |D| (H_k - H_|D|). Of `random` the statement is true as "
            "written, with variance T p (1 - p)."
        ),
        laws=(
            "smooth_bounds",
            "smooth_bounds_with_the_greatest_weights",
            "smooth_bounds_while_weights_change",
            "smooth_period",
            "smooth_with_nodes_out",
            "smooth_gap",
            "smooth_gap_while_weights_change",
            "random_share",
        ),
        lemmas=(
            "swrr_set",
            "swrr_lag",
            "swrr_lead",
            "reach_sum0",
            "whole_lags_are_exact",
            "whole_lags_in_bounds",
            "picks_follow_shares",
            "period_is_exact",
            "swrr_gap",
            "nothing_overflows",
            "nothing_overflows_while_weights_change",
            "bounds_with_nodes_out",
            "periods_stay_exact_with_nodes_out",
            "changing_weights",
            "changing_weights_set",
            "one_three_one",
            "alias_is_exact",
            "alias_of_five_one_one",
            "random_is_right_on_average",
            "random_scatters",
        ),
        sources=("R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32, 1980",),
    ),
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
            "Spread all weight equally over the nodes in favour: all at first, and after each "
            "pick one less, not the one that was picked. After k - 1 requests the last in "
            "favour, who was never picked, lags by exactly 1/k + … + 1/2. With whole weights "
            "from 1 to M it is M / (M u + k - u), added up for u from 2 to k. Theorem 2.4.1 keeps "
            "every node within H_k - 1, so no strategy has a better bound."
        ),
        laws=("adversary_forces_the_harmonic_lag", "smooth_bounds_while_weights_change"),
        lemmas=(
            "adversary_forces_harmonic_lag",
            "adversary_with_whole_weights",
            "smooth_lag_is_attained",
            "swrr_lag",
        ),
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
            "by 1 - 1/(2k - 2); there always is one. With weights N, …, N, 1, of sum W, any order "
            "whatever gets some node 1 - 1/(2k - 2) - 1/W off, so that no rule has a better "
            "bound. When weights change nobody knows the deadlines to come; then "
            "`deadline` keeps the sets within the bounds of theorem 2.4.1, and .31 more for each "
            "node if the weights stood before. No rule keeps both bounds at once: with weights 1, "
            "27, 243 and 243 they exclude each other."
        ),
        laws=(
            "deadline_quota",
            "nothing_beats_the_deadline_bound",
            "deadline_while_weights_change",
            "no_rule_keeps_both_bounds",
        ),
        lemmas=(
            "tijdemans_bound",
            "deadline_quota",
            "somebody_is_always_due",
            "seven_turns_by_deadline",
            "nothing_beats_tijdemans_bound",
            "no_order_keeps_both_bounds",
        ),
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
            "The lag is below 1 and the lead below k - 1, and the lead does grow with k: weight m "
            "beside m nodes of weight 1 has the first m - 1 picks whoever wins the ties, and is "
            "(m - 1) / 2 ahead then. A node may be lent only when it is due: with that condition "
            "the rule is theorem E.2."
        ),
        laws=("plain_deadline_bursts", "deadline_quota"),
        lemmas=(
            "plain_deadline_lag",
            "plain_deadline_lead",
            "plain_deadline_burst",
            "scan_is_plain_deadline",
            "a_hundred_in_a_row",
        ),
        simulation=(
            "One node of weight 100 beside a hundred of weight 1: its first 100 requests come in one "
            "burst, and its p99 with them."
        ),
    ),
)
