"""The engine against the specification: on a shared trace, each node that it gives is one the definition allows."""

from __future__ import annotations

import random
from collections import Counter
from math import log, sqrt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenly import Balancer, Node, _engine
from evenly.theory import model
from evenly.theory.specs import SPECS
from evenly.theory.specs.rule import lent
from tests.laws.traces import Moved, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.theory.specs import Rule

NAMES = [entry["name"] for entry in _engine.strategies()]
few = settings(max_examples=25)
"""A quarter of Hypothesis's usual number: a trace has some hundred picks."""
PRIMES = (4099, 5003, 7919, 10_007, 15_013, 20_011, 30_011, 40_009, 50_021, 60_013, 65_521)
seeds = st.integers(0, 2**32)


def follow(walk: Walk, rule: Rule, steps: int) -> Counter[str]:
    """Hold every pick of `walk` to `rule`; returns what kinds of steps were met."""
    memory, met = rule.begin(walk.seen()), Counter[str]()
    for step in walk.steps(steps):
        if isinstance(step, Moved):
            memory = rule.moved(memory, step.before, step.nodes)
            met["moved"] += 1
            continue
        odds = lent(rule, memory, step.request, step.nodes)
        assert sum(chance for chance, _ in odds.parts) == (1 if odds.parts else 0)
        if step.given is None:
            assert not odds.parts, (rule, memory, step)
            met["refused"] += 1
            continue
        assert step.given in odds.allowed, (rule, memory, step)
        if not any(node.fit for node in step.nodes):
            met["ejected"] += 1
            continue
        met["open" if len(odds.allowed) > 1 else "one"] += 1
        memory = rule.then(memory, step.request, step.nodes, step.given)
    return met


@pytest.mark.parametrize("name", NAMES)
def test_every_registered_strategy_has_a_specification(name: str) -> None:
    """Registered in the engine, and not specified here: not finished."""
    assert SPECS[name].name == name


def test_every_specification_is_of_a_registered_strategy() -> None:
    """A strategy that has left leaves no specification behind."""
    assert set(SPECS) <= set(NAMES)


@few
@given(seed=seeds)
def test_round_robin_is_the_definition(seed: int) -> None:
    """Definition 2.1.1: after the first pick there is one right node, and it is given."""
    walk = Walk("round_robin", random.Random(seed), failures=0.3, retries=0.2)
    follow(walk, SPECS["round_robin"](), 150)


@few
@given(seed=seeds)
def test_least_connections_is_the_definition(seed: int) -> None:
    """Definition 2.2.1: one of the argmin of (connections + 1) / weight over the fit nodes."""
    walk = Walk("least_connections", random.Random(seed), failures=0.3, retries=0.2)
    follow(walk, SPECS["least_connections"](), 150)


@few
@given(seed=seeds)
def test_random_gives_only_fit_nodes(seed: int) -> None:
    """Every fit node is allowed, and no other; how often is the business of the law of frequencies below."""
    follow(Walk("random", random.Random(seed), failures=0.3, retries=0.2), SPECS["random"](), 150)


@few
@given(seed=seeds)
def test_smooth_weighted_round_robin_is_the_definition(seed: int) -> None:
    """The node that is owed most, whoever comes, goes, fails or is full meanwhile.

    The weights are primes, so that no period is short enough to be laid out: the engine reckons live.
    """
    walk = Walk("weighted_round_robin", random.Random(seed), PRIMES, failures=0.3, retries=0.2)
    follow(walk, SPECS["weighted_round_robin"](), 150)


@few
@given(seed=seeds)
def test_a_laid_out_period_is_the_definition_too(seed: int) -> None:
    """While all nodes are fit, one atomic cursor over a precomputed period gives what the lags would."""
    walk = Walk("weighted_round_robin", random.Random(seed), (1, 2, 3, 5), (None,), drains=False)
    follow(walk, SPECS["weighted_round_robin"](), 150)


@few
@given(seed=seeds)
def test_deadline_is_the_definition_while_weights_stand(seed: int) -> None:
    """Tijdeman's rule, laid out or reckoned live: the node that must soonest, of those that may."""
    walk = Walk(
        "deadline", random.Random(seed), (1, 2, 3, 5, 4099, 40_009), (None,), drains=False, moves=0
    )
    follow(walk, SPECS["deadline"](), 150)


@few
@given(seed=seeds)
def test_deadline_under_changing_weights_gives_the_first_due_or_the_furthest_behind(
    seed: int,
) -> None:
    """No rule keeps everybody within a request then; these two are what it may choose from."""
    walk = Walk("deadline", random.Random(seed), PRIMES, (None,), drains=False, members=False)
    walk.moves = 0.2
    follow(walk, SPECS["deadline"](), 150)


@pytest.mark.parametrize("load", ["in_flight", "reported"])
@few
@given(seed=seeds)
def test_power_of_two_never_gives_the_strictly_busiest(load: str, seed: int) -> None:
    """Theory 2.7: of equal, fit nodes one is drawn only beside another, so the most loaded is never given."""
    strategy = {"name": "power_of_two", "load": load}
    walk = Walk(strategy, random.Random(seed), (1,), (None,), drains=False)
    # What counts for a node that told nothing is the mean of those who did, reckoned when somebody tells.
    walk.moves = 0 if load == "reported" else walk.moves
    follow(walk, SPECS["power_of_two"](load=load), 150)


@pytest.mark.parametrize("name", ["first", "join_idle"])
@few
@given(seed=seeds)
def test_filling_up_and_joining_the_idle_are_the_definitions(name: str, seed: int) -> None:
    """The first that is fit; an idle one while there is one."""
    follow(Walk(name, random.Random(seed), failures=0.3, retries=0.2), SPECS[name](), 150)


@pytest.mark.parametrize("most", [3, 6])
@few
@given(seed=seeds)
def test_prequal_gives_no_node_that_another_beats_in_load_and_latency(most: int, seed: int) -> None:
    """Of up to three nodes everything is seen, so the rule binds whatever the limit is; of more, fitness alone does."""
    walk = Walk("prequal", random.Random(seed), (1, 2), most=most, failures=0.1, retries=0.1)
    follow(walk, SPECS["prequal"](), 150)


def learners() -> list[dict[str, str]]:
    """Every strategy with every load that learns from answers, and those that have no other."""
    found = [{"name": "least_latency"}] if "least_latency" in NAMES else []
    for entry in _engine.strategies():
        for option in entry["options"]:
            if option["name"] == "load":
                found += [
                    {"name": entry["name"], "load": load} for load in ("latency", "peak_ewma")
                ]
    return found


@pytest.mark.parametrize("strategy", learners(), ids=lambda it: "-".join(it.values()))
@few
@given(seed=seeds)
def test_whoever_learns_from_answers_learns_as_defined(strategy: dict[str, str], seed: int) -> None:
    """Averages, peaks, silence, penalties, nodes that fail and nodes left alone: told a second time."""
    walk = Walk(strategy, random.Random(seed), (1,), (None,), drains=False, failures=0.1)
    options = {name: value for name, value in strategy.items() if name != "name"}
    follow(walk, SPECS[strategy["name"]](**options), 150)


def test_the_traces_meet_what_they_are_for() -> None:
    """Open choices and forced ones, changes, refusals, and nodes asked for want of better ones: all occur."""
    met = Counter[str]()
    for seed in range(40):
        walk = Walk("least_connections", random.Random(seed), (1, 2), (1, 3), 4, failures=0.5)
        met += follow(walk, SPECS["least_connections"](), 150)
    assert min(met[kind] for kind in ("one", "open", "moved", "refused", "ejected")) > 20, met


@pytest.mark.parametrize("sampling", ["weight", "uniform"])
@pytest.mark.parametrize("choices", [2, 3, 16])
@few
@given(seed=seeds)
def test_power_of_two_draws_fit_nodes(sampling: str, choices: int, seed: int) -> None:
    """With weights, nodes that are out and full ones: what is drawn is fit, whatever else may be."""
    options = {"load": "in_flight", "choices": choices, "sampling": sampling}
    strategy = {"name": "power_of_two", **options}
    walk = Walk(strategy, random.Random(seed), failures=0.3, retries=0.2)
    follow(walk, SPECS["power_of_two"](**options), 100)


def keyed() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every hash strategy, with every library it takes over keys from, and with and without a bound."""
    for entry in _engine.strategies():
        options = {option["name"]: option for option in entry["options"]}
        if entry["uses_key"]:
            small = {name: value for name, value in SMALL.items() if name in options}
            for compatible in options.get("compatible", {"choices": [None]})["choices"]:
                chosen = {} if compatible is None else {"compatible": compatible}
                for bound in (0, 1, 1.25):
                    yield entry["name"], {**small, **chosen, "bounded_load": bound}


SMALL = {"virtual_nodes": 8, "table_size": 251, "size": 64}
"""So that a table is reckoned from scratch in no time."""


@pytest.mark.parametrize(("name", "options"), list(keyed()))
@settings(max_examples=10)
@given(seed=seeds)
def test_every_hash_strategy_gives_the_first_in_the_keys_own_order(
    name: str, options: dict[str, Any], seed: int
) -> None:
    """Definition 2.3.1: the node that the key prefers, of those that are fit and within the bound, at every pick."""
    keys = tuple(f"kéy {number}".encode() for number in range(30))
    walk = Walk(
        {"name": name, **options},
        random.Random(seed),
        keys=(*keys, None),
        failures=0.3,
        retries=0.2,
        options={"hash_seed": seed},
    )
    follow(walk, SPECS[name](**options, seed=seed), 80)


def test_the_hash_is_the_specifications_for_every_length() -> None:
    """Keys of 0 to 240 bytes on a ring of 1,000 points: where one hash differed, another node would be given.

    Two different hashes agree on one key by chance with probability 1/5, on all 241 with 10^-168.
    """
    rng = random.Random(3)
    rule = SPECS["consistent_hash"](virtual_nodes=200, seed=11)
    balancer = Balancer(
        [Node(f"10.0.0.{at}:80", id="n" * (at * at)) for at in range(1, 6)],
        strategy={"name": "consistent_hash", "virtual_nodes": 200},
        hash_seed=11,
    )
    nodes = tuple(model.Node(node.id) for node in balancer.nodes)
    for length in range(241):
        key = rng.randbytes(length)
        odds = rule.odds(None, model.Request(key), nodes)
        assert odds.allowed == {balancer.pick(key=key).id}, length


DICE: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "round_robin": ({}, (1,)),
    "random": ({}, (1, 2, 3, 5)),
    "least_connections": ({}, (1, 1, 2)),
    "join_idle": ({}, (1, 2, 3)),
    "power_of_two": ({"load": "in_flight"}, (1,)),
    "power_of_two by weight": ({"load": "in_flight"}, (1, 2, 3)),
    "power_of_two drawn alike": ({"load": "in_flight", "sampling": "uniform"}, (1, 2, 3)),
    "power_of_two of three": ({"load": "in_flight", "choices": 3}, (1, 1, 2)),
    "consistent_hash": ({"virtual_nodes": 8}, (1, 2)),
    "rendezvous": ({}, (1, 2, 5)),
    "maglev": ({"table_size": 251}, (1, 2, 5)),
    "jump": ({}, (1, 2, 5)),
    "anchor": ({"size": 64}, (1, 2, 5)),
    "slots": ({}, (1, 2, 5)),
}
"""Strategies that throw dice, also for want of a key, with options and weights."""


@pytest.mark.parametrize("case", DICE)
def test_frequencies_are_the_probabilities_of_the_definition(case: str) -> None:
    """At each pick the definition gives each node a least and a greatest probability, which depend on what was before.

    The sums of both bound the number of picks from both sides: by Azuma and Hoeffding's inequality each of the 2k
    bounds is passed by more than sqrt(T ln(2k / error) / 2) with a probability of at most error / 2k.
    """
    (options, weights), name, error = DICE[case], case.partition(" ")[0], 1e-6
    rule = SPECS[name](**options)
    walk = Walk({"name": name, **options}, random.Random(case), weights, (None,), drains=False)
    while len(walk.balancer.nodes) < 4:
        walk.balancer.add(walk.node())
    walk.moves = 0
    memory, counts = rule.begin(walk.seen()), Counter[str]()
    least, most = Counter[str](), Counter[str]()
    for step in walk.steps(5000):
        odds = rule.odds(memory, step.request, step.nodes)
        for node in odds.allowed:
            least[node] += odds.least(node)
            most[node] += odds.most(node)
        counts[step.given] += 1
        memory = rule.then(memory, step.request, step.nodes, step.given)
    nodes = [node.id for node in walk.seen()]
    slack = sqrt(sum(counts.values()) * log(2 * len(nodes) / error) / 2)
    for node in nodes:
        assert least[node] - slack <= counts[node] <= most[node] + slack, node
