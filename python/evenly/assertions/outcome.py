"""Trying the assertions of a configuration, and what came of each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from evenly.assertions import words
from evenly.assertions.claims import Finding, findings
from evenly.assertions.evidence import Evidence
from evenly.assertions.why import reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.config import Config
    from evenly.config.expectation import Expectation
    from evenly.simulate import Served

__all__ = ["Finding", "Outcome", "Row", "named", "tried"]


@dataclass(frozen=True, slots=True)
class Row:
    """What one node did."""

    id: str
    weight: int
    picks: int
    share: float
    answered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One assertion, tried."""

    name: str
    index: int
    """Its place among the `[[test]]` of the file, from 0."""
    cluster: str
    given: str
    """The circumstances in words."""
    findings: tuple[Finding, ...]
    nodes: tuple[Row, ...]
    """What each node did; empty where nothing had to be simulated."""
    why: tuple[str, ...] = ()
    """What explains the findings that do not hold."""

    @property
    def held(self) -> bool:
        """Whether all that was expected came about."""
        return all(finding.held for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {"held": self.held, **asdict(self)}


def named(config: Config) -> Iterator[tuple[int, str, str, Expectation]]:
    """Every assertion with its place, its name and its cluster."""
    for index, test in enumerate(config.test):
        cluster = test.cluster or next(iter(config.cluster))
        yield index, test.name or words.sentence(cluster, test), cluster, test


def tried(config: Config, only: str | None = None) -> Iterator[Outcome]:
    """Try the assertions one after the other; those whose names hold the text `only`, if it is given."""
    for index, name, cluster, test in named(config):
        if only is None or only.lower() in name.lower():
            yield _one(config, index, name, cluster, test)


def _one(config: Config, index: int, name: str, cluster: str, test: Expectation) -> Outcome:
    evidence = Evidence(config.cluster[cluster], test)
    found = tuple(findings(evidence))
    simulated = set(test.expects()) != {"moves_at_most"}
    weights = {node.name: node.weight for node in evidence.changed.nodes}
    rows = [_row(node, weights[node.id]) for node in evidence.nodes] if simulated else []
    broken = [finding for finding in found if not finding.held]
    why = tuple(reasons(evidence, broken)) if broken else ()
    return Outcome(name, index, cluster, words.given(test), found, tuple(rows), why)


def _row(node: Served, weight: int) -> Row:
    return Row(node.id, weight, node.picks, node.share, node.ok, node.failed)
