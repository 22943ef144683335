"""Hashing: section 2.3 of the document, and what Evenly adds on bounds, exact shares and Maglev."""

from __future__ import annotations

from fractions import Fraction

from evenly.theory.laws.ground import cluster, members
from evenly.theory.laws.hashing import owners
from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


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


ENTRIES = (
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
            "by the node's id, with a hash that is the same in every process. A node that is out is stepped "
            "over in the order of that distance, and whatever way led to a membership, its ring is the same."
        ),
        laws=(
            "affinity",
            "every_key_has_a_node",
            "next_point_clockwise",
            "next_point_steps_over_the_unfit",
            "merged_ring_is_built_anew",
        ),
        lemmas=(
            "pick_uniq",
            "pick_exists",
            "ring_finds_the_next_clockwise",
            "ring_walk_is_by_distance",
            "ring_steps_over_the_unfit",
            "halving_finds_the_same",
            "past_the_last_point_is_the_first",
            "merged_ring_is_built_anew",
            "a_tie_of_old_and_new_is_settled_by_rank",
        ),
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
        laws=(
            "joining_is_monotone",
            "leaving_is_minimal",
            "reweighing_is_monotone",
            "new_node_share",
        ),
        lemmas=(
            "join_monotone",
            "leave_minimal",
            "more_points_take_to_themselves",
            "fewer_points_give_their_own",
            "first_card_eq",
            "new_node_share",
            "moved_share",
        ),
        simulation=(
            "100 nodes, 160 virtual nodes each: the fullest node has 1.211 times the mean, on "
            "average over rings."
        ),
        sources=("D. Karger et al., Consistent hashing and random trees, STOC 1997",),
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
            "The limits add up to c (m + 1) > m at least, so a node with room exists for every c >= 1; with "
            "nodes out, it does among those that are fit, under limits of their own. A key stays on its own "
            "node while that is below its limit, and goes to the first of its order that is. While all "
            "stand, no node ever holds more than ⌈c M w_i / W⌉, M being the most that were ever in flight."
        ),
        laws=(
            "bounded_load_holds",
            "there_is_always_room",
            "bounded_load_with_nodes_out",
            "bounded_keys_keep_their_order",
            "bounded_load_peak",
            "bounded_load_at_its_limits",
        ),
        lemmas=(
            "room_is_below_the_limit",
            "limits_exceed_loans",
            "somebody_has_room",
            "bounded_load_holds",
            "bounded_load_with_nodes_out",
            "bounded_keys_keep_their_order",
            "bounded_load_peak",
            "bounded_load_fits_64_bits",
            "one_hot_key",
        ),
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
            "i-th with probability w_i / W. With whole weights it can be counted: of all rankings of W "
            "tickets exactly w_i / W begin with one of node i's, as on a ring with so many points for "
            "each unit of weight, on average over rings. A node that grows heavier takes keys only to "
            "itself, one that grows lighter gives up only its own."
        ),
        laws=(
            "rendezvous_shares",
            "tickets_share",
            "reweighing_is_monotone",
            "joining_is_monotone",
            "leaving_is_minimal",
        ),
        lemmas=(
            "join_monotone",
            "leave_minimal",
            "heavier_takes_to_itself",
            "lighter_gives_only_its_own",
            "ticket_share",
            "four_tickets",
        ),
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
            "Every node has its share M w / W of the M slots, rounded down or up; of k equal nodes each has "
            "⌊M/k⌋ or ⌈M/k⌉, so peak to mean is ⌈M/k⌉ k/M, less than 1 + k/M. As M is prime, every turn finds a "
            "free slot. Where no key of a living node may move, hash by ring, rendezvous or anchor."
        ),
        laws=(
            "maglev_is_even",
            "maglev_shares",
            "maglev_fills_by_turns",
            "maglev_moves_others",
            "leaving_is_minimal",
        ),
        lemmas=(
            "every_turn_finds_a_free_entry",
            "fill_ends_full",
            "quotas_are_shares",
            "maglev_shares",
            "maglev_even",
            "maglev_peak",
            "maglev_has_room",
            "a_heavy_node_among_light_ones",
            "maglev_is_not_monotone",
        ),
        simulation=(
            "10 nodes, M = 65,537: when one leaves, .246 % of the slots of the others move, on average; "
            "at M = 1,009 it is 2.40 %."
        ),
        sources=("D. Eisenbud et al., Maglev, NSDI 2016",),
    ),
    Theorem(
        number="E.13",
        kind=Kind.THEOREM,
        title="Jump consistent hashing",
        statement=(
            "With buckets numbered 0 … n - 1 a key jumps forward until it leaves them; one bucket more takes 1/(n+1) "
            "of the keys, and moves no others."
        ),
        formula="next(b) = ⌊(b + 1) / r⌋, r uniform in (0, 1];  P(bucket = c) = 1/n",
        verdict=Verdict.HOLDS,
        gist="minimal moves at the end of the list, exact shares, no memory",
        corrected=(
            "A node has as many buckets as its weight. When one is added at the end a key stays or goes to it, "
            "rounding included; when the last leaves only its keys move. With equally likely draws a node has w/W of "
            "the keys, within W²/2^31 of it for draws of 31 bits, and one that is added moves as many. Any other "
            "that leaves shifts the keys of all behind it."
        ),
        laws=("jump_shares", "jump_leaps", "joining_is_monotone", "leaving_is_minimal"),
        lemmas=(
            "jumping_is_monotone",
            "float_leap_near",
            "jump_adds_at_the_end",
            "jump_shares",
            "jump_shares_nearly",
            "jump_moves",
            "three_buckets_share_alike",
        ),
        sources=("J. Lamping, E. Veach, A fast, minimal memory, consistent hash algorithm, 2014",),
    ),
)
