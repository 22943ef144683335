"""Random traces on a virtual clock, told as the theory sees them: who was there, who asked, who was given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median_high
from typing import TYPE_CHECKING, Any

from evenly import Balancer, Node, NoNodeAvailable, Pick
from evenly.testing import VirtualClock
from evenly.theory import model
from evenly.theory.specs.estimates import Estimate, Known

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator


@dataclass(frozen=True)
class Picked:
    """One pick of the engine: `given` is the node's id, or None when it was refused."""

    nodes: model.Membership
    request: model.Request
    given: str | None


@dataclass(frozen=True)
class Moved:
    """The membership, or a weight, has changed."""

    before: model.Membership
    nodes: model.Membership


@dataclass
class Walk:
    """A balancer under random picks, leaves, failures and changes; each choice is drawn from `rng`."""

    strategy: object
    rng: random.Random
    weights: tuple[int, ...] = (1, 1, 1, 2, 3, 5)
    """Drawn from by chance; from more than `most` weights without repetition."""
    capacities: tuple[int | None, ...] = (None, None, 1, 3)
    most: int = 6
    keys: tuple[bytes | None, ...] = (None,)
    failures: float = 0.0
    """Share of leaves that are the node's failure."""
    drains: bool = True
    retries: float = 0.0
    """Share of picks that have tried some other node before."""
    moves: float = 0.03
    """Share of steps that change the membership or a weight."""
    members: bool = True
    """Whether nodes come and go; weights change anyway."""
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.rng.getrandbits(32))
        self.born = 0
        self.used: dict[str, int] = {}
        members = [self.node() for _ in range(self.rng.randint(1, self.most))]
        # Slow start turns away part of what a strategy proposes, whichever strategy: it is no part of the rule.
        options = {"slow_start": 0, **self.options}
        self.balancer: Balancer = self.clock.balancer(members, strategy=self.strategy, **options)
        self.held: list[tuple[Pick, float]] = []
        self.probes: dict[str, Pick] = {}
        self.told: dict[str, float] = {}
        self.known: dict[str, Known] = {}
        self.typical = 0.001

    def seen(self, tried: tuple[str, ...] = ()) -> model.Membership:
        """The membership as an allocation sees it at this moment."""
        now = self.clock.now
        return tuple(
            model.Node(
                node.id,
                node.weight,
                node.capacity,
                node.in_flight,
                healthy=node.reason == "serving"
                or (node.reason == "breaker_half_open" and node.id not in self.probes),
                ejected=node.reason in ("breaker_open", "breaker_half_open"),
                tried=node.id in tried,
                told=self.told.get(node.id),
                latency=self._of(node.id).latency(now) or self.typical,
                peak=self._of(node.id).peak(now, self.typical),
                expected=self._of(node.id).expected(now, self.typical),
                alone=self._of(node.id).alone(now),
                ails=self._of(node.id).failures > 1,
            )
            for node in self.balancer.nodes
        )

    def steps(self, count: int) -> Iterator[Picked | Moved]:
        """Walk that many steps; what is of interest is yielded."""
        for _ in range(count):
            self.clock.advance(self.rng.choice([0, 0.001, 0.02, 0.3]))
            means = [self._of(node.id).mean.value for node in self.balancer.nodes]
            self.typical = median_high([mean for mean in means if mean] or [self.typical])
            lot = self.rng.random()
            if lot < self.moves:
                before = self.seen()
                self._change()
                yield Moved(before, self.seen())
            elif lot < self.moves + 0.03 and self.drains:
                self._drain()
            elif lot < self.moves + 0.06:
                self._report()
            elif self.held and lot < 0.45:
                self._leave()
            else:
                yield self._pick()

    def _pick(self) -> Picked:
        again = self.held and self.rng.random() < self.retries
        tried = [self.rng.choice(self.held)[0]] if again else []
        nodes = self.seen(tuple(pick.id for pick in tried))
        request = model.Request(self.rng.choice(self.keys), now=self.clock.now)
        half_open = {node.id for node in self.balancer.nodes if node.reason == "breaker_half_open"}
        try:
            pick = self.balancer._pick_untried(request.key, tried)
        except NoNodeAvailable:
            return Picked(nodes, request, None)
        self.held.append((pick, self.clock.now))
        self.known[pick.id] = self._of(pick.id).picked(self.clock.now)
        if pick.id in half_open and any(node.fit for node in nodes):
            self.probes[pick.id] = pick
        return Picked(nodes, request, pick.id)

    def _leave(self) -> None:
        pick, began = self.held.pop(self.rng.randrange(len(self.held)))
        probe = self.probes.get(pick.id) is pick
        known, now = self._of(pick.id), self.clock.now
        if probe:
            del self.probes[pick.id]
        if self.rng.random() < self.failures:
            pick.fail("503")
            known = known.failed(began, now)
        else:
            known = known.succeeded(began, now)
            # It was away for its failures: their penalty goes with them.
            known = replace(known, worst=Estimate()) if probe else known
        pick.__exit__(None, None, None)
        if pick.id in self.used:
            self.known[pick.id] = known

    def _of(self, node: str) -> Known:
        return self.known.get(node) or Known()

    def node(self) -> Node:
        """One more node, of a name that none had before."""
        weight, capacity = self._weight(), self.rng.choice(self.capacities)
        self.born += 1
        name, address = str(self.born), f"10.0.{self.born >> 8}.{self.born & 255}:80"
        self.used[name] = weight
        return Node(address, id=name, weight=weight, capacity=capacity)

    def _weight(self) -> int:
        free = [weight for weight in self.weights if weight not in self.used.values()]
        return self.rng.choice(free if len(self.weights) > self.most else self.weights)

    def _change(self) -> None:
        nodes = self.balancer.nodes
        one = self.rng.choice(nodes).id
        lot = self.rng.random() if self.members else 1
        if lot < 0.3 and len(nodes) < self.most:
            self.balancer.add(self.node())
        elif lot < 0.6 and len(nodes) > 1:
            self.balancer.remove(one)
            del self.used[one]
            self.known.pop(one, None)
        else:
            self.used[one] = self._weight()
            self.balancer.update(one, weight=self.used[one])

    def _drain(self) -> None:
        one = self.rng.choice(self.balancer.nodes)
        if one.reason == "draining":
            self.balancer.undrain(one.id)
        elif sum(node.reason == "serving" for node in self.balancer.nodes) > 1:
            self.balancer.drain(one.id)

    def _report(self) -> None:
        one = self.rng.choice(self.balancer.nodes).id
        self.told[one] = self.rng.choice([0.1, 0.5, 0.9])
        self.balancer.report(one, load=self.told[one])
