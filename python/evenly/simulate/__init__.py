"""The engine on a virtual clock: try a policy before deploying it.

from evenly.simulate import Exponential, Poisson, simulate

result = simulate(["random", "power_of_two"], nodes=10, arrivals=Poisson(rate=9), service=Exponential(mean=1))
print(result.table("mean", "p99", "peak_to_mean"))
"""

from evenly.simulate.arrivals import Bursty, Closed, Diurnal, Poisson, Steady, Trace
from evenly.simulate.estimate import Estimate
from evenly.simulate.faults import InvalidScenario
from evenly.simulate.keys import KeyTrace, Zipf
from evenly.simulate.nodes import SimNode
from evenly.simulate.result import Point, Result, Results, Served
from evenly.simulate.run import Interrupted, run, simulate
from evenly.simulate.scenario import QUANTILES, Scenario
from evenly.simulate.service import (
    BoundedPareto,
    Deterministic,
    Empirical,
    Exponential,
    HyperExponential,
    LogNormal,
    Uniform,
)
from evenly.simulate.sweep import Sweep, SweepInterrupted, sweep
from evenly.simulate.table import Table
from evenly.simulate.timeline import (
    Drain,
    Event,
    Fail,
    Hang,
    Join,
    Kill,
    Leave,
    Recover,
    SetSpeed,
    SetWeight,
    Slow,
)

__all__ = [
    "QUANTILES",
    "BoundedPareto",
    "Bursty",
    "Closed",
    "Deterministic",
    "Diurnal",
    "Drain",
    "Empirical",
    "Estimate",
    "Event",
    "Exponential",
    "Fail",
    "Hang",
    "HyperExponential",
    "Interrupted",
    "InvalidScenario",
    "Join",
    "KeyTrace",
    "Kill",
    "Leave",
    "LogNormal",
    "Point",
    "Poisson",
    "Recover",
    "Result",
    "Results",
    "Scenario",
    "Served",
    "SetSpeed",
    "SetWeight",
    "SimNode",
    "Slow",
    "Steady",
    "Sweep",
    "SweepInterrupted",
    "Table",
    "Trace",
    "Uniform",
    "Zipf",
    "run",
    "simulate",
    "sweep",
]
