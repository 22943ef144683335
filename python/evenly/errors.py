"""What Evenly raises. Everything is an `EvenlyError`; most are also the built-in kind one would expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EvenlyError",
    "InvalidKey",
    "InvalidNode",
    "InvalidSetting",
    "InvalidStrategy",
    "LawBroken",
    "NoNodeAvailable",
    "PickSpent",
    "StrategyFault",
    "UnknownNode",
]


class EvenlyError(Exception):
    """The base of all errors of Evenly."""


class NoNodeAvailable(EvenlyError):
    """No node could be lent. The message says how many nodes were ruled out for what, and when to try again.

    It is no `OSError` and no `TimeoutError`: inside the `with` block of another pick it never blames that node.
    """

    def __init__(
        self,
        message: str,
        *,
        cluster: str,
        reason: str,
        counts: Mapping[str, int],
        retry_after: float | None,
    ) -> None:
        super().__init__(message)
        self.cluster = cluster
        """Name of the balancer that was asked."""
        self.reason = reason
        """`no_node`, `at_capacity`, `queue_full` or `queue_timeout`."""
        self.counts = dict(counts)
        """How many nodes were ruled out for which reason, by the reason's name."""
        self.retry_after = retry_after
        """Seconds until a node may be lent again, where that is known."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the fields on the way to another process."""
        fields = (str(self), self.cluster, self.reason, self.counts, self.retry_after)
        return (_no_node_available, fields)


def _no_node_available(
    message: str, cluster: str, reason: str, counts: Mapping[str, int], retry_after: float | None
) -> NoNodeAvailable:
    return NoNodeAvailable(
        message, cluster=cluster, reason=reason, counts=counts, retry_after=retry_after
    )


class InvalidNode(EvenlyError, ValueError):
    """A node that cannot be: a bad address, weight or capacity, or the same node twice."""


class InvalidSetting(EvenlyError, ValueError):
    """An option of a balancer that cannot be."""


class InvalidStrategy(EvenlyError, ValueError):
    """A strategy that is not known, or an option that it does not have."""


class InvalidKey(EvenlyError, TypeError):
    """A key that is neither `str`, `bytes` nor `int`."""


class UnknownNode(EvenlyError, LookupError):
    """A node that the balancer does not have."""


class PickSpent(EvenlyError, RuntimeError):
    """A pick is used after it was given back."""


class StrategyFault(EvenlyError, RuntimeError):
    """A strategy written in Python answered with something that is not one of the nodes it was shown."""


class LawBroken(EvenlyError, AssertionError):
    """A strategy, or the engine, does what a law forbids. The message says which law, and on which nodes."""
