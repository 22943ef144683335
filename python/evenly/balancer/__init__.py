"""The balancer: lends nodes.

users = evenly.Balancer(["10.0.0.1:8000", "10.0.0.2:8000"])
with users.pick() as pick:
    reply = httpx.get(f"http://{pick}/users/42")
    pick.status(reply.status_code)
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

from evenly import _engine
from evenly.balancer.acquire import Acquire
from evenly.balancer.attempts import Attempt, Attempts
from evenly.balancer.explanation import Candidate, Explanation, Proposal
from evenly.balancer.settings import Ejection, Health, Queue, Retries, Subset, from_table, seconds
from evenly.errors import InvalidNode, InvalidSetting
from evenly.node import Node, NodeLike, as_node, as_nodes
from evenly.strategy import StrategyLike, resolve

if TYPE_CHECKING:
    Key = str | bytes | int | None

__all__ = [
    "Acquire",
    "Attempt",
    "Attempts",
    "Balancer",
    "Candidate",
    "Ejection",
    "Explanation",
    "Health",
    "Proposal",
    "Queue",
    "Retries",
    "Subset",
]

Table = Mapping[str, object]
Kinds = type[BaseException] | tuple[type[BaseException], ...]

os.register_at_fork(
    before=_engine._before_fork,
    after_in_parent=_engine._after_fork_in_parent,
    after_in_child=_engine._after_fork_in_child,
)
atexit.register(_engine._at_exit)


class _Unset:
    def __repr__(self) -> str:
        return "unchanged"


_UNSET: Any = _Unset()
_EJECTION, _QUEUE, _RETRIES = Ejection(), Queue(), Retries()


class Balancer(_engine.Balancer):
    """Lends nodes to whoever calls `pick`, `acquire` or `attempts`, from any thread or task.

    `nodes`: addresses, `Node`s, or tables such as `{"address": "10.0.0.1:8000", "weight": 2}`.
    `strategy`: a name, a table with options, a typed class, or one written in Python (`evenly.strategy`).
    `health`: active checks, `{"http": "/healthz"}` or `{"tcp": True}`; none by default.
    `name`: what errors and metrics call this balancer.
    `ejection`: passive watching; on by default, None switches it off.
    `slow_start`: seconds until a node that joined or came back has its full share; 0 switches it off.
    `capacity`: the capacity of every node that does not say its own; None sets no limit.
    `queue`: how many may wait in `acquire`, and how long.
    `retries`: the budget that all `attempts` share, and the pause between two of them.
    `fails_on`: kinds of exceptions that, raised in the `with` block of a pick, are the node's failure; so is
    one that was raised `from` such a one, as clients do with a refused connection.
    `hash_seed`: key of the hash of hash strategies; another seed moves all keys.
    `subset`: this caller's place among many that each keep a few of the nodes, `{"size": 20, "instance": 3,
    "instances": 50}`; by default all are kept.
    `resolver`: address of a DNS server to ask instead of the system's.

    Raises `InvalidNode`, `InvalidStrategy` or `InvalidSetting` with what to write.
    """

    __slots__ = ("_capacity", "_described", "_queue", "_strategy")

    _capacity: int | None
    _described: dict[str, object]
    _queue: Queue
    _strategy: StrategyLike

    def __new__(
        cls,
        nodes: Iterable[NodeLike],
        *,
        strategy: StrategyLike = "power_of_two",
        health: Health | Table | None = None,
        name: str = "default",
        ejection: Ejection | Table | None = _EJECTION,
        slow_start: float | str = 30.0,
        capacity: int | None = None,
        queue: Queue | Table = _QUEUE,
        retries: Retries | Table = _RETRIES,
        fails_on: Kinds = (OSError, TimeoutError),
        hash_seed: int = 0,
        subset: Subset | Table | None = None,
        resolver: str | None = None,
        _clock: _engine.Clock | None = None,
        _seed: int | None = None,
    ) -> Self:
        """Check and convert every option, and make the engine's balancer of them."""
        if not isinstance(name, str) or not name:
            raise InvalidSetting(f"name: {name!r}: write a text such as 'users'")
        if (
            isinstance(hash_seed, bool)
            or not isinstance(hash_seed, int)
            or not 0 <= hash_seed < 1 << 64
        ):
            raise InvalidSetting(
                f"hash_seed: {hash_seed!r}: write a whole number from 0 to 2**64 - 1"
            )
        if capacity is not None:
            Node("127.0.0.1:1", id="every node", capacity=capacity)
        if resolver is not None:
            _check_resolver(resolver)
        waiting = from_table(Queue, "queue", queue)
        resolved = resolve(strategy)
        options = SimpleNamespace(
            health=None if health is None else from_table(Health, "health", health),
            ejection=None if ejection is None else from_table(Ejection, "ejection", ejection),
            slow_start=seconds("slow_start", slow_start, zero=True),
            retries=from_table(Retries, "retries", retries),
            queue=waiting,
            hash_seed=hash_seed,
            subset=None if subset is None else from_table(Subset, "subset", subset),
        )
        balancer = super().__new__(
            cls,
            name,
            [_capped(node, capacity) for node in as_nodes(nodes)],
            resolved,
            options,
            _kinds(fails_on),
            resolver,
            _clock,
            _seed,
        )
        balancer._strategy = strategy
        balancer._described = _described(*resolved)
        balancer._capacity = capacity
        balancer._queue = waiting
        return balancer

    @property
    def strategy(self) -> StrategyLike:
        """The strategy as it was given. Setting another one puts it in force at once; node state stays."""
        return self._strategy

    @strategy.setter
    def strategy(self, strategy: StrategyLike) -> None:
        resolved = resolve(strategy)
        self._set_strategy(*resolved)
        self._strategy = strategy
        self._described = _described(*resolved)

    def explain(self, *, key: Key = None) -> Explanation:
        """Say where the next pick would go, and why.

        Nothing changes by it: no place is taken and nobody's turn is used up; a strategy written in Python is
        asked as a deep copy. Another thread's pick may still come in between.
        """
        stage, candidates, proposals, pick, reason, sentence = self._explain(key)
        return Explanation(
            cluster=self.name,
            strategy=self._described,
            key=key.decode(errors="replace") if isinstance(key, bytes) else _text(key),
            stage=stage,
            candidates=tuple(Candidate(*one) for one in candidates),
            proposals=tuple(Proposal(*one) for one in proposals),
            pick=pick,
            reason=reason,
            sentence=sentence,
        )

    def acquire(self, timeout: float | str | None = None, *, key: Key = None) -> Acquire:
        """Wait for a place when all nodes are at their capacity, first come first served.

        Enter the result with `with`, which blocks the thread, or with `async with`. Raises `NoNodeAvailable` when
        the queue is full, when `timeout` seconds (by default the queue's own) have passed, or at once when waiting
        cannot help.
        """
        wait = self._queue.timeout if timeout is None else seconds("timeout", timeout, zero=True)
        return Acquire(self, key, min(wait, threading.TIMEOUT_MAX))

    def attempts(
        self, most: int, *, key: Key = None, timeout: float | str | None = None
    ) -> Attempts:
        """Try up to `most` times, each time on another node, as long as the shared retry budget allows.

        After `timeout` seconds, counted from this call, no further try begins; a try that has begun is not cut.

        `for attempt in users.attempts(3): with attempt as pick: …`, or `async for`. A failure that counts against
        its node is swallowed while another try follows; so the work must be safe to repeat.
        """
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise InvalidSetting(f"attempts: {most!r}: write a whole number from 1")
        limit = None if timeout is None else seconds("timeout", timeout)
        return Attempts(self, key, most, limit)

    def add(self, node: NodeLike) -> None:
        """Add a node. It takes its share step by step (`slow_start`)."""
        self._add(_capped(as_node(node), self._capacity))

    def remove(self, node: str, /) -> None:
        """Remove a node at once. Picks that are out go on; use `drain` first to let them end."""
        self._remove(node)

    def update(self, node: str, /, *, weight: int = _UNSET, capacity: int | None = _UNSET) -> None:
        """Change a node's weight or capacity in place; what is known of the node stays."""
        if weight is _UNSET and capacity is _UNSET:
            raise InvalidNode(f"update of node {node!r}: write weight=…, capacity=…, or both")
        # A node is made for the sake of its checks.
        Node(
            "127.0.0.1:1",
            id=node,
            weight=1 if weight is _UNSET else weight,
            capacity=None if capacity is _UNSET else capacity,
        )
        self._update(
            node,
            None if weight is _UNSET else weight,
            None if capacity is _UNSET else (capacity,),
        )

    def drain(self, node: str, /) -> None:
        """Lend this node no more; picks that are out end as usual. `undrain` undoes it."""
        self._administer(node, "drain")

    def undrain(self, node: str, /) -> None:
        """Lend a drained node again."""
        self._administer(node, "serve")

    def replace(self, nodes: Iterable[NodeLike]) -> None:
        """Put these nodes in place of all there are; one with the same id and address keeps what is known of it."""
        self._replace([_capped(node, self._capacity) for node in as_nodes(nodes)])

    def report(self, node: str, /, *, load: float) -> None:
        """Pass on the load that a node tells of itself, any number from 0; the load `reported` goes by it."""
        if isinstance(load, bool) or not isinstance(load, (int, float)):
            raise InvalidSetting(f"load: {load!r}: write a number from 0")
        self._report(node, load)

    def __repr__(self) -> str:
        """Say the name and the nodes."""
        nodes = self.nodes
        shown = ", ".join(node.id for node in nodes[:3]) + (", …" if len(nodes) > 3 else "")
        return f"<evenly.Balancer {self.name!r} over {len(nodes)} nodes: {shown}>"

    @classmethod
    def _on_a_clock(
        cls, clock: _engine.Clock, seed: int, nodes: Iterable[NodeLike], options: dict[str, Any]
    ) -> Self:
        return cls(nodes, _clock=clock, _seed=seed, **options)


def _described(name: str, given: object) -> dict[str, object]:
    return {**given} if isinstance(given, dict) else {"name": name}


def _text(key: str | int | None) -> str | None:
    return None if key is None else str(key)


def _capped(node: Node, capacity: int | None) -> Node:
    if capacity is None or node.capacity is not None:
        return node
    return Node(node.address, id=node.id, weight=node.weight, capacity=capacity)


def _kinds(fails_on: Kinds) -> tuple[type[BaseException], ...]:
    kinds = fails_on if isinstance(fails_on, tuple) else (fails_on,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise InvalidSetting(
                f"fails_on: {kind!r} is no class of exceptions: write (OSError, TimeoutError)"
            )
    return kinds


def _check_resolver(resolver: str) -> None:
    host = resolver.rpartition(":")[0] if isinstance(resolver, str) else ""
    if not host.strip("[]").replace(".", "").replace(":", "").isalnum():
        raise InvalidSetting(
            f"resolver: {resolver!r}: write the address of a DNS server, e.g. '127.0.0.1:53'"
        )
