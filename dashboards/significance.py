"""Whether two shares differ by more than chance, also when many are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt

from crm.rate import Rate

LEAST = 30
"""Fewer entries of a segment are not compared."""

CLEAR = 0.05
"""A segment differs clearly from the rest at an adjusted p-value below this."""


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


def against_rest(rates: Sequence[Rate], whole: Rate | None = None) -> list[float | None]:
    """For each part of a whole (their sum, unless given) the adjusted p-value against all the rest.

    None for a part that is too small, or that is the whole.
    """
    whole = whole or Rate(sum(rate.part for rate in rates), sum(rate.whole for rate in rates))
    raw = [
        two_sided(rate, Rate(whole.part - rate.part, whole.whole - rate.whole))
        if rate.whole >= LEAST
        else None
        for rate in rates
    ]
    tested = [at for at, p in enumerate(raw) if p is not None]
    adjusted = dict(zip(tested, benjamini_hochberg([p for p in raw if p is not None]), strict=True))
    return [adjusted.get(at) for at in range(len(rates))]
