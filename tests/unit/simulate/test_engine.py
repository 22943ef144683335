"""The door to the simulator: `_engine.simulate`, from JSON to JSON."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from evenly import NodeView, View, _engine
from evenly.errors import InvalidSetting, InvalidStrategy, StrategyFault
from evenly.simulate import Poisson, simulate


def scenario(requests: int, **changes: Any) -> str:
    """Three equal nodes, seven tenths busy."""
    usual: dict[str, Any] = {
        "nodes": [{"id": "n0"}, {"id": "n1"}, {"id": "n2"}],
        "strategy": {"name": "round_robin"},
        "arrivals": {"kind": "poisson", "rate": 2.1},
        "service": {"kind": "exponential", "mean": 1.0},
        "requests": requests,
    }
    return json.dumps(usual | changes)


class Turns:
    """Round robin in Python, which remembers where it is."""

    def __init__(self) -> None:
        """Begin with the first."""
        self.turn = 0

    def pick(self, view: View) -> NodeView:
        """Take the next."""
        self.turn += 1
        return view.nodes[self.turn % len(view.nodes)]


def test_threads_and_repetition_change_no_byte() -> None:
    """Five replications on one thread, on three, and once more."""
    text = scenario(2_000)
    one = _engine.simulate(text, 7, 5, 1)
    assert _engine.simulate(text, 7, 5, 3) == one
    assert _engine.simulate(text, 7, 5, 1) == one
    assert json.loads(one)["requests"] == 10_000


def test_a_python_strategy_meets_the_same_requests_as_the_engine_s() -> None:
    """Written in Python, round robin gives each request the same node but for where it begins."""
    plain = json.loads(_engine.simulate(scenario(600, trace_picks=True), 3))
    text = scenario(600, trace_picks=True, strategy={"python": "turns"})
    given = Turns()
    scripted = json.loads(_engine.simulate(text, 3, strategy=given))
    shifts = {(a - b) % 3 for a, b in zip(plain["picks"], scripted["picks"], strict=True)}
    assert len(shifts) == 1
    # Each dispatcher of each replication has a copy of its own; what was given stays as it was.
    assert given.turn == 0
    assert _engine.simulate(text, 3, strategy=given) == json.dumps(scripted, separators=(",", ":"))


def test_what_a_strategy_or_the_progress_raises_comes_through() -> None:
    """Errors in Python end the run and are raised as they are."""

    class Broken:
        def pick(self, view: View) -> NodeView:
            raise LookupError(f"broken at {len(view.nodes)}")

    class Beside:
        def pick(self, view: View) -> str:
            return "n0"

    text = scenario(1_000, strategy={"python": "mine"})
    with pytest.raises(LookupError, match="broken at 3"):
        _engine.simulate(text, 1, strategy=Broken())
    with pytest.raises(StrategyFault, match="\"mine\" answered 'n0'"):
        _engine.simulate(text, 1, strategy=Beside())
    with pytest.raises(InvalidStrategy, match="was not given"):
        _engine.simulate(text, 1)

    def stop(done: int) -> bool:
        raise LookupError(f"at {done}")

    with pytest.raises(LookupError, match="at "):
        _engine.simulate(scenario(1_000_000_000), 1, progress=stop)


def test_a_no_to_progress_keeps_what_is_done() -> None:
    """The books are closed at the last event, and it is said that they are not all."""
    kept = json.loads(_engine.simulate(scenario(1_000_000_000), 1, progress=lambda _: False))
    assert not kept["complete"]
    assert 0 < kept["requests"] < 1_000_000_000
    assert kept["requests"] == kept["ok"]


def test_faults_are_errors_of_the_package_that_name_the_place() -> None:
    """A wrong key, a wrong strategy."""
    with pytest.raises(InvalidSetting, match=r"nodes\[0\]\.weigth: .*weight"):
        _engine.simulate(scenario(1, nodes=[{"id": "a", "weigth": 2}]), 1)
    with pytest.raises(InvalidStrategy, match="ranodm"):
        _engine.simulate(scenario(1, strategy={"name": "ranodm"}), 1)


def test_the_interpreter_is_free_meanwhile() -> None:
    """Another thread of Python runs on while the engine simulates."""
    counted = 0
    going = True

    def count() -> None:
        nonlocal counted
        while going:
            counted += 1
            time.sleep(0)

    beside = threading.Thread(target=count)
    beside.start()
    before = counted
    _engine.simulate(scenario(300_000), 1)
    during = counted - before
    going = False
    beside.join()
    # With the interpreter held it would not get a single turn between the two readings.
    assert during > 10


def test_each_dispatcher_keeps_a_subset_of_its_own() -> None:
    """Two of six hands of two nodes each, dealt from one lap of twelve: four nodes are kept."""
    made = simulate(
        "round_robin",
        nodes=12,
        arrivals=Poisson(2),
        requests=2_000,
        dispatchers=2,
        settings={"subset": {"size": 2, "instance": 0, "instances": 6}},
    )
    assert sum(node.picks > 0 for node in made[0].nodes) == 4
