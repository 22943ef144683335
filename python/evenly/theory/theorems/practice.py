"""Sections 5, 6 and 7 of the document: scenarios, complexity and variants, turned into statements that can fail."""

from __future__ import annotations

from math import ceil, log2

from evenly.theory.theorems.entry import Evidence, Kind, Theorem, Verdict


def steps_of_a_search() -> Evidence:
    """A ring is searched among its points, which are n v and not n."""
    nodes, virtual = 10, 160
    return Evidence(
        "10 nodes, 160 virtual nodes each: comparisons of a binary search on the ring",
        claimed=ceil(log2(nodes)),
        found=ceil(log2(nodes * virtual)),
    )


ENTRIES = (
    Theorem(
        number="5.1",
        kind=Kind.SCENARIO,
        title="Web servers",
        statement=(
            "Requests over servers by round robin or least connections, health checks, and "
            "sessions that stay."
        ),
        verdict=Verdict.HOLDS,
        gist="a session moves only while its node is away or full",
        corrected=(
            "Affinity is the minimality of departures: a session moves only when its node "
            "leaves, is taken out or is full; and then only to the next in its own order."
        ),
        laws=(
            "affinity",
            "affinity_survives",
            "out_is_as_if_gone",
            "leaving_is_minimal",
            "capacity",
        ),
        lemmas=(
            "leave_minimal",
            "away_moves_only_its_own",
            "out_is_absent",
            "walk_is_pick",
            "walk_finds",
            "walk_around_a_ring",
        ),
    ),
    Theorem(
        number="5.2",
        kind=Kind.SCENARIO,
        title="Microservices",
        statement=(
            "A gateway over instances of a service, with discovery, circuit breakers and retries."
        ),
        verdict=Verdict.HOLDS,
        gist="tries <= (1 + share) requests + what time earns + a start",
        corrected=(
            "A breaker lends at most one probe when half open, and an ejected node comes back only "
            "when its probe has passed; all retries together stay within one budget, so depth h of "
            "services multiplies a failure by at most (1 + share)^h and not by 3^h (27 at depth 3). "
            "However long no request comes, at most max(10, 20 per second earned) retries are saved."
        ),
        laws=(
            "retry_budget",
            "retry_budget_is_met",
            "retries_through_layers",
            "quiet_saves_little",
            "half_open_lends_one_probe",
            "ejected_comes_back_by_a_probe",
            "failures_are_found_out",
        ),
        lemmas=(
            "retry_budget",
            "retry_budget_is_met",
            "retries_through_layers",
            "quiet_saves_little",
            "one_probe_at_a_time",
            "half_open_lends_one_probe",
            "ejected_comes_back_by_a_probe",
            "out_and_back",
        ),
    ),
    Theorem(
        number="5.3",
        kind=Kind.SCENARIO,
        title="Database connection pool",
        statement="Connections over database nodes, writes apart from reads, limits and failover.",
        verdict=Verdict.HOLDS,
        gist="at most C_i loans of node i, each given back once; writes to one node",
        corrected=(
            "A loan is given back exactly once, never more than C_i are out, and all writes go "
            "to the one node that is not drained. Roles of nodes and a failover of their own "
            "are planned."
        ),
        laws=("capacity", "given_back_once", "primary_takes_all_writes"),
        lemmas=("admission",),
    ),
    Theorem(
        number="5.4",
        kind=Kind.SCENARIO,
        title="Cache",
        statement="Requests to cache nodes by consistent hashing, data in shards.",
        verdict=Verdict.HOLDS,
        gist="a new node costs 1/(k+1) of the entries, on average",
        corrected=(
            "The hits lost on a join are the keys that move: 1/(k+1) of them on average. Of "
            "requests it is as much, with a variance that the hottest key sets."
        ),
        laws=("new_node_share", "joining_is_monotone"),
        lemmas=("new_node_share", "moved_share", "join_monotone"),
    ),
    Theorem(
        number="6.1",
        kind=Kind.CLAIM,
        title="Time per pick",
        statement=(
            "Round robin takes O(1), least connections O(n), consistent hashing O(log n), "
            "weighted round robin O(n)."
        ),
        formula="O(1), O(n), O(log n), O(n)",
        verdict=Verdict.CORRECTED,
        gist="a search of the ring is O(log nv), and all but round robin can do better",
        counterexample=steps_of_a_search,
        corrected=(
            "A binary search of the ring is O(log(n v)); the document's code sorts it anew for "
            "each pick, O(n v log(n v)). The engine finds a key's place in O(1) on average by an "
            "index of leading bits; least connections is a scan up to 32 nodes and a tournament "
            "tree above, O(log n); weighted round robin is a table, O(1), when its period is "
            "short, and O(n) else."
        ),
        simulation="Measured: docs/complexity.md.",
    ),
    Theorem(
        number="6.2",
        kind=Kind.CLAIM,
        title="Space",
        statement=(
            "A balancer takes O(n), a ring O(n v), an adaptive balancer O(n m) for m metrics."
        ),
        formula="O(n), O(n · v), O(n · m)",
        verdict=Verdict.HOLDS,
        gist="as claimed; a laid-out weighted period adds W/g, a Maglev table M",
        corrected=(
            "A node's state is a constant, so O(n); a ring has n v points; a laid-out period "
            "has W/g entries, at most 4,096."
        ),
        simulation="Measured: docs/complexity.md.",
    ),
    Theorem(
        number="7.1",
        kind=Kind.VARIANT,
        title="Layers",
        statement="Balancers in layers, each with a strategy of its own.",
        verdict=Verdict.HOLDS,
        gist="lags add up: q (H_G - 1) + H_k - 1",
        corrected=(
            "Smooth weighted round robin over G groups and over the k nodes of a group with "
            "local share q: a node lags by at most q (H_G - 1) + (H_k - 1) and leads by at most "
            "q (1 - 1/G) + (1 - 1/k). Hashing groups, then members, is monotone level by level. "
            "Layers as a setting of a cluster are planned."
        ),
        laws=("layers_add_up", "joining_is_monotone"),
        lemmas=("layered_lag", "layered_lead", "swrr_lag", "swrr_lead", "join_monotone"),
    ),
    Theorem(
        number="7.2",
        kind=Kind.VARIANT,
        title="Learning",
        statement="Strategies that adapt, predict, and change weights as they learn.",
        verdict=Verdict.HOLDS,
        gist="whatever a learner does to the weights, the schedule keeps its bound",
        corrected=(
            "The bounds of smooth weighted round robin hold for any sequence of weights, so the "
            "schedule of any learner is safe. Latency is not: that needs weights that are "
            "clipped and a fallback. Learners are planned."
        ),
        laws=("smooth_bounds_while_weights_change",),
        lemmas=("swrr_lag", "changing_weights"),
    ),
    Theorem(
        number="7.3",
        kind=Kind.VARIANT,
        title="Geography",
        statement="Strategies that go by where requests and nodes are.",
        verdict=Verdict.HOLDS,
        gist="prices per node prove that a plan is cheapest",
        corrected=(
            "Minimise sum f_zj c_zj with all supplies sent and no capacity exceeded. A plan is "
            "optimal if there are prices >= 0 such that every zone sends only to nodes of least "
            "cost + price, and a node with room has price 0. Any prices tell how much the cheapest plan "
            "costs at least. Planned."
        ),
        laws=("prices_prove_a_plan", "prices_bound_every_plan"),
        lemmas=("prices_prove_a_plan", "prices_bound_every_plan", "a_full_node_has_its_price"),
        sources=(
            "L. V. Kantorovich, Mathematical methods of organizing and planning production, 1939",
        ),
    ),
    Theorem(
        number="E.14",
        kind=Kind.THEOREM,
        title="Checks with hysteresis",
        statement=(
            "A node is taken out after `fall` failed checks in a row and brought back after "
            "`rise` good ones, so it cannot flap."
        ),
        verdict=Verdict.HOLDS,
        gist="fall d + rise u <= n + rise - 1 for d downs and u ups in n checks",
        corrected=(
            "A node goes down exactly when its last `fall` checks failed, and comes back exactly "
            "when its last `rise` passed; of a new node the first success is believed. From one "
            "change to the next it takes at least min(rise, fall) checks, and d downs and u ups "
            "within n checks have fall d + rise u <= n + rise - 1, which is met. How a node stands "
            "is derived from check, breaker and the administrator's word, which holds over both."
        ),
        laws=(
            "checks_have_hysteresis",
            "changes_cost_their_runs",
            "checks_find_out_the_dead",
            "administrators_word_holds",
        ),
        lemmas=(
            "down_after_fall_failures",
            "up_after_rise_successes",
            "first_success_counts",
            "three_down_two_up",
            "changes_cost_their_runs",
            "changes_lie_apart",
            "fastest_flapping",
            "administrators_word_holds",
            "serving_is_three_facts",
        ),
    ),
    Theorem(
        number="E.15",
        kind=Kind.THEOREM,
        title="Hot or cold",
        statement=(
            "Of what it has seen in the last second Prequal lends the cold node that answers "
            "fastest, and a hot one only when all are hot."
        ),
        verdict=Verdict.HOLDS,
        gist="hot only without a cold; pool <= 16; a sight is good for n/(n - 24) uses",
        corrected=(
            "With what is known and may be lent: who fails is lent only when all fail; a hot node "
            "only when no cold one that is well is known; of the cold the one with the least "
            "latency, of the hot the one with the least load. At most 16 nodes are known, each "
            "once, none for a second or longer. Among n > 24 nodes a sight may be used b = n / "
            "(n - 24) > 1 times, rounded at random; with up to 24 age alone ends it."
        ),
        laws=("prequal_keeps_16", "prequal_forgets", "prequal_prefers_the_cold", "prequal_reuse"),
        lemmas=(
            "prequal_keeps_16",
            "prequal_forgets",
            "hot_only_without_a_cold",
            "least_of_its_kind",
            "hot_or_cold",
            "prequal_reuse",
        ),
        sources=(
            "B. Wydrowski, R. Kleinberg, S. Rumble, A. Archer, Load is not what you should "
            "balance: introducing Prequal, NSDI 2024",
        ),
    ),
)
