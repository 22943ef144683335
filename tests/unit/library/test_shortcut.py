"""The short way through `with balancer.pick()`: it must behave as the methods it stands for."""

from __future__ import annotations

import contextlib
import gc
import inspect
import os
import subprocess
import sys
from typing import Any

import pytest

import evenly
from evenly import Balancer, NoNodeAvailable, PickSpent


def out(balancer: Balancer) -> int:
    """How many picks the nodes have out."""
    return sum(node.in_flight for node in balancer.nodes)


def test_no_reference_is_lost_or_kept() -> None:
    """A thousand rounds leave as many references to the balancer, to a pick and to what is returned as before."""
    balancer = Balancer(["10.0.0.1:80", "10.0.0.2:80"])
    kept = balancer.pick()

    def rounds(count: int) -> None:
        for _ in range(count):
            with balancer.pick(), balancer.pick() as inner:
                assert str(inner)
            for use in (kept.__enter__, kept.__exit__):
                assert callable(use)
            assert kept.__enter__() is kept
            with pytest.raises(TypeError):
                kept.__exit__(None)  # type: ignore[call-arg]  # that is the point

    def counts() -> tuple[int, ...]:
        gc.collect()
        return tuple(map(sys.getrefcount, (balancer, kept, evenly.Pick)))

    rounds(3)
    before = counts()
    rounds(1_000)
    assert counts() == before
    kept.__exit__(None, None, None)
    assert out(balancer) == 0


def test_more_picks_at_once_than_there_are_spare_bonds() -> None:
    """Forty nested blocks, each with its own way out."""
    balancer = Balancer(["10.0.0.1:80"])
    with contextlib.ExitStack() as stack:
        picks = [stack.enter_context(balancer.pick()) for _ in range(40)]
        ways = [pick.__exit__ for pick in picks]
        assert out(balancer) == 40
        del picks
    assert out(balancer) == 0
    assert [way(None, None, None) for way in ways] == [False] * 40


def test_a_way_out_that_is_kept_keeps_its_pick() -> None:
    """The place is given back when the way is gone, as with any bound method."""
    balancer = Balancer(["10.0.0.1:80"])
    way = balancer.pick().__exit__
    assert out(balancer) == 1
    del way
    assert out(balancer) == 0


def test_unusual_calls_are_answered_as_by_any_method() -> None:
    """Wrong arguments are refused, an exception is judged, a spent pick says so."""
    balancer = Balancer(["10.0.0.1:80"])
    pick: Any = balancer.pick()
    for words in ((), (None,), (None, None, None, None)):
        with pytest.raises(TypeError, match="__exit__"):
            pick.__exit__(*words)
    with pytest.raises(TypeError, match="__enter__"):
        pick.__enter__(1)
    with pytest.raises(TypeError, match="keyword"):
        pick.__exit__(kind=None, error=None, trace=None)
    with pytest.raises(TypeError, match="pick"):
        balancer.pick(1)  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError, match="pick"):
        balancer.pick(kay="x")  # type: ignore[call-arg]  # that is the point
    error = OSError()
    assert pick.__exit__(OSError, error, None) is False
    assert pick.failed
    with pytest.raises(PickSpent):
        pick.__enter__()
    balancer.remove("10.0.0.1:80")
    with pytest.raises(NoNodeAvailable):
        balancer.pick()


@pytest.mark.parametrize("name", ["__enter__", "__exit__"])
def test_only_a_pick_is_bound(name: str) -> None:
    """Borrowed by another class, the methods refuse its objects as any method would, and touch nothing of them."""
    method = vars(evenly.Pick)[name]
    with pytest.raises(TypeError, match="Pick' objects"):
        method.__get__("no pick")
    with pytest.raises(TypeError, match="Pick' objects"):
        getattr(type("Other", (), {name: method})(), name)


def test_a_block_outlives_the_method_that_it_entered_by() -> None:
    """Whoever takes `__exit__` away meanwhile finds the block left as it was entered, also by an exception.

    In a process of its own, which writes over all memory that is freed.
    """
    program = """
import evenly
balancer = evenly.Balancer(["10.0.0.1:80"])
try:
    with balancer.pick() as pick:
        del evenly.Pick.__exit__
        raise OSError
except OSError:
    print(pick.failed, balancer.nodes[0].in_flight)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONMALLOC": "debug"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True 0\n"), done.stderr


def test_methods_look_like_methods() -> None:
    """Tools that ask for signatures and documentation get them."""
    assert str(inspect.signature(Balancer.pick)) == "(self, /, *, key=None)"
    assert "Never waits" in (Balancer.pick.__doc__ or "")
    assert str(inspect.signature(evenly.Pick.__exit__)) == "(self, kind, error, trace, /)"
    with evenly.Pick.__enter__(Balancer(["10.0.0.1:80"]).pick()) as pick:
        assert str(pick) == "10.0.0.1:80"
