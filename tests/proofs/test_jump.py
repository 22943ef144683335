"""Jump hashing: the engine places keys where the proved arithmetic does, rounding included."""

from __future__ import annotations

import random

from evenly.theory.laws.ground import cluster
from evenly.theory.laws.hashing import owners
from evenly.theory.specs.xxh3 import xxh3
from tests.proofs.model import Coq, listed


def test_the_engine_places_keys_where_the_proved_model_does(coq: Coq) -> None:
    """For random weights, and for hundreds of buckets."""
    rng, asked, found = random.Random(13), [], []
    for trial in range(12):
        weights = [rng.choice((1, 2, 7, 40)) for _ in range(rng.randint(1, 12))]
        places = [xxh3(trial, str(key).encode()) for key in range(50)]
        found.append(owners(cluster(weights, "jump", hash_seed=trial), 50))
        model = f"owner {listed(weights)}%N"
        asked.append(f"[seq {model} key | key <- {listed(places)}%num]")
    assert coq.compute_all("Jump", asked) == found


def test_a_leap_is_rounded_as_floating_point_is(coq: Coq) -> None:
    """Also where that ends a bucket before the exact quotient, as it does from bucket 48 on a draw of 49."""
    rng = random.Random(31)
    leaps = [
        *((bucket, draw) for bucket in range(0, 200, 8) for draw in (1, 2, 3, 49, 98, 2**31)),
        *((rng.randrange(10 ** rng.randint(1, 9)), rng.randint(1, 2**31)) for _ in range(300)),
    ]
    buckets, draws = ([leap[side] for leap in leaps] for side in (0, 1))
    pairs = f"zip {listed(buckets)}%num {listed(draws)}%num"
    got = coq.compute("Jump", f"[seq float_leap leap.1 leap.2 | leap <- {pairs}]")
    assert got == [int((bucket + 1) * (float(1 << 31) / float(draw))) for bucket, draw in leaps]
    exact = [(bucket + 1) * 2**31 // draw for bucket, draw in leaps]
    assert 0 < sum(one != other for one, other in zip(got, exact, strict=True)) < 10
