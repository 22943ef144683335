"""What came out of an assertion's circumstances: simulated and measured when an expectation asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evenly.assertions import scene
from evenly.config import standin
from evenly.plan.keys import moves
from evenly.simulate import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evenly.balancer import Balancer
    from evenly.config.cluster import ClusterSection
    from evenly.config.expectation import Expectation
    from evenly.plan import Keys
    from evenly.simulate import Result, Results, Served


@dataclass(frozen=True)
class Evidence:
    """One cluster of the file under the circumstances of one assertion."""

    section: ClusterSection
    test: Expectation

    @cached_property
    def changed(self) -> ClusterSection:
        """The cluster that is asked: with those that have joined, without those that have left."""
        return scene.changed(self.section, self.test)

    @cached_property
    def results(self) -> Results:
        """The simulation, whole."""
        return run(scene.scenario(self.changed, self.test))

    @property
    def result(self) -> Result:
        """What the cluster's strategy did."""
        return self.results[0]

    @property
    def nodes(self) -> Sequence[Served]:
        """What each node did."""
        return self.result.nodes

    @cached_property
    def out(self) -> dict[str, str]:
        """Nodes of which nothing is expected, each with the word for it."""
        return scene.out(self.changed, self.test)

    @cached_property
    def keys(self) -> Keys | None:
        """The keys that move from the cluster of the file to the changed one."""
        return moves(self.section, self.changed)

    @cached_property
    def balancer(self) -> Balancer:
        """The cluster's balancer as it stands once it has noticed who is out."""
        return standin.balancer(self.changed, out=self.out)
