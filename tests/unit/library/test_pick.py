"""A pick: lent, told about, and given back exactly once."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evenly
from evenly import Balancer, NoNodeAvailable, PickSpent
from evenly.testing import VirtualClock


def out(balancer: Balancer) -> int:
    """How many picks the nodes have out."""
    return sum(node.in_flight for node in balancer.nodes)


def test_a_pick_prints_as_its_nodes_address() -> None:
    """So it can stand in a URL, inside the block and after it."""
    balancer = Balancer(["10.0.0.1:8000"])
    with balancer.pick() as pick:
        assert f"http://{pick}/users/42" == "http://10.0.0.1:8000/users/42"
        assert (pick.id, pick.address) == ("10.0.0.1:8000", "10.0.0.1:8000")
        assert pick.node.in_flight == 1
        assert repr(pick) == "<evenly.Pick of 10.0.0.1:8000, out>"
    assert str(pick) == "10.0.0.1:8000"
    assert repr(pick) == "<evenly.Pick of 10.0.0.1:8000, given back>"


def test_leaving_twice_gives_back_once() -> None:
    """The second leaving does nothing."""
    balancer = Balancer(["10.0.0.1:80"])
    other = balancer.pick()
    pick = balancer.pick()
    for _ in range(3):
        pick.__exit__(None, None, None)
    assert out(balancer) == 1
    other.__exit__(None, None, None)
    assert out(balancer) == 0


def test_a_spent_pick_says_what_to_do() -> None:
    """Entering it, or telling of it, would be about a node one no longer has."""
    balancer = Balancer(["10.0.0.1:80"])
    with balancer.pick() as pick:
        pass
    for use in (pick.__enter__, pick.fail, lambda: pick.status(200)):
        with pytest.raises(PickSpent, match=r"call pick\(\) again"):
            use()


def test_a_dropped_pick_is_given_back() -> None:
    """Dropping it blames nobody."""
    balancer = Balancer(["10.0.0.1:80"])
    balancer.pick()
    gc.collect()
    (node,) = balancer.nodes
    assert (node.in_flight, node.picks, node.failures) == (0, 1, 0)


def test_a_pick_of_a_thread_that_died_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread's frame goes, and with it the pick."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # pytest's would keep the frame
    balancer = Balancer(["10.0.0.1:80"])

    def work() -> None:
        pick = balancer.pick()
        pick.__enter__()
        raise RuntimeError

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()
    assert out(balancer) == 0


class Refused(OSError):
    """A failure of transport, as clients raise it."""


@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (OSError("reset"), 1),
        (Refused(), 1),
        (TimeoutError(), 1),
        (KeyError("caller's"), 0),
        (ValueError(), 0),
        (asyncio.CancelledError(), 0),
        (KeyboardInterrupt(), 0),
        (GeneratorExit(), 0),
    ],
)
def test_only_failures_of_the_node_blame_it(error: BaseException, blamed: int) -> None:
    """The kinds in `fails_on`, by default OSError and TimeoutError; the exception passes in any case."""
    balancer = Balancer(["10.0.0.1:80"])
    with pytest.raises(type(error)), balancer.pick() as pick:
        raise error
    (node,) = balancer.nodes
    assert (node.in_flight, node.failures) == (0, blamed)
    assert pick.failed == bool(blamed)


def test_fails_on_names_other_kinds() -> None:
    """Only those kinds count then."""
    balancer = Balancer(["10.0.0.1:80"], fails_on=ZeroDivisionError)
    with pytest.raises(ZeroDivisionError), balancer.pick():
        _ = 1 / 0
    with pytest.raises(OSError, match="x"), balancer.pick():
        raise OSError("x")
    assert balancer.nodes[0].failures == 1


@pytest.mark.parametrize(("status", "failures"), [(200, 0), (404, 0), (429, 0), (500, 1), (503, 1)])
def test_a_bad_status_is_said_not_raised(status: int, failures: int) -> None:
    """500, 502, 503 and 504 are the node's failure; what is the caller's fault is not."""
    balancer = Balancer(["10.0.0.1:80"])
    with balancer.pick() as pick:
        pick.status(status)
    assert balancer.nodes[0].failures == failures


def test_a_failure_said_outweighs_a_callers_bug_after_it() -> None:
    """Once the node has answered 503, a KeyError of the caller does not wash it clean."""
    balancer = Balancer(["10.0.0.1:80"])
    with pytest.raises(KeyError), balancer.pick() as pick:
        pick.status(503)
        raise KeyError
    assert balancer.nodes[0].failures == 1


def test_a_good_status_does_not_hide_a_reset_after_it() -> None:
    """The body can break after the head was good."""
    balancer = Balancer(["10.0.0.1:80"])
    with pytest.raises(ConnectionResetError), balancer.pick() as pick:
        pick.status(200)
        raise ConnectionResetError
    assert balancer.nodes[0].failures == 1


def test_the_latency_ends_where_the_status_is_told() -> None:
    """Reading a long body does not make a node look slow."""
    clock = VirtualClock()
    balancer = clock.balancer(["10.0.0.1:80"])
    with balancer.pick() as pick:
        clock.advance(0.020)
        pick.status(200)
        clock.advance(30)
    # The estimate keeps 16 bits of fraction: an error below 2^-16.
    assert balancer.nodes[0].latency == pytest.approx(0.020, rel=1e-4)


def test_the_refusal_says_how_many_nodes_are_out_for_what_and_when_to_try_again() -> None:
    """The sentence is for people; counts, reason and retry_after are for programs."""
    clock = VirtualClock(3)
    nodes = [evenly.Node(f"10.0.0.{at}:80", id=str(at), capacity=1) for at in range(1, 5)]
    balancer = clock.balancer(
        nodes, name="users", strategy="round_robin", ejection={"max_share": 1}
    )
    balancer.drain("1")
    held = [balancer.pick() for _ in range(3)]
    with pytest.raises(NoNodeAvailable) as refusal:
        balancer.pick()
    assert 'cluster "users" has no node to lend (at_capacity)' in str(refusal.value)
    assert "3 at capacity" in str(refusal.value)
    assert "1 draining" in str(refusal.value)
    assert refusal.value.cluster == "users"
    assert refusal.value.reason == "at_capacity"
    assert refusal.value.counts["draining"] == 1
    assert refusal.value.retry_after is None
    assert not isinstance(refusal.value, (OSError, TimeoutError))
    assert len(held) == 3


def test_an_empty_balancer_says_to_add_a_node() -> None:
    """No nodes at all is a refusal, not a crash."""
    balancer = Balancer([])
    with pytest.raises(NoNodeAvailable, match="it has no nodes; add one"):
        balancer.pick()


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["leave", "fail", "bug", "drop", "status"])),
        max_size=60,
    )
)
def test_the_ledger_balances_after_any_trace(steps: list[tuple[int, str]]) -> None:
    """picks = given back + out, and failures are exactly those told, whatever the order."""
    balancer = VirtualClock(1).balancer([f"10.0.0.{at}:80" for at in range(1, 4)], ejection=None)
    held: list[evenly.Pick] = []
    lent = failed = 0
    for room, how in steps:
        while len(held) < room:
            held.append(balancer.pick())
            lent += 1
        if not held:
            continue
        pick = held.pop()
        match how:
            case "leave":
                pick.__exit__(None, None, None)
            case "fail":
                pick.__exit__(OSError, OSError(), None)
            case "bug":
                pick.__exit__(KeyError, KeyError(), None)
            case "status":
                pick.status(503)
                pick.__exit__(None, None, None)
        failed += how in ("fail", "status")
        del pick
    assert sum(node.picks for node in balancer.nodes) == lent
    assert sum(node.failures for node in balancer.nodes) == failed
    assert out(balancer) == len(held)


def test_a_capacity_holds_at_every_moment_on_many_threads() -> None:
    """Sixteen threads fight for seven places; each counts who is inside, and nobody counts an eighth."""
    balancer = Balancer(
        [
            evenly.Node("10.0.0.1:80", id="a", capacity=3),
            evenly.Node("10.0.0.2:80", id="b", capacity=4),
        ],
        strategy="least_connections",
    )
    limits, inside, most = {"a": 3, "b": 4}, {"a": 0, "b": 0}, {"a": 0, "b": 0}
    lock, lent = threading.Lock(), 0
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def work() -> None:
        nonlocal lent
        for _ in range(300):
            try:
                pick = balancer.pick()
            except NoNodeAvailable:
                continue
            with pick:
                with lock:
                    lent += 1
                    inside[pick.id] += 1
                    most[pick.id] = max(most[pick.id], inside[pick.id])
                with lock:
                    inside[pick.id] -= 1

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert all(most[name] <= limits[name] for name in limits)
    assert out(balancer) == 0
    assert sum(node.picks for node in balancer.nodes) == lent


def test_picks_leave_no_memory_behind() -> None:
    """A hundred thousand picks later as many blocks of memory are in use as before."""
    balancer = Balancer([f"10.0.0.{at}:80" for at in range(1, 11)])

    def work(turns: int) -> None:
        for _ in range(turns):
            with balancer.pick(key="k"):
                pass

    work(1000)
    gc.collect()
    before = sys.getallocatedblocks()
    work(100_000)
    gc.collect()
    # What the interpreter itself caches moves by a few blocks; one block a pick would be 100,000.
    assert sys.getallocatedblocks() - before < 1000


class WrappedError(Exception):
    """How an HTTP client calls what it met."""


def fail_wrapped(depth: int) -> None:
    """A refused connection, wrapped so often."""
    if depth == 0:
        raise ConnectionRefusedError
    try:
        fail_wrapped(depth - 1)
    except Exception as cause:
        raise WrappedError from cause


@pytest.mark.parametrize("depth", [1, 2])
def test_an_error_raised_from_a_refused_connection_blames_the_node(depth: int) -> None:
    """httpx raises its own error from httpcore's, which is raised from the operating system's."""
    balancer = Balancer(["10.0.0.1:80"])
    with pytest.raises(WrappedError), balancer.pick():
        fail_wrapped(depth)
    assert balancer.nodes[0].failures == 1


def test_an_error_met_while_handling_another_does_not_blame_the_node() -> None:
    """Only what was raised `from` it is the same failure; a bug in the caller's handler is not."""
    balancer = Balancer(["10.0.0.1:80"])
    with pytest.raises(KeyError), balancer.pick():
        try:
            raise ConnectionRefusedError
        except OSError:
            {}["no such key"]
    assert balancer.nodes[0].failures == 0
