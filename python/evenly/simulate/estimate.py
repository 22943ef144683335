"""A figure with its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, a quantile or another figure of a simulation, as far as chance lets it be known.

    `value ± half_width` is the 95 % confidence interval (Student's t over batches of the run and its replications);
    `se` is the standard error. `float()` gives the value. What no request has shown is `nan`; an interval that too
    few batches carry is infinite.
    """

    value: float
    half_width: float
    se: float

    @classmethod
    def read(cls, found: Mapping[str, float | None] | None) -> Estimate:
        """Take what the engine says; it leaves out what it cannot know."""
        found = found or {}
        value, half, se = (found.get(name) for name in ("value", "half_width", "se"))
        return cls(
            math.nan if value is None else value,
            math.inf if half is None else half,
            math.inf if se is None else se,
        )

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.half_width

    def below(self, other: Estimate | float) -> bool:
        """Whether the whole interval lies below the other's, so that chance alone does not explain the difference."""
        return self.high < (other.low if isinstance(other, Estimate) else other)

    def above(self, other: Estimate | float) -> bool:
        """Whether the whole interval lies above the other's."""
        return self.low > (other.high if isinstance(other, Estimate) else other)

    def times(self, factor: float) -> Estimate:
        """The same figure in another unit."""
        return Estimate(self.value * factor, self.half_width * factor, self.se * factor)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        """`2.98 ± 0.02`: the interval to one digit, to two if the first is a 1, and the value as far as that."""
        value, half = self.parts()
        return f"{value} ± {half}" if half else value

    def parts(self) -> tuple[str, str]:
        """The value and the half width as text; the latter empty where there is none."""
        if math.isnan(self.value):
            return "–", ""
        if not math.isfinite(self.half_width):
            return f"{self.value:.3g}", "?"
        if self.half_width <= abs(self.value) * 1e-9:
            return f"{self.value:.4g}", ""
        digits = places(self.half_width)
        return f"{self.value:,.{digits}f}", f"{self.half_width:,.{digits}f}"


def places(half_width: float) -> int:
    """How many decimal places a value deserves whose interval is that wide."""
    exponent = math.floor(math.log10(half_width))
    leading = half_width / 10**exponent
    return max(0, -exponent + (1 if leading < 1.95 else 0))
