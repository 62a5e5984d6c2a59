"""A share with its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Rate:
    """`part` out of `whole`; value and interval are None when there is nothing to divide by."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1."""
        return self.part / self.whole if self.whole else None

    @property
    def low(self) -> float | None:
        """Lower end of the Wilson interval."""
        return self._wilson()[0] if self.whole else None

    @property
    def high(self) -> float | None:
        """Upper end of the Wilson interval."""
        return self._wilson()[1] if self.whole else None

    def _wilson(self) -> tuple[float, float]:
        n, p, zz = self.whole, self.part / self.whole, Z95 * Z95
        middle = (p + zz / (2 * n)) / (1 + zz / n)
        half = Z95 / (1 + zz / n) * sqrt(p * (1 - p) / n + zz / (4 * n * n))
        return (
            0.0 if self.part == 0 else max(0.0, middle - half),
            1.0 if self.part == n else min(1.0, middle + half),
        )


def relative(now: int, before: int) -> float | None:
    """Relative change; None for what is new."""
    return now / before - 1 if before else None
