"""The model: definitions 1.1.1 to 1.4.2 as typed values keep what they promise, and refuse what they cannot mean."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenly.theory.model import (
    LB,
    LBA,
    MAX_PLUS,
    MAX_TIMES,
    MIN_PLUS,
    PLUS_TIMES,
    Arrival,
    Departure,
    Ledger,
    Node,
    Request,
    Semiring,
    StepFunction,
    broken_laws,
    load_dist,
)
from evenly.theory.specs import SPECS

loads = st.integers(0, 20) | st.fractions(0, 20, max_denominator=12)
rings = pytest.mark.parametrize("ring", [PLUS_TIMES, MAX_TIMES, MAX_PLUS, MIN_PLUS])


@rings
@given(samples=st.lists(loads, min_size=1, max_size=4))
def test_the_operations_are_commutative_semirings(ring: Semiring, samples: list[Fraction]) -> None:
    """Definition 1.2.1 with laws: all eight hold on all triples, the ring's own zero and one among them."""
    assert broken_laws(ring, [*samples, ring.zero, ring.one]) == []


def test_max_and_plus_need_a_zero_below_every_load() -> None:
    """Over ℝ≥0 alone the zero of max is 0, and 0 + 1 is 1: the law that fails is named with its witness."""
    bare = Semiring("(ℝ≥0, max, +)", max, lambda a, b: a + b, 0, 0)
    assert broken_laws(bare, [0, 1]) == ["zero annihilates: not for 1, 0, 0"]


@given(data=st.data(), initial=st.lists(loads, min_size=1, max_size=5))
def test_redistribution_conserves_the_sum_of_loads(
    data: st.DataObject, initial: list[Fraction]
) -> None:
    """Axiom 1.3.1 as a theorem about R ≥ 0 with Σ R(n, ·) ≤ load(n), exactly."""
    nodes = [str(index) for index in range(len(initial))]
    algebra = LBA(dict(zip(nodes, initial, strict=True)))
    moves = {}
    for node, load in algebra.initial.items():
        shares = data.draw(st.lists(st.integers(0, 9), min_size=len(nodes), max_size=len(nodes)))
        for taker, share in zip(nodes, shares, strict=True):
            moves[node, taker] = Fraction(load) * share / max(sum(shares), 1)
    after = algebra.redistribute(moves)
    assert after.total() == algebra.total()
    assert min(after.initial.values()) >= 0


@pytest.mark.parametrize(
    ("moves", "word"),
    [
        ({("a", "b"): 3}, "move at most that"),
        ({("a", "b"): -1}, r"write R\(b, a\) = 1"),
        ({("a", "c"): 1}, "no node 'c'"),
    ],
)
def test_a_redistribution_that_cannot_be_says_what_to_write(
    moves: dict[tuple[str, str], int], word: str
) -> None:
    """More than there is, less than nothing, to nobody."""
    with pytest.raises(ValueError, match=word):
        LBA({"a": 2, "b": 0}).redistribute(moves)


@given(events=st.lists(st.sampled_from(["accept", "refuse", "complete", "fail"])))
def test_the_books_balance_after_every_event(events: list[str]) -> None:
    """Axiom 1.3.1: accepted = completed + failed + in flight; nobody leaves who is not there."""
    books = Ledger()
    for event in events:
        if event == "accept":
            books = books.accept()
        elif event == "refuse":
            books = books.refuse()
        elif books.in_flight:
            books = books.leave(failed=event == "fail")
        else:
            with pytest.raises(ValueError, match="exactly once"):
                books.leave()
        assert books.balances
    assert books.refused == events.count("refuse")


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(SPECS)))
def test_a_run_keeps_books_capacity_and_time(seed: int, name: str) -> None:
    """Theorem 3.1.1, corrected, for every specification: the axioms hold on every random trace, and it replays.

    At the end all have left, and Little's law is exact: the area under all loads is the sum of the stays.
    """
    rng = random.Random(seed)
    nodes = tuple(
        Node(str(at), rng.randint(1, 3), rng.choice([None, 1, 2]))
        for at in range(rng.randint(1, 4))
    )
    small = {"anchor": {"size": 64}, "maglev": {"table_size": 251}}
    system = LB(nodes, {name: SPECS[name](**small.get(name, {}))}, name)
    trace, out, now, came, stays = list[Arrival | Departure](), set[int](), 0, {}, 0

    def still_there() -> set[int]:
        picks = system.run(trace).picks
        return {number for number in out if picks[number] is not None}

    for _ in range(25):
        now += rng.randint(1, 5)
        if (there := still_there()) and rng.random() < 0.5:
            number = rng.choice(sorted(there))
            out.remove(number)
            stays += now - came[number]
            trace.append(Departure(now, number, failed=rng.random() < 0.3))
        else:
            number = sum(isinstance(event, Arrival) for event in trace)
            came[number] = now
            out.add(number)
            trace.append(Arrival(now, rng.randbytes(2), Fraction(rng.randrange(1000), 1000)))
    for number in sorted(still_there()):
        now += 1
        stays += now - came[number]
        trace.append(Departure(now, number))
    run = system.run(trace)
    assert run == system.run(trace)
    assert run.ledger.balances
    assert run.ledger.in_flight == 0
    assert run.ledger.accepted + run.ledger.refused == len(run.picks)
    for node in nodes:
        assert run.ledgers[node.id].balances
        assert run.load[node.id].peak() <= (system.capacity(node.id) or len(trace))
    assert sum(load.integral(0, now) for load in run.load.values()) == stays


def test_a_refusal_is_a_value() -> None:
    """Definition 1.1.1 as written must name a node for the second request of a system that has room for one."""
    system = LB((Node("a", capacity=1),), {"random": SPECS["random"]()}, "random")
    run = system.run([Arrival(0), Arrival(1), Departure(2, 0), Arrival(3)])
    assert run.picks == ("a", None, "a")
    assert run.ledger == Ledger(accepted=2, completed=1, in_flight=1, refused=1)


def test_an_allocation_outside_the_set_is_caught() -> None:
    """Definition 1.4.1: what is selected is one of N and fit, or nothing."""

    class Elsewhere(type(SPECS["random"]())):  # type: ignore[misc]
        def allocate(self, request: Request, state: object, nodes: object) -> tuple[str, None]:
            return "elsewhere", None

    system = LB((Node("a"),), {"elsewhere": Elsewhere()}, "elsewhere")
    with pytest.raises(ValueError, match="gave 'elsewhere', and fit are: a"):
        system.select(Request(), None)


@pytest.mark.parametrize(
    ("nodes", "word"),
    [
        ((), "at least one Node"),
        ((Node("a"), Node("a")), "give one another id"),
    ],
)
def test_n_is_a_finite_nonempty_set(nodes: tuple[Node, ...], word: str) -> None:
    """The document allows it to be empty, where every one of its theorems divides by |N|."""
    with pytest.raises(ValueError, match=word):
        LB(nodes, {"random": SPECS["random"]()}, "random")


@given(changes=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9)), min_size=1, max_size=12))
def test_load_dist_is_what_was_added_up_to_that_moment(changes: list[tuple[int, int]]) -> None:
    """Definition 1.3.1: a right-continuous step function; its integral is the sum of value × time."""
    times, values, now = [], [], 0
    for step, value in changes:
        now += step
        times.append(now)
        values.append(value)
    function = StepFunction(tuple(times), tuple(values))
    for time in range(now + 3):
        known = [value for at, value in zip(times, values, strict=True) if at <= time]
        assert function.at(time) == (known[-1] if known else 0)
    assert function.integral(0, now + 2) == sum(function.at(time) for time in range(now + 2))
    assert function.peak() == max(values)


def test_load_dist_knows_its_nodes_and_no_load_below_nothing() -> None:
    """One that is not in N, and one that gives back what it never had."""
    assert load_dist("ab", [(1, "a", 1), (2, "a", -1)])["a"].values == (1, 0)
    with pytest.raises(ValueError, match="'c' is not in N: there are a, b"):
        load_dist("ab", [(1, "c", 1)])
    with pytest.raises(ValueError, match="a load is ≥ 0"):
        load_dist("ab", [(1, "a", -1)])
