"""Assertions as sentences: what is given, and what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenly.config.duration import written as time
from evenly.config.share import written as share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from evenly.config.expectation import Expectation


def both(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return _joined(words, "and")


def either(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return _joined(words, "or")


def _joined(words: Iterable[str], last: str) -> str:
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else final


def given(test: Expectation) -> str:
    """The circumstances; nothing for usual ones."""
    return both(said) if (said := list(_given(test))) else ""


def _given(test: Expectation) -> Iterator[str]:
    if test.down:
        yield f"{both(test.down)} down"
    if test.draining:
        yield f"{both(test.draining)} draining"
    for name, part in test.failing.items():
        yield f"{name} failing" + ("" if part == 1 else f" {share(part)}")
    for name, factor in test.slow.items():
        yield f"{name} {factor:g} times slower"
    if test.leaves:
        yield f"{both(test.leaves)} leaving"
    if test.joins:
        yield f"{both(node.name for node in test.joins)} joining"
    if test.key is not None:
        yield f"key {test.key}"
    if test.keys is not None:
        yield f"{test.keys:,} keys" + ("" if test.zipf is None else f" (zipf {test.zipf:g})")
    if test.load is not None:
        yield f"{share(test.load)} load"
    elif test.rate is not None:
        yield f"{test.rate:g} requests per second"


THEN: Mapping[str, Callable[[Any], str]] = {
    "answer_from": lambda nodes: f"answers come from {either(nodes)} only",
    "not_from": lambda nodes: f"no answer comes from {either(nodes)}",
    "no_node_above": lambda most: f"no node gets more than {share(most)} of the picks",
    "no_node_below": lambda least: f"no node gets less than {share(least)} of the picks",
    "failures_at_most": lambda most: f"at most {share(most)} of the requests fail",
    "mean_below": lambda most: f"the mean response time is below {time(most)}",
    "p50_below": lambda most: f"half of the requests are answered within {time(most)}",
    "p99_below": lambda most: f"99 of 100 requests are answered within {time(most)}",
    "moves_at_most": lambda most: f"at most {share(most)} of the keys move",
}
"""Each expectation as a sentence."""


def sentence(cluster: str, test: Expectation) -> str:
    """The whole assertion, which is its name when it was given none."""
    said = given(test)
    then = both(THEN[word](value) for word, value in test.expects().items())
    return f"{cluster}, with {said}: {then}" if said else f"{cluster}: {then}"
