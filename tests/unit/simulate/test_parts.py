"""Parts of a scenario: what they mean, and that what cannot be is refused with what to write instead."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from statistics import fmean
from typing import Any

import pytest

from evenly.simulate import (
    BoundedPareto,
    Bursty,
    Closed,
    Deterministic,
    Diurnal,
    Empirical,
    Exponential,
    Fail,
    HyperExponential,
    InvalidScenario,
    KeyTrace,
    Kill,
    LogNormal,
    Poisson,
    Scenario,
    SetWeight,
    SimNode,
    Slow,
    Steady,
    Trace,
    Uniform,
    Zipf,
)
from evenly.simulate.arrivals import ARRIVALS
from evenly.simulate.keys import KEYS
from evenly.simulate.run import scenario_from
from evenly.simulate.service import SERVICE
from evenly.simulate.timeline import EVENTS

NUMBER = "must be a number above 0, not"
HOW = 'seconds (1.5) or a text such as "250ms", "5s", "2m"'
TIME = f"must be a time: {HOW}"
SOME_TIME = f"must be a time above 0: {HOW}"

# What is made, and what is said of it.
WRONG: dict[str, tuple[Any, str]] = {
    "no rate": (lambda: Poisson(0), f"Poisson.rate: {NUMBER} 0"),
    "a rate as text": (lambda: Poisson("9"), f'Poisson.rate: {NUMBER} "9"'),
    "a rate that is true": (lambda: Poisson(True), f"Poisson.rate: {NUMBER} true"),
    "no number": (lambda: Steady(math.nan), f"Steady.rate: {NUMBER} NaN"),
    "a burst without its time": (
        lambda: Bursty(rates=[1, 9], dwell=[1, 2, 3]),
        "Bursty.dwell: must hold one time for each of the 2 rates, not 3",
    ),
    "silence alone": (
        lambda: Bursty([0, 0], [1, 1]),
        "Bursty.rates: must hold one rate above 0",
    ),
    "one rate is no burst": (
        lambda: Bursty([1], [1, 1]),
        "Bursty.rates: must be a list of rates, not of 1",
    ),
    "a swing beyond the mean": (
        lambda: Diurnal(9, amplitude=1.5),
        "Diurnal.amplitude: must be a share from 0 to 1, not 1.5",
    ),
    "time backwards": (
        lambda: Trace([0.5, 0.25]),
        "Trace.times[1]: comes before the one ahead of it (0.5): sort them",
    ),
    "no times": (lambda: Trace([]), "Trace.times: must be a list of seconds, not empty"),
    "half a client": (
        lambda: Closed(clients=1.5),
        "Closed.clients: must be a whole number from 1, not 1.5",
    ),
    "a service that takes no time": (
        lambda: Exponential("0s"),
        f'Exponential.mean: {SOME_TIME}, not "0s"',
    ),
    "a service of two weeks": (
        lambda: Deterministic("2 weeks"),
        f'Deterministic.mean: {SOME_TIME}, not "2 weeks"',
    ),
    "less varied than exponential": (
        lambda: HyperExponential(1, cv2=0.5),
        "HyperExponential.cv2: must be a number from 1 (1 is exponential), not 0.5",
    ),
    "ends that are swapped": (
        lambda: BoundedPareto(1.1, low=2, high=1),
        "BoundedPareto.high: must be above low (2), not 1",
    ),
    "a sample that is none": (
        lambda: Empirical([1, "x", -2]),
        f'Empirical.samples[1]: {TIME}, not "x"\nEmpirical.samples[2]: {TIME}, not -2',
    ),
    "negative popularity": (
        lambda: Zipf(10, exponent=-1),
        "Zipf.exponent: must be a number from 0, not -1",
    ),
    "keys that are numbers": (
        lambda: KeyTrace([1]),
        "KeyTrace.keys[0]: must be a text, not 1",
    ),
    "a weight of nothing": (
        lambda: SimNode(weight=0),
        "SimNode.weight: must be a whole number from 1 to 65535, not 0",
    ),
    "an unknown discipline": (
        lambda: SimNode(discipline="fifo"),
        'SimNode.discipline: unknown word "fifo". Allowed: fcfs, ps.',
    ),
    "no truth": (
        lambda: SimNode(joins="no"),
        'SimNode.joins: must be true or false, not "no"',
    ),
    "an event before the start": (lambda: Kill(-1, "n0"), f"Kill.at: {TIME}, not -1"),
    "an event of nobody": (
        lambda: Kill(1, 0),
        "Kill.node: must be the id of a node, not 0",
    ),
    "two faults at once": (
        lambda: Fail(1, "n0", share=2, after=0),
        f"Fail.share: must be a share from 0 to 1, not 2\nFail.after: {SOME_TIME}, not 0",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_refused_with_what_to_write(name: str) -> None:
    """The words are the same in Python and in a file; only the place differs."""
    make, said = WRONG[name]
    with pytest.raises(InvalidScenario) as caught:
        make()
    assert str(caught.value) == said


def test_times_may_be_written_with_their_unit() -> None:
    """As everywhere in Evenly."""
    table = {"kind": "exponential", "mean": "12.5ms"}
    assert scenario(service=table).service == Exponential(0.0125)
    assert scenario(delay="3ms").delay == 0.003


def test_every_part_can_be_written_as_a_table() -> None:
    """A file says `kind = "…"` where Python names a class; the names are all different."""
    for kinds in (ARRIVALS, SERVICE, KEYS, EVENTS):
        assert len({kind.kind for kind in kinds}) == len(kinds)
    made = scenario(
        arrivals={"kind": "bursty", "rates": [1, 30], "dwell": ["60s", 2]},
        service={"kind": "log_normal", "mean": "20ms", "cv": 2},
        keys={"kind": "zipf", "count": 100},
        nodes=[{"speed": 2}, {"id": "odd", "service": {"kind": "deterministic", "mean": 1}}],
        timeline=[{"do": "weight", "at": 1, "node": "odd", "weight": 3}],
    )
    assert made.arrivals == Bursty((1, 30), (60, 2))
    assert made.service == LogNormal(0.02, 2)
    assert made.keys == Zipf(100)
    assert made.nodes == (SimNode(id="n0", speed=2), SimNode(id="odd", service=Deterministic(1)))
    assert made.timeline == (SetWeight(1, "odd", 3),)


@pytest.mark.parametrize(
    "service",
    [BoundedPareto(1.5, 0.01, 10), BoundedPareto(1.0, 0.1, 100), Uniform(1, 4)],
    ids=str,
)
def test_the_mean_of_a_service_is_that_of_its_draws(service: BoundedPareto | Uniform) -> None:
    """By inversion of the distribution function: 200,000 draws, within five standard errors."""
    rng = random.Random(3)
    if isinstance(service, Uniform):
        draws = [rng.uniform(service.low, service.high) for _ in range(200_000)]
    else:
        cut = 1 - (service.low / service.high) ** service.shape
        draws = [
            service.low * (1 - rng.random() * cut) ** (-1 / service.shape) for _ in range(200_000)
        ]
    mean = fmean(draws)
    deviation = math.sqrt(fmean((draw - mean) ** 2 for draw in draws) / len(draws))
    assert abs(mean - service.mean) < 5 * deviation


def test_rates_are_means_over_time() -> None:
    """A burst of 30/s for 2 s in every 62 s, beside 1/s: (60 + 60) / 62."""
    assert Bursty((1, 30), (60, 2)).mean_rate == pytest.approx(120 / 62)
    assert Trace((0, 1, 2, 4)).mean_rate == 0.75
    assert Trace((3,)).mean_rate is None
    assert Closed(5).mean_rate is None


def scenario(**changes: Any) -> Scenario:
    """A sound scenario with something changed."""
    return scenario_from({"strategies": "random", "nodes": 2, "arrivals": 1.0, **changes})


def test_a_scenario_tells_every_fault_at_once() -> None:
    """Correcting one after another is a waste of time."""
    with pytest.raises(InvalidScenario) as caught:
        scenario(
            nodes=0,
            arrivals={"kind": "poison", "rate": 1},
            service={"kind": "exponential"},
            strategies=["rndom", {"name": "consistent_hash", "virtual_nodes": 0}],
            timeline=[{"do": "kill", "at": 1, "nod": "n0"}],
            seeed=1,
            warmup=1,
        )
    assert [place for place, _ in caught.value.faults] == [
        ("seeed",),
        ("strategies", 0),
        ("strategies", 1),
        ("nodes",),
        ("arrivals", "kind"),
        ("service", "mean"),
        ("timeline", 0, "nod"),
        ("timeline", 0, "node"),
        ("warmup",),
    ]
    assert 'seeed: unknown key "seeed". Did you mean "seed"? ' in str(caught.value)
    assert 'arrivals.kind: unknown kind "poison". Did you mean "poisson"? ' in str(caught.value)


def test_an_event_names_a_node_that_is_there() -> None:
    """A typing error must not make a calm run."""
    with pytest.raises(InvalidScenario, match=r'timeline\[1\]\.node: unknown node "n9"'):
        scenario(timeline=[Kill(1, "n1"), Slow(2, "n9")])


def test_nodes_have_different_names() -> None:
    """Names by position may collide with given ones, too."""
    with pytest.raises(InvalidScenario, match=r'nodes\[1\]\.id: "n1" is already nodes\[0\]'):
        scenario(nodes=[SimNode(id="n1"), SimNode()])
    with pytest.raises(InvalidScenario, match="nodes: must have one member from the start"):
        scenario(nodes=[SimNode(joins=False)])


def test_load_is_work_that_comes_beside_work_that_can_be_done() -> None:
    """9 requests of 1 s each second on ten nodes is 90 %; speed, servers and a node's own times count."""
    assert scenario(nodes=10, arrivals=9, service=Exponential(1)).load == pytest.approx(0.9)
    nodes = [
        SimNode(speed=2),
        SimNode(concurrency=3),
        SimNode(service=Deterministic(0.5)),
        SimNode(joins=False),
    ]
    made = scenario(nodes=nodes, arrivals=3.5, service=Exponential(1))
    assert made.load == pytest.approx(3.5 / (2 + 3 + 2))
    assert scenario(nodes=[SimNode(concurrency=None)]).load is None
    assert scenario(arrivals=Closed(3)).load is None


def test_a_timeline_is_drawn_in_about_a_hundred_even_points() -> None:
    """Steps of 1, 2 or 5 times a power of ten."""
    assert scenario().interval is None
    assert scenario(series_every=3).interval == 3
    kill = [Kill(10, "n0")]
    assert scenario(requests=1200, arrivals=10, timeline=kill).interval == pytest.approx(1)
    assert scenario(seconds=130, timeline=kill).interval == pytest.approx(2)
    assert scenario(seconds=599, timeline=kill).interval == pytest.approx(5)
    assert scenario(arrivals=Closed(3), timeline=kill).interval == pytest.approx(0.2)


def test_a_scenario_can_be_changed() -> None:
    """`dataclasses.replace` takes what was read before, and checks what is new."""
    made = scenario(settings={"slow_start": "5s"}, timeline=[Kill(1, "n0")])
    assert replace(made, seed=8).settings.engine == {"slow_start": 5.0}
    assert replace(made, seed=8) != made == replace(made)
    with pytest.raises(InvalidScenario, match=r"Scenario\.seed: must be a whole number from 0"):
        replace(made, seed=-1)


def test_settings_are_written_as_for_a_balancer() -> None:
    """The words of `evenly.Balancer` and of the configuration, with `retries.extra` of the latter."""
    made = scenario(
        settings={
            "health": {"every": "2s"},
            "ejection": False,
            "slow_start": 0,
            "retries": {"extra": 2, "backoff": "10ms"},
            "queue": {"length": 0},
            "hash_seed": 9,
        }
    ).settings.engine
    assert made["ejection"] is None
    assert (made["slow_start"], made["hash_seed"], made["queue"]["length"]) == (0, 9, 0)
    assert (made["retries"]["extra"], made["retries"]["backoff"]) == (2, 0.01)
    assert made["health"]["every"] == 2
    with pytest.raises(InvalidScenario) as caught:
        scenario(settings={"ejecton": {}, "queue": {"length": -1}, "retries": {"extra": 99}})
    assert str(caught.value).splitlines() == [
        'settings.ejecton: unknown key "ejecton". Did you mean "ejection"? Allowed: health, '
        "ejection, slow_start, retries, queue, hash_seed, subset, decay, failure_penalty.",
        "settings.queue: queue.length: -1: write a whole number from 0",
        "settings.retries: must be a whole number from 0 to 10, not 99",
    ]
