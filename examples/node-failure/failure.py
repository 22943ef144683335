"""What if a node slows down, answers nothing but 503, or dies? Six nodes, and one misfortune after another."""

import sys
from pathlib import Path

from evenly.simulate import Exponential, Fail, Kill, Poisson, Recover, Slow, simulate

OUT = Path(__file__).parent / "out"
TIMELINE = [
    Slow(at=20, node="n0", factor=10),
    Recover(at=40, node="n0"),
    Fail(at=60, node="n1"),
    Recover(at=80, node="n1"),
    Kill(at=100, node="n2"),
    Recover(at=120, node="n2"),
]


def slowest(result, begin, end):
    """The worst p99 of any point between two moments."""
    return max(point.p99 for point in result.series if begin <= point.at < end and point.p99)


def main():
    strategies = ["random", "round_robin", "least_connections", "power_of_two"]
    common = {"nodes": 6, "arrivals": Poisson(rate=300), "service": Exponential(mean=0.010)}
    result = simulate(strategies, **common, seconds=150, timeline=TIMELINE, seed=7)
    print(result.scenario.summary)
    for event in TIMELINE:
        print(f"  {event.at:>4.0f} s  {event}")
    print()
    print(result.table("mean", "p99", "lost", "retries"), end="\n\n")
    OUT.mkdir(exist_ok=True)
    print(f"drawn: {result.plot(OUT / 'node-failure.png')}\n")

    chance, chosen = result["random"], result["power_of_two"]
    claims = {
        "a slow node is felt by random: the worst p99 is above a second": slowest(chance, 20, 40)
        > 1,
        "power_of_two keeps it at a tenth of that": slowest(chosen, 22, 40)
        < slowest(chance, 22, 40) / 10,
        "at most one request in a thousand is lost by anyone, thanks to ejection and retries": all(
            one.lost_share < 0.001 for one in result
        ),
    }
    for claim, held in claims.items():
        print(f"{'held  ' if held else 'BROKEN'} {claim}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
