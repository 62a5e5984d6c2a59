"""Whether two shares differ by more than chance, also when many are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt

from crm.rate import Rate


def two_sided(one: Rate, other: Rate) -> float | None:
    """p-value of the pooled two-proportion z-test; None when either has nothing to divide by."""
    if not one.whole or not other.whole:
        return None
    pooled = (one.part + other.part) / (one.whole + other.whole)
    spread = sqrt(pooled * (1 - pooled) * (1 / one.whole + 1 / other.whole))
    if spread == 0:
        return 1.0
    return erfc(abs(one.part / one.whole - other.part / other.whole) / spread / sqrt(2))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted so that, of those at most q, a share of at most q is expected to be chance."""
    adjusted, least = [0.0] * len(p_values), 1.0
    for rank, at in sorted(
        enumerate(sorted(range(len(p_values)), key=p_values.__getitem__), 1), reverse=True
    ):
        least = min(least, p_values[at] * len(p_values) / rank)
        adjusted[at] = least
    return adjusted
