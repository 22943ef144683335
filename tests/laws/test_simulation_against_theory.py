"""The simulator is the engine on a virtual clock, and agrees with queueing theory wherever theory has an answer.

Every case up to a utilisation of .95 that runs within a second or so; `make evidence` runs them all, longer.
"""

from __future__ import annotations

import pytest

from evenly.simulate import Deterministic, Exponential, Poisson, Result, SimNode, simulate
from evenly.strategy import StrategyLike
from evenly.theory.closed import power_of_d, shortest_queue, split
from scripts.evidence.case import Case, run
from scripts.evidence.cases import ageing, cases

FAR = 4.5
"""Standard errors; beyond by chance once in some 10,000 figures, and seeds are fixed."""
QUICK = [case for case in cases() if case.at <= 0.95 and case.requests <= 2_500_000]


@pytest.mark.parametrize("case", QUICK, ids=lambda case: f"{case.table}: {case.name}")
def test_what_is_simulated_is_what_theory_says(case: Case) -> None:
    """Means, quantiles and throughputs lie within 4.5 of the run's own standard errors."""
    for finding in run(case):
        assert abs(finding.z) <= FAR, (
            f"{case.name}: {finding.figure} {finding.found} beside {finding.expected.value:.5g}, z = {finding.z:+.1f}"
        )


def test_theory_is_asked_about_every_table() -> None:
    """A change of sizes that left a table without a quick case would leave it unheld."""
    assert {case.table for case in QUICK} == {case.table for case in cases()}
    assert len(QUICK) > 120


@pytest.mark.parametrize("strategy", ["random", "round_robin", "least_connections", "power_of_two"])
def test_littles_law_holds_to_the_nanosecond(strategy: str) -> None:
    """A run begins and ends empty, so the integral of the number in the system is the sum of all sojourns, exactly."""
    (result,) = simulate(
        [strategy],
        nodes=[SimNode(speed=2.0), SimNode(), SimNode(concurrency=2, discipline="ps"), SimNode()],
        arrivals=Poisson(4.0),
        service=Exponential(1.0),
        requests=50_000,
        seed=3,
        delay=0.01,
    )
    little = result.found["little"]
    assert little["integral_nanoseconds"] == little["sojourns_nanoseconds"] > 0


def test_conservation_does_not_make_stable() -> None:
    """Theorem 3.3.1 (b): a node of speed .1 that gets every second of one request a second grows by .4 a second."""
    seconds = 20_000.0
    (result,) = simulate(
        ["round_robin"],
        nodes=[SimNode(speed=1.0), SimNode(speed=0.1)],
        arrivals=Poisson(1.0),
        service=Exponential(1.0),
        seconds=seconds,
        warmup=0.0,
        seed=5,
    )
    # A level that grows evenly from zero is on average half of where it ends.
    growth = 2 * result.nodes[1].in_system / seconds
    # Arrivals .5 of cv² 1/2 and departures .1: the end varies by √((.25 + .1)·T), its mean level by no more.
    assert abs(growth - 0.4) <= 5 * (0.35 * seconds) ** 0.5 / seconds


def test_drawing_all_alike_overloads_slow_nodes_and_seeing_speeds_does_not() -> None:
    """Theorem 3.3.1 (d): speeds 10, .1, .1 and 5 requests a second: both slow ones grow by .733 a second."""
    speeds, rate, seconds = (10.0, 0.1, 0.1), 5.0, 10_000.0
    assert rate > split.uniform_choice_limit(speeds, 2)

    def play(strategy: StrategyLike, nodes: list[SimNode]) -> Result:
        (result,) = simulate(
            [strategy],
            nodes=nodes,
            arrivals=Poisson(rate),
            service=Exponential(1.0),
            seconds=seconds,
            warmup=0.0,
            seed=5,
        )
        return result

    alike = play({"name": "power_of_two", "load": "in_flight"}, [SimNode(speed=s) for s in speeds])
    for node in alike.nodes[1:]:
        growth = 2 * node.in_system / seconds
        # A third of the arrivals is drawn for both and goes to either; Poisson in and out, 5/6 + .1 a second.
        assert abs(growth - (rate / 6 - 0.1)) <= 5 * ((rate / 6 + 0.1) * seconds) ** 0.5 / seconds
    weighed = [SimNode(speed=s, weight=round(10 * s)) for s in speeds]
    drawn = play({"name": "power_of_two", "load": "in_flight", "sampling": "weight"}, weighed)
    assert drawn.in_system.value < 0.01 * alike.in_system.value
    seeing = play("least_connections", weighed)
    held = sum(node.in_system * speed for node, speed in zip(seeing.nodes, speeds, strict=True))
    assert held <= shortest_queue.in_system_bound(speeds, rate)


@pytest.mark.parametrize(
    "case", [case for case in ageing() if case.at in (1.0, 5.0)], ids=lambda case: case.name
)
def test_old_loads_cost_what_theory_says(case: Case) -> None:
    """A hundred nodes that tell their load every so many services: the least loaded herds, two choices much less.

    Theory lets chance decide between equal loads. Two choices take the node with fewer recent picks and do a little
    better: no better than with fresh loads, no worse than theory.
    """
    (finding,) = run(case, share=0.2)
    assert finding.z <= FAR
    if case.row == "least loaded":
        assert finding.z >= -FAR
    else:
        assert finding.found.value >= power_of_d.mean_response(2, 0.9)


def test_no_blind_rule_beats_even_gaps_of_equal_work() -> None:
    """Equal sizes at equal gaps: whoever takes turns never lets anybody wait (D/D/1), at 99 % of the load."""
    (result,) = simulate(
        ["round_robin"],
        nodes=4,
        arrivals={"kind": "steady", "rate": 4 * 0.99},
        service=Deterministic(1.0),
        requests=40_000,
        seed=1,
    )
    assert result.mean.value == pytest.approx(1.0, abs=1e-6)
    assert result.max == pytest.approx(1.0, rel=1e-3)
