"""What comes out of a simulation: estimates, results by name, tables, and runs that end early."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

import evenly
from evenly.errors import EvenlyError, StrategyFault
from evenly.simulate import (
    Closed,
    Deterministic,
    Estimate,
    Exponential,
    Join,
    Kill,
    Poisson,
    Recover,
    Results,
    SimNode,
    Steady,
    Trace,
    Zipf,
    simulate,
)

IN_FLIGHT = {"name": "power_of_two", "load": "in_flight"}


def small(**changes: Any) -> Results:
    """A small run with something changed."""
    usual = {
        "strategies": ["random", "round_robin", IN_FLIGHT],
        "nodes": 10,
        "arrivals": Poisson(rate=9),
        "service": Exponential(mean=1),
        "requests": 20_000,
        "seed": 7,
    }
    return simulate(**{**usual, **changes})


@pytest.fixture(scope="module")
def results() -> Results:
    """Three strategies on the same requests."""
    return small()


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (2.9812, 0.023, "2.98 ± 0.02"),
        (2.9812, 0.0123, "2.981 ± 0.012"),
        (2.9812, 0.0199, "2.98 ± 0.02"),
        (45.23, 1.84, "45.2 ± 1.8"),
        (45.23, 2.4, "45 ± 2"),
        (123_456.7, 890, "123,457 ± 890"),
        (0.5, 0, "0.5"),
        (1.2345, math.inf, "1.23 ± ?"),
        (math.nan, math.inf, "–"),
    ],
)
def test_an_estimate_is_written_as_far_as_it_is_known(value: float, half: float, text: str) -> None:
    """One digit of the interval, two when the first is a 1; nothing feigned where there is none."""
    assert str(Estimate(value, half, half / 2)) == text


def test_an_estimate_is_a_value_with_an_interval() -> None:
    """`float()` gives the value; one is below another only when the whole intervals are."""
    one, other = Estimate(1.0, 0.1, 0.05), Estimate(1.3, 0.1, 0.05)
    assert (float(one), one.low, one.high) == (1.0, 0.9, 1.1)
    assert one.below(other)
    assert other.above(one)
    assert not one.below(Estimate(1.15, 0.1, 0.05))
    assert one.below(1.2)
    assert not Estimate(math.nan, math.inf, math.inf).below(other)


def test_a_result_is_found_by_place_label_or_name(results: Results) -> None:
    """The name is enough where only one has it."""
    assert results[0] is results["random"]
    assert results["power_of_two"] is results["power_of_two(load=in_flight)"] is results[2]
    with pytest.raises(KeyError, match="did you mean 'random'"):
        results["randm"]
    both = small(strategies=["power_of_two", IN_FLIGHT], requests=1000)
    assert both["power_of_two"] is both[0]
    two = small(strategies={"a": "random", "b": "random"}, requests=1000)
    with pytest.raises(KeyError, match=r"the name of several: write one of \['a', 'b'\]"):
        two["random"]


def test_every_figure_of_a_result_is_there(results: Results) -> None:
    """All requests end well on nodes that do not fail, and the picks of the nodes add up to them."""
    for result in results:
        assert result.complete
        assert (result.requests, result.ok, result.lost, result.retries) == (20_000, 20_000, 0, 0)
        assert sum(node.picks for node in result.nodes) == 20_000
        assert result.p50.value < result.mean.value < result.p95.value
        assert result.p95.value < result.p99.value < result.p999.value <= result.max
        assert result.lost_share == 0
        assert result.peak_to_mean.value >= 1 >= result.jain.value > 0
        assert 0 <= result.balance_ratio.value <= 1
        assert result.throughput.value == pytest.approx(9, abs=5 * result.throughput.half_width)
        assert result.series == ()
    with pytest.raises(KeyError, match=r"quantile 0\.42 is not kept"):
        results[0].quantile(0.42)


def test_littles_law_holds_between_the_figures(results: Results) -> None:
    """Requests in the system = throughput × response time, within the three intervals."""
    for result in results:
        product = result.throughput.value * result.mean.value
        slack = result.throughput.half_width * result.mean.value + (
            result.mean.half_width * result.throughput.value
        )
        assert abs(product - result.in_system.value) <= slack + result.in_system.half_width


def test_the_same_scenario_gives_the_same_result_on_any_number_of_cores() -> None:
    """The result is a function of the scenario, not of how it was run; another seed gives another."""
    one = small(replications=3, requests=3000, cores=1)
    assert one.json() == small(replications=3, requests=3000, cores=4).json()
    assert one.json() != small(replications=3, requests=3000, seed=8).json()


def test_replications_narrow_the_interval() -> None:
    """Sixteen independent runs in the place of one: about a quarter as wide, certainly below half."""
    one = small(strategies="random", requests=5000)
    many = small(strategies="random", requests=5000, replications=16)
    assert many[0].requests == 16 * one[0].requests
    assert many[0].mean.half_width < one[0].mean.half_width / 2


def test_a_table_stands_in_columns(results: Results) -> None:
    """Every ± of a column stands above the next one; times share one unit."""
    table = results.table("mean", "p99", "peak_to_mean")
    lines = str(table).splitlines()
    assert len(lines) == 4
    assert lines[0].split() == ["strategy", "mean", "[s]", "p99", "[s]", "peak_to_mean"]
    marks = [[at for at, letter in enumerate(line) if letter == "±"] for line in lines[1:]]
    assert len(marks[0]) == 3
    assert marks[0] == marks[1] == marks[2]
    assert table.rows[0][:2] == ("random", results[0].mean)
    fast = small(arrivals=9000, service=Exponential(0.001), requests=2000)
    assert "mean [ms]" in str(fast.table("mean"))
    assert str(results) == str(results.table()) == repr(results)


def test_a_column_that_is_none_is_told_the_nearest(results: Results) -> None:
    """As everywhere."""
    with pytest.raises(EvenlyError, match='Did you mean "p999"'):
        results.table("p9999")


def test_results_are_plain_json(results: Results) -> None:
    """Everything, for programs: it survives being written and read."""
    read = json.loads(json.dumps(results.json(), allow_nan=False))
    assert [one["label"] for one in read["results"]] == [result.label for result in results]
    assert read["results"][0]["response"]["mean"]["value"] == float(results[0].mean)
    assert (read["seed"], read["complete"], read["notes"]) == (7, True, [])


def test_an_overloaded_cluster_is_said_to_be_one() -> None:
    """Figures of a queue that grows for ever hang on how long one looked."""
    over = small(arrivals=11, requests=1000)
    assert "the nodes are offered 110% of what they can do" in over.notes[0]
    assert str(over).splitlines()[-1] == f"note: {over.notes[0]}"
    short = small(nodes=[SimNode(queue_limit=3)], arrivals=1.5, requests=1000)
    assert short.notes == ("the nodes are offered 150% of what they can do: the rest is refused",)
    assert short[0].lost > 0


def test_hashing_without_keys_is_said_to_be_chance() -> None:
    """Its figures would be mistaken for those of a hash."""
    bare = small(strategies=["random", "consistent_hash"], requests=1000)
    assert bare.notes[0].startswith("consistent_hash: requests have no keys here")
    keyed = small(strategies=["consistent_hash"], arrivals=3, requests=1000, keys=Zipf(10_000, 0))
    assert keyed.notes == ()
    assert keyed[0].mean != bare[1].mean


def test_what_would_have_come_after_the_end_is_said() -> None:
    """Runs of 100 s do not see what happens at 1,000 s, however many there are."""
    late = [Kill(50, "n0"), Kill(1_000, "n1")]
    made = small(nodes=3, arrivals=1, requests=None, seconds=100, replications=4, timeline=late)
    assert "before this came about: n1 killed, at 1000 s" in made.notes[-1]
    seen = small(nodes=3, arrivals=1, requests=None, seconds=100, timeline=late[:1])
    assert not any("came about" in note for note in seen.notes)


def test_a_node_that_drowns_is_named() -> None:
    """All together could do the work, and the slow one gets as much as the fast ones."""
    nodes = [SimNode(), SimNode(), SimNode(id="slow", speed=0.2)]
    made = small(strategies=["round_robin", IN_FLIGHT], nodes=nodes, arrivals=1.5)
    (note,) = made.notes
    assert note.startswith("round_robin: slow is busy all the time; what waits there grows")


def test_round_robin_is_exact_in_turn() -> None:
    """Each of four nodes is given exactly a quarter, and steady work on it never waits."""
    made = small(
        strategies="round_robin",
        nodes=4,
        arrivals=Steady(2),
        service=Deterministic(1),
        requests=4000,
        warmup=0,
    )
    assert [node.picks for node in made[0].nodes] == [1000] * 4
    assert float(made[0].mean) == pytest.approx(1, rel=2e-3)
    assert [node.utilisation for node in made[0].nodes] == pytest.approx([0.5] * 4, rel=2e-3)


def test_a_strategy_in_python_meets_the_same_requests() -> None:
    """A function that always names the first node makes a single server of the cluster."""

    def leftmost(view: evenly.View) -> evenly.NodeView:
        return view.nodes[0]

    made = small(strategies=[leftmost, "random"], nodes=3, arrivals=0.5, requests=2000)
    assert [node.picks for node in made["leftmost"].nodes] == [2000, 0, 0]
    alone = small(strategies="random", nodes=1, arrivals=0.5, requests=2000)
    assert made["leftmost"].mean == alone[0].mean


def test_a_strategy_that_errs_is_no_simulation() -> None:
    """What it raises comes through; an answer that is no node is its fault."""

    def broken(view: evenly.View) -> evenly.NodeView:
        raise LookupError("broken on purpose")

    def beside(view: evenly.View) -> Any:
        return "n0"

    with pytest.raises(LookupError, match="broken on purpose"):
        small(strategies=broken, requests=100)
    with pytest.raises(StrategyFault):
        small(strategies=beside, requests=100)


def test_events_show_in_the_series() -> None:
    """A node that joins at 50 s gets nothing before, one that is killed there nothing after."""
    made = small(
        strategies="round_robin",
        nodes=[SimNode(), SimNode(joins=False)],
        arrivals=Steady(100),
        service=Deterministic(0.001),
        requests=10_000,
        series_every=10,
        settings={"slow_start": 0},
        timeline=[Join(50, "n1"), Kill(70, "n0"), Recover(90, "n0")],
    )
    series = made[0].series
    assert [point.at for point in series][:10] == [10.0 * step for step in range(10)]
    assert [point.picks[1] for point in series][:5] == [0] * 5
    assert series[5].picks == (500, 500)
    assert series[8].picks[0] < 10
    assert series[8].lost_share == 0
    assert made[0].retries > 0


def test_clients_in_a_circle_need_no_rate() -> None:
    """Four clients that ask again at once keep four nodes busy all the time."""
    made = small(
        strategies="least_connections",
        nodes=4,
        arrivals=Closed(clients=4),
        service=Deterministic(1),
        requests=4000,
    )
    assert float(made[0].throughput) == pytest.approx(4, rel=0.01)


def test_a_trace_ends_when_it_ends() -> None:
    """It has as many requests as it names, whatever else is said."""
    made = small(strategies="random", arrivals=Trace([0.0, 0.5, 0.5, 2.0]), requests=None)
    assert made[0].requests == 4
