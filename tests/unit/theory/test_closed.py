"""Closed forms of queues, held to tables that were computed independently, to every printed digit."""

from __future__ import annotations

import math

import pytest

from evenly.theory.closed import (
    mg1,
    mm1,
    mmc,
    power_of_d,
    reference,
    round_robin,
    shortest_queue,
)

LOADS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
TWO_TO_FIVE = {
    0.5: (1.2657, 1.1252, 1.0625, 1.0313, 1.0010),
    0.6: (1.4074, 1.2182, 1.1296, 1.0778, 1.0060),
    0.7: (1.6145, 1.3568, 1.2409, 1.1681, 1.0282),
    0.8: (1.9474, 1.5809, 1.4211, 1.3289, 1.1074),
    0.9: (2.6141, 2.0279, 1.7778, 1.6329, 1.3487),
    0.95: (3.3830, 2.5351, 2.1864, 1.9888, 1.6023),
    0.98: (4.5155, 3.2699, 2.7742, 2.4931, 1.9254),
    0.99: (5.4320, 3.8578, 3.2412, 2.9017, 2.2354),
    0.999: (8.6516, 5.9021, 4.8669, 4.3001, 3.2152),
}
LEAST_WORK = {
    0.5: (1.1507, 1.0451),
    0.7: (1.3742, 1.1458),
    0.8: (1.5963, 1.2556),
    0.9: (2.0503, 1.4875),
    0.95: (2.5794, 1.7595),
    0.99: (3.9966, 2.4810),
}


def printed(value: float, digits: int) -> object:
    """Equal to a table's entry: half a unit of the last printed digit, with a hair for its own rounding."""
    return pytest.approx(value, rel=0, abs=0.501 * 10**-digits)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (0.50, (1.3863, 2.3105, 3.4657, 6.9315, 13.8629, 69.3147)),
        (0.95, (5.9915, 9.9858, 14.9787, 29.9573, 59.9146, 299.573)),
        (0.99, (9.2103, 15.3506, 23.0259, 46.0517, 92.1034, 460.517)),
    ],
)
def test_one_server_has_the_tables_mean_and_quantiles(
    level: float, expected: tuple[float, ...]
) -> None:
    """M/M/1: the mean is S/(1−ρ), every quantile that of an exponential law."""
    assert [mm1.mean_response(rho) for rho in LOADS] == [
        printed(mean, 4) for mean in (2, 3.3333, 5, 10, 20, 100)
    ]
    found = [mm1.quantile(level, rho) for rho in LOADS]
    assert found == [printed(value, 4 if value < 100 else 3) for value in expected]


@pytest.mark.parametrize(
    ("servers", "waits", "means"),
    [
        (
            2,
            (0.33333, 0.57647, 0.71111, 0.85263, 0.92564, 0.98503),
            (1.3333, 1.9608, 2.7778, 5.2632, 10.2564, 50.2513),
        ),
        (
            4,
            (0.17391, 0.42865, 0.59643, 0.78775, 0.89142, 0.97791),
            (1.0870, 1.3572, 1.7455, 2.9694, 5.4571, 25.4476),
        ),
        (
            8,
            (0.05904, 0.27060, 0.45764, 0.70153, 0.84417, 0.96780),
            (1.0148, 1.1128, 1.2860, 1.8769, 3.1104, 13.0975),
        ),
        (
            10,
            (0.03611, 0.22173, 0.40918, 0.66873, 0.82559, 0.96374),
            (1.0072, 1.0739, 1.2046, 1.6687, 2.6512, 10.6374),
        ),
        (
            100,
            (0.00000, 0.00046, 0.01965, 0.21694, 0.50646, 0.88277),
            (1.0000, 1.0000, 1.0010, 1.0217, 1.1013, 1.8828),
        ),
    ],
)
def test_a_shared_queue_has_the_tables_waits_and_means(
    servers: int, waits: tuple[float, ...], means: tuple[float, ...]
) -> None:
    """M/M/c by Erlang's C."""
    assert [mmc.erlang_c(servers, rho) for rho in LOADS] == [printed(c, 5) for c in waits]
    assert [mmc.mean_response(servers, rho) for rho in LOADS] == [printed(t, 4) for t in means]


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (2, (5.666, 8.2656, 11.9374, 23.3444, 46.3326, 230.514)),
        (10, (4.6142, 4.7103, 4.9461, 6.2499, 10.2085, 46.736)),
        (100, (4.6052, 4.6052, 4.6062, 4.6290, 4.7244, 6.5149)),
    ],
)
def test_a_shared_queue_has_the_tables_99th_percentile(
    servers: int, expected: tuple[float, ...]
) -> None:
    """A wait by Erlang's C followed by a service, also where both rates are equal (10 servers at .9)."""
    found = [mmc.quantile(0.99, servers, rho) for rho in LOADS]
    assert found == [
        printed(value, 3 if value in {5.666, 46.736, 230.514} else 4) for value in expected
    ]


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (1, (0.333333, 0.411765, 0.444444, 0.473684, 0.5, 0.545455)),
        (2, (0.2, 0.289941, 0.329897, 0.366516, 0.4, 0.458599)),
        (4, (0.095238, 0.183724, 0.228145, 0.270685, 0.310680, 0.382206)),
        (8, (0.030420, 0.100152, 0.144394, 0.190313, 0.235570, 0.319219)),
        (10, (0.018385, 0.078741, 0.121661, 0.167963, 0.214582, 0.301925)),
        (16, (0.004530, 0.042787, 0.080647, 0.126412, 0.175308, 0.270103)),
        (32, (0.000146, 0.011718, 0.036861, 0.077975, 0.128633, 0.233710)),
        (100, (0.0, 0.000138, 0.003992, 0.026957, 0.075700, 0.196270)),
    ],
)
def test_losses_are_those_of_erlang(servers: int, expected: tuple[float, ...]) -> None:
    """Erlang's B, also above what the servers can do: nobody waits, so no queue grows."""
    shares = (0.5, 0.7, 0.8, 0.9, 1.0, 1.2)
    assert [mmc.erlang_b(servers, servers * share) for share in shares] == [
        printed(loss, 6) for loss in expected
    ]


def test_servers_for_one_percent_of_loss_are_those_of_the_tables() -> None:
    """18, 64 and 117 servers for 10, 50 and 100 Erlang, and one fewer would lose more."""
    for offered, servers in ((10, 18), (50, 64), (100, 117)):
        assert mmc.servers_for(0.01, offered) == servers
        assert mmc.erlang_b(servers, offered) <= 0.01 < mmc.erlang_b(servers - 1, offered)


@pytest.mark.parametrize(
    ("cv2", "expected"),
    [
        (0, (1.5, 2.1667, 3, 5.5, 10.5, 50.5)),
        (4, (3.5, 6.8333, 11, 23.5, 48.5, 248.5)),
        (10, (6.5, 13.8333, 23, 50.5, 105.5, 545.5)),
    ],
)
def test_sizes_of_any_law_wait_by_pollaczek_and_khinchine(
    cv2: float, expected: tuple[float, ...]
) -> None:
    """M/G/1: only the variance of the sizes matters, and with cv² = 1 the queue is M/M/1."""
    assert [mg1.mean_response(rho, cv2) for rho in LOADS] == [printed(t, 4) for t in expected]
    assert [mg1.mean_response(rho, 1.0) for rho in LOADS] == pytest.approx(
        [mg1.mean_response_shared(rho) for rho in LOADS]
    )


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (1, (2, 3.3333, 5, 10, 20, 100)),
        (2, (1.6180, 2.6006, 3.8440, 7.5883, 15.0857, 75.0838)),
        (3, (1.4937, 2.3577, 3.4594, 6.7847, 13.4478, 66.7784)),
        (4, (1.4325, 2.2367, 3.2674, 6.3830, 12.6289, 62.6258)),
        (8, (1.3424, 2.0558, 2.9797, 5.7807, 11.4006, 56.3968)),
        (10, (1.3246, 2.0198, 2.9223, 5.6603, 11.1549, 55.1510)),
        (16, (1.2983, 1.9658, 2.8361, 5.4796, 10.7865, 53.2823)),
        (32, (1.2765, 1.9209, 2.7644, 5.3291, 10.4795, 51.7250)),
        (100, (1.2619, 1.8905, 2.7157, 5.2268, 10.2707, 50.6661)),
        (math.inf, (1.2550, 1.8762, 2.6927, 5.1787, 10.1724, 50.1678)),
    ],
)
def test_round_robin_has_the_tables_means(nodes: float, expected: tuple[float, ...]) -> None:
    """E_k/M/1, from a random split (1) to deterministic arrivals (∞); the 99th percentile is 4.6052 means."""
    found = [round_robin.mean_response(nodes, rho) for rho in LOADS]
    assert found == [printed(mean, 4) for mean in expected]
    assert round_robin.quantile(0.99, nodes, 0.9) == pytest.approx(4.6052 * found[3], rel=1e-5)


@pytest.mark.parametrize("rho", TWO_TO_FIVE)
def test_many_nodes_and_d_choices_have_the_tables_means(rho: float) -> None:
    """The mean field for d = 2, 3, 4, 5, 10; one choice is M/M/1."""
    found = [power_of_d.mean_response(choices, rho) for choices in (2, 3, 4, 5, 10)]
    assert found == [printed(mean, 4) for mean in TWO_TO_FIVE[rho]]
    assert power_of_d.mean_response(1, 0.9) == pytest.approx(10, rel=1e-12)


@pytest.mark.parametrize("rho", LEAST_WORK)
def test_least_work_of_d_has_the_tables_means(rho: float) -> None:
    """Joining the least remaining work of two or three drawn nodes."""
    found = [power_of_d.least_work_response(choices, rho) for choices in (2, 3)]
    assert found == [printed(mean, 4) for mean in LEAST_WORK[rho]]


def test_two_choices_have_the_tables_tails_and_quantiles() -> None:
    """s_i = ρ^(2^i − 1), and the response as a mixture of Erlang laws over the queue found."""
    expected = {
        0.9: (0.9, 0.729, 0.478297, 0.205891, 0.038152, 0.001310),
        0.99: (
            0.99,
            0.970299,
            0.932065,
            0.860058,
            0.732303,
            0.530906,
            0.279042,
            0.077086,
            0.005883,
        ),
    }
    for rho, tails in expected.items():
        found = power_of_d.tails(2, rho)
        assert found[0] == 1.0
        assert found[1 : len(tails) + 1] == [printed(share, 6) for share in tails]
    quantiles = {
        0.5: (0.9016, 3.7059, 5.5754, 8.1814),
        0.8: (1.5329, 5.1806, 7.3739, 10.3148),
        0.9: (2.2019, 6.4033, 8.7910, 11.9316),
        0.95: (2.9937, 7.6646, 10.2177, 13.5306),
        0.99: (5.1022, 10.6269, 13.4968, 17.1466),
    }
    for rho, row in quantiles.items():
        found = [power_of_d.quantile(level, 2, rho) for level in (0.5, 0.95, 0.99, 0.999)]
        assert found == [printed(value, 4) for value in row]


def test_littles_law_ties_requests_to_time() -> None:
    """M/M/1 at .9 holds 9 requests; two choices at .9 hold 2.3527 per node."""
    assert mm1.in_system(0.9) == printed(9, 4)
    assert power_of_d.in_system(2, 0.9) == printed(2.3527, 4)


def test_the_first_correction_brings_a_thousand_nodes_within_the_error_of_simulation() -> None:
    """At n = 1000 what is left of 1/n² is far below the simulation's own error: |z| ≤ 3 in each column."""
    for rho, (mean, error) in reference.FEW_NODES["two choices", 1000].items():
        found = power_of_d.mean_response_of(1000, 2, rho)
        assert abs(found - mean) <= 3 * error


def test_the_first_correction_is_near_at_ten_nodes() -> None:
    """The constants fitted to simulations were .18, .55, 1.15, 3.1, 7.7 and 50; theirs contain what 1/n² adds."""
    for rho, fitted in zip(LOADS, (0.18, 0.55, 1.15, 3.1, 7.7, 50.0), strict=True):
        assert power_of_d.correction(2, rho) == pytest.approx(fitted, rel=0.1)
    for rho in (0.5, 0.7, 0.8, 0.9):
        expected = reference.FEW_NODES["two choices", 10][rho].mean
        assert power_of_d.mean_response_of(10, 2, rho) == pytest.approx(expected, rel=0.025)
    # With replacement: 2.7513 requests per node at .9 and n = 10 (Gast, Van Houdt 2017, table 1).
    replaced = power_of_d.mean_response_of(10, 2, 0.9, replacement=True)
    assert 0.9 * replaced == pytest.approx(2.7513, abs=1e-4)


def test_two_nodes_and_the_shortest_queue_have_the_exact_chains_means() -> None:
    """The series agrees with a truncated chain, which at .95 is short by one unit of its fifth digit."""
    expected = (1.42632, 2.10820, 2.95574, 5.47491, 10.48663)
    for rho, mean in zip(LOADS, expected, strict=False):
        assert shortest_queue.mean_response_two(rho) == pytest.approx(mean, rel=0, abs=1.1e-5)


def test_the_bound_of_the_shortest_queue_is_near_for_one_node() -> None:
    """M/M/1 at .9: at most 9.5 where 9 is true; for two nodes it holds as well."""
    assert shortest_queue.in_system_bound([1.0], 0.9) == pytest.approx(9.5)
    for rho in LOADS:
        held = 2 * rho * shortest_queue.mean_response_two(rho)
        assert held <= shortest_queue.in_system_bound([1.0, 1.0], 2 * rho)
