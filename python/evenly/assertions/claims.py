"""The expectations: each looks at the evidence and says whether it holds, and what came out instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenly.assertions import words
from evenly.simulate.table import unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from evenly.assertions.evidence import Evidence
    from evenly.simulate import Estimate

UNITS: Mapping[str, float] = {"s": 1.0, "ms": 1e3, "µs": 1e6}


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation: what was asked, and what came out."""

    word: str
    asked: str
    held: bool
    got: str


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Every expectation of an assertion, in the order of the vocabulary."""
    for word, value in evidence.test.expects().items():
        held, got = CLAIMS[word](evidence, value)
        yield Finding(word, words.THEN[word](value), held, got)


Verdict = tuple[bool, str]


def _answer_from(evidence: Evidence, allowed: list[str]) -> Verdict:
    answered = {node.id: node.ok for node in evidence.nodes if node.ok}
    if not answered:
        return False, "nobody answered"
    return set(answered) <= set(allowed), f"answers came from {_counted(answered)}"


def _not_from(evidence: Evidence, refused: list[str]) -> Verdict:
    answered = {node.id: node.ok for node in evidence.nodes if node.ok}
    said = f"answers came from {_counted(answered)}" if answered else "nobody answered"
    return not set(answered) & set(refused), said


def _counted(answers: Mapping[str, int]) -> str:
    """The most busy first, each with its answers where there are several."""
    order = sorted(answers, key=lambda name: -answers[name])
    if len(order) == 1:
        return order[0]
    return words.both(f"{name} ({answers[name]:,})" for name in order)


def _no_node_above(evidence: Evidence, most: float) -> Verdict:
    top = max(evidence.nodes, key=lambda node: node.share)
    return top.share <= most, f"{top.id} gets {_percent(top.share)}"


def _no_node_below(evidence: Evidence, least: float) -> Verdict:
    serving = [node for node in evidence.nodes if node.id not in evidence.out]
    if not serving:
        return False, "no node is there to get anything"
    low = min(serving, key=lambda node: node.share)
    return low.share >= least, f"{low.id} gets {_percent(low.share)}"


def _failures_at_most(evidence: Evidence, most: float) -> Verdict:
    result = evidence.result
    said = f"{result.failed:,} failed and {result.refused:,} were refused of {result.requests:,}"
    return result.lost_share <= most, said


def _below(of: Callable[[Any], Estimate]) -> Callable[[Evidence, float], Verdict]:
    def claim(evidence: Evidence, most: float) -> Verdict:
        if not evidence.result.ok:
            return False, "nothing was answered"
        value = float(of(evidence.result))
        unit = unit_of(value, most)
        return value < most, f"{value * UNITS[unit]:,.4g} {unit}"

    return claim


def _moves_at_most(evidence: Evidence, most: float) -> Verdict:
    keys = evidence.keys
    if keys is None:
        return False, "no node is left that keys could go to"
    return keys.share <= most, f"{_percent(keys.share)} move"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


CLAIMS: Mapping[str, Callable[[Evidence, Any], Verdict]] = {
    "answer_from": _answer_from,
    "not_from": _not_from,
    "no_node_above": _no_node_above,
    "no_node_below": _no_node_below,
    "failures_at_most": _failures_at_most,
    "mean_below": _below(lambda result: result.mean),
    "p50_below": _below(lambda result: result.p50),
    "p99_below": _below(lambda result: result.p99),
    "moves_at_most": _moves_at_most,
}
"""One line per expectation; its key in the file is `evenly.config.expectation.THEN`'s."""
