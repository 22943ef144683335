"""Which strategy for my load? Four fast nodes, two slow ones, and requests of 20 ms on average, some far longer."""

import sys
from pathlib import Path

from evenly.simulate import LogNormal, Poisson, SimNode, simulate

OUT = Path(__file__).parent / "out"
NODES = [
    *(SimNode(id=f"fast-{i}") for i in range(4)),
    *(SimNode(id=f"slow-{i}", speed=0.5) for i in range(2)),
]


def main():
    result = simulate(
        [
            "random",
            "round_robin",
            "least_connections",
            {"name": "power_of_two", "load": "in_flight"},
            "power_of_two",
        ],
        nodes=NODES,
        arrivals=Poisson(rate=130),
        service=LogNormal(mean=0.020, cv=1.5),
        requests=400_000,
        replications=4,
        seed=7,
    )
    print(result.scenario.summary, end="\n\n")
    print(result.table("mean", "p50", "p99", "p999", "peak_to_mean"), end="\n\n")
    OUT.mkdir(exist_ok=True)
    print(f"drawn: {result.plot(OUT / 'choose-a-policy.png')}\n")

    blind = [result["random"], result["round_robin"]]
    looking = [result["least_connections"], result[3], result[4]]
    claims = {
        "every strategy that looks at load has a lower p99 than both that do not, beyond the intervals": all(
            one.p99.below(other.p99) for one in looking for other in blind
        ),
        "nodes in turn beat nodes by chance on the mean": blind[1].mean.below(blind[0].mean),
        "no request is lost": all(one.lost == 0 for one in result),
    }
    for claim, held in claims.items():
        print(f"{'held  ' if held else 'BROKEN'} {claim}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
