"""What is learned of a node from its answers: an average, a pessimistic peak, and what its silence says.

An estimate fades with time constant `decay`: after t seconds e^(−t / decay) of it is left. Latencies are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, inf

__all__ = ["Estimate", "Known"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and when it was last told; None before the first sample."""

    value: float | None = None
    told: float = 0.0

    def at(self, now: float, decay: float) -> float | None:
        """What is left of it at `now`."""
        return None if self.value is None else self.value * exp(-(now - self.told) / decay)

    def average(self, sample: float, now: float, decay: float) -> Estimate:
        """What has faded of the old makes room for the sample."""
        left = exp(-(now - self.told) / decay)
        return Estimate(
            sample if self.value is None else self.value * left + sample * (1 - left), now
        )

    def peak(self, sample: float, now: float, decay: float) -> Estimate:
        """A sample above what is left is believed at once, one below it by and by."""
        faded = self.at(now, decay)
        return (
            Estimate(sample, now)
            if faded is None or sample >= faded
            else self.average(sample, now, decay)
        )


@dataclass(frozen=True, slots=True)
class Known:
    """One node, as its picks and answers tell. Every method gives the next state."""

    decay: float = 2.0
    """Time constant of both estimates in seconds."""
    penalty: float = 5.0
    """What a failure counts as at least, in seconds: an error that comes fast must not look fast."""
    mean: Estimate = Estimate()
    """Of successes alone."""
    worst: Estimate = Estimate()
    waiting: int = 0
    """Requests that are out."""
    quiet_since: float = 0.0
    """Since when somebody has waited without a sign of life."""
    last_pick: float = -inf
    """Never, at first: so a new node is tried at once."""
    failed_from: float | None = None
    """A success of a request that began after this ends the penalty of the last failure."""
    failures: int = 0
    """In a row."""

    def latency(self, now: float) -> float | None:
        """The average as it stands."""
        return self.mean.at(now, self.decay)

    def peak(self, now: float, typical: float) -> float:
        """The pessimistic estimate; `typical` when nothing is known. A silence is a lower bound of it."""
        faded = self.worst.at(now, self.decay)
        known = typical if faded is None else faded
        return max(known, now - self.quiet_since) if self.waiting else known

    def expected(self, now: float, typical: float) -> float:
        """What the next request may expect: the average, and while it is not known to be well again, the worst."""
        mean = self.mean.at(now, self.decay)
        waits = typical if mean is None else mean
        if self.failed_from is not None:
            waits = max(waits, self.worst.at(now, self.decay) or 0)
        return max(waits, now - self.quiet_since) if self.waiting else waits

    def alone(self, now: float) -> bool:
        """Whether it had no request for a second, and nobody waits there."""
        return now - self.last_pick > 1 - 1e-9 and not self.waiting

    def picked(self, now: float) -> Known:
        """A request goes there."""
        quiet = self.quiet_since if self.waiting else now
        return replace(self, waiting=self.waiting + 1, quiet_since=quiet, last_pick=now)

    def succeeded(self, began: float, now: float) -> Known:
        """One that went there at `began` has its answer."""
        known = replace(self, waiting=self.waiting - 1, quiet_since=now, failures=0)
        if known.failed_from is not None and began >= known.failed_from:
            known = replace(known, failed_from=None)
            if known.mean.value is not None:
                known = replace(known, worst=Estimate(known.mean.value, now))
        took = max(now - began, 1e-9)
        return replace(
            known,
            mean=known.mean.average(took, now, self.decay),
            worst=known.worst.peak(took, now, self.decay),
        )

    def failed(self, began: float, now: float, after: float = 0.0) -> Known:
        """One has failed; the node asked to be left alone for `after` seconds."""
        took = max(now - began, self.penalty, after)
        return replace(
            self,
            waiting=self.waiting - 1,
            worst=self.worst.peak(took, now, self.decay),
            failed_from=now + after,
            failures=self.failures + 1,
        )
