"""Closed forms of shares: balls into bins, rings, Maglev's table, static splits."""

from __future__ import annotations

import itertools
import math

import pytest

from evenly.theory.closed import balls, hashing, split
from tests.unit.theory.test_closed import printed


def test_a_million_balls_fill_the_fullest_of_a_million_bins_as_computed() -> None:
    """P(8) = .3246, P(9) = .5700, P(10) = .0954, P(11) = .0092; the mean is 8.792."""
    million = 10**6
    below = [balls.poisson_fullest_at_most(level, million, million) for level in range(7, 12)]
    chances = [high - low for low, high in itertools.pairwise(below)]
    assert chances == [printed(chance, 4) for chance in (0.3246, 0.5700, 0.0954, 0.0092)]
    assert balls.fullest(million, million) == printed(8.792, 3)


@pytest.mark.parametrize(("count", "simulated"), [(10, 2.750), (100, 4.234), (1000, 5.513)])
def test_the_fullest_bin_is_where_simulations_put_it(count: int, simulated: float) -> None:
    """The exact mean and a simulated one agree within .002."""
    assert balls.fullest(count, count) == pytest.approx(simulated, abs=0.002)


def test_the_fullest_bin_of_few_is_counted_exactly() -> None:
    """Two balls, two bins: 1 or 2 with the same chance; three balls, two bins: 3 in 2 of 8 cases."""
    assert balls.fullest(2, 2) == pytest.approx(1.5, rel=1e-12)
    assert balls.fullest(3, 2) == pytest.approx(2.25, rel=1e-12)
    assert balls.fullest(5, 1) == 5
    assert balls.fullest(0, 3) == 0


@pytest.mark.parametrize(
    ("choices", "count", "simulated"),
    [
        (2, 100, 2.586),
        (2, 1000, 3.007),
        (2, 10**6, 3.995),
        (3, 100, 2.050),
        (3, 1000, 2.384),
        (3, 10**6, 3.0),
    ],
)
def test_choices_bring_the_fullest_bin_down_to_the_logarithm_of_a_logarithm(
    choices: int, count: int, simulated: float
) -> None:
    """The differential equations, read as independent bins, are within .02 of simulations."""
    assert balls.fullest_of_choices(choices, count, count) == pytest.approx(simulated, abs=0.02)


def test_with_choices_the_gap_does_not_grow_with_the_balls() -> None:
    """A thousand bins, a hundred balls each: the fullest is 34, 2.06 and 1.57 above the mean with 1, 2, 3 choices."""
    assert balls.fullest(10**5, 1000) - 100 == pytest.approx(34.2, abs=0.3)
    assert balls.fullest_of_choices(2, 10**5, 1000) - 100 == pytest.approx(2.06, abs=0.03)
    assert balls.fullest_of_choices(3, 10**5, 1000) - 100 == pytest.approx(1.57, abs=0.03)


@pytest.mark.parametrize(
    ("points", "ten", "hundred"),
    [
        (10, (1.537, 2.125), (1.974, 2.601)),
        (40, (1.257, 1.516), (1.442, 1.687)),
        (100, (1.160, 1.316), (1.268, 1.410)),
        (160, (1.125, 1.244), (1.211, 1.323)),
        (1000, (1.049, 1.097), (1.081, 1.119)),
    ],
)
def test_a_ring_is_as_uneven_as_simulated_rings(
    points: int, ten: tuple[float, float], hundred: tuple[float, float]
) -> None:
    """The exact mean agrees with simulated ones within .0015, the 99th percentile within half a percent."""
    for nodes, (mean, high) in ((10, ten), (100, hundred)):
        assert hashing.ring_peak(nodes, points) == pytest.approx(mean, abs=0.0015)
        low, upper = hashing.ring_peak_bounds(0.99, nodes, points)
        assert low <= upper <= low * 1.002
        assert upper == pytest.approx(high, rel=0.005)


def test_one_point_per_node_gives_harmonic_numbers() -> None:
    """H_10 = 2.92897 and H_100 = 5.18738; the general integral gives the same."""
    assert hashing.ring_peak(10, 1) == printed(2.92897, 5)
    assert hashing.ring_peak(100, 1) == printed(5.18738, 5)
    # P(max ≤ x) of one point each by inclusion and exclusion (Fisher 1929).
    _, upper = hashing.ring_peak_bounds(0.99, 10, 1)
    share = upper / 10
    terms = ((-1) ** j * math.comb(10, j) * (1 - j * share) ** 9 for j in range(int(1 / share) + 1))
    assert math.fsum(terms) == pytest.approx(0.99, abs=2e-5)


@pytest.mark.parametrize("points", [1, 10, 40, 100, 160, 1000])
def test_one_shares_deviation_bounds_what_rings_show(points: int) -> None:
    """Within one ring the mean deviation is a little below the root of the mean square, more so for few nodes."""
    shown = {
        1: (0.877, 0.986),
        10: (0.290, 0.314),
        40: (0.146, 0.157),
        100: (0.0923, 0.0993),
        160: (0.0730, 0.0787),
        1000: (0.0292, 0.0315),
    }
    for nodes, deviation, gap in zip((10, 100), shown[points], (0.035, 0.006), strict=True):
        exact = hashing.share_deviation(nodes, points)
        assert exact * (1 - gap) <= deviation <= exact * 1.002


def test_the_rule_of_thumb_is_what_it_says() -> None:
    """1 + √(2 ln k/v) for a hundred nodes."""
    found = [hashing.ring_peak_rule(100, points) for points in (10, 100, 160, 1000)]
    assert found == [printed(value, 3) for value in (1.960, 1.303, 1.240, 1.096)]


@pytest.mark.parametrize(("keys", "peak"), [(10**4, 1.260), (10**5, 1.080), (10**7, 1.0079)])
def test_ideal_hashing_of_few_keys_is_uneven_too(keys: int, peak: float) -> None:
    """Keys into a hundred nodes are balls into bins: peak-to-mean 1.26 for a hundred keys each."""
    digits = 4 if keys > 10**5 else 3
    assert balls.fullest(keys, 100) / (keys / 100) == printed(peak, digits)


@pytest.mark.parametrize(
    ("nodes", "table", "peak"),
    [
        (10, 1009, 1.00099),
        (10, 10007, 1.00030),
        (10, 65537, 1.00005),
        (10, 655373, 1.00001),
        (100, 1009, 1.09019),
        (100, 10007, 1.00929),
        (100, 65537, 1.00096),
        (100, 655373, 1.00004),
        (1000, 10007, 1.09923),
        (1000, 65537, 1.00706),
        (1000, 655373, 1.00096),
    ],
)
def test_maglevs_peak_is_its_rounding(nodes: int, table: int, peak: float) -> None:
    """The table is filled in turns, so shares differ by one slot: ⌈M/k⌉·k/M."""
    assert hashing.maglev_peak(nodes, table) == printed(peak, 5)


def test_a_joining_node_takes_its_share_with_the_spread_of_beta() -> None:
    """Ten nodes and one more: 1/11 on average; .083 of spread with one point each, .00866 with a hundred."""
    mean, spread = hashing.moved_by_join(10, 1)
    assert (mean, spread) == (pytest.approx(1 / 11), printed(0.083, 3))
    assert hashing.moved_by_join(10, 100)[1] == printed(0.00866, 5)


def test_the_square_root_law_beats_weights() -> None:
    """Speeds 1, 2, 4 at a rate of 5: 1.3485 s against 1.5 s in proportion; equal shares overload the slowest."""
    speeds = (1.0, 2.0, 4.0)
    best = split.optimal(speeds, 5.0)
    assert best == [printed(share, 4) for share in (0.5469, 1.3592, 3.0938)]
    assert split.mean_response(speeds, best) == printed(1.3485, 4)
    assert split.mean_response(speeds, split.proportional(speeds, 5.0)) == pytest.approx(1.5)
    assert split.is_stable(speeds, best)
    assert not split.is_stable(speeds, split.equal(speeds, 5.0))


def test_no_small_move_improves_the_square_root_law() -> None:
    """Moving a little load between any two nodes, also to the idle ones, makes the mean no better."""
    speeds = (0.1, 1.0, 2.0, 4.0)
    best = split.optimal(speeds, 3.0)
    assert best[0] == 0.0
    least = split.mean_response(speeds, best)
    for giver in range(4):
        for taker in range(4):
            moved = list(best)
            if giver == taker or moved[giver] < 1e-3:
                continue
            moved[giver] -= 1e-3
            moved[taker] += 1e-3
            assert split.mean_response(speeds, moved) >= least


def test_uniform_sampling_is_limited_by_its_slowest_pair() -> None:
    """Speeds 10, .1, .1: two choices are stable below .6 only, and not below 10.2; equal speeds lose nothing."""
    assert split.uniform_choice_limit((10.0, 0.1, 0.1), 2) == pytest.approx(0.6)
    assert split.uniform_choice_limit((1.0,) * 10, 2) == pytest.approx(10.0)
    assert split.uniform_choice_limit((1.0, 0.1), 1) == pytest.approx(0.2)
