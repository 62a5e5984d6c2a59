"""How numbers are said in sentences."""

from __future__ import annotations


def days(count: float) -> str:
    """1 day, 12 days; rounded, grouped by thousands."""
    whole = round(count)
    return f"{whole:,} day" if whole == 1 else f"{whole:,} days"


def ago(count: int) -> str:
    """today, 12 days ago."""
    return f"{days(count)} ago" if count else "today"


def in_ten(risk: float) -> str:
    """A probability as people say it: 3 in 10."""
    tenths = round(10 * risk)
    if tenths == 0:
        return "less than 1 in 10"
    return "more than 9 in 10" if tenths == 10 else f"{tenths} in 10"
