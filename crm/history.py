"""What is known of persons on a day: the readable row form. `crm.summary` has the same rule on columns.

Nothing here may depend on what happened after `as_of`, the last day that counts as known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

PRIOR_GAPS = 2  # the site's gap weighs as much as two gaps of one's own
QUARTER = 90


@dataclass(frozen=True)
class Known:
    """One person as known at the end of day `as_of`; all spans in days."""

    active_days: int
    first: int  # days since 1970-01-01, as `last`
    last: int
    last_gap: int  # between the last two active days, 0 for a newcomer
    recent_days: int  # active days of the last `recent_window` days
    season_days: int  # active days of the last `season_window` days
    quarter_days: int  # active days of the last 90 days
    previous_quarter_days: int  # active days of the 90 days before these
    mean_value: float  # of an active day
    usual_gap: float  # between active days: own gaps, drawn to the site's when few


def known(days: Sequence[int], values: Sequence[float], as_of: int, horizon: int, site_gap: float) -> Known:
    """What is known of one person, active on these (distinct, at least one ≤ as_of) days."""
    seen = sorted((day, value) for day, value in zip(days, values, strict=True) if day <= as_of)
    past = [day for day, _ in seen]
    silence = [as_of - day for day in past]
    gaps = [after - before for before, after in pairwise(past)]
    return Known(
        active_days=len(past),
        first=past[0],
        last=past[-1],
        last_gap=gaps[-1] if gaps else 0,
        recent_days=sum(days < recent_window(horizon) for days in silence),
        season_days=sum(days < season_window(horizon) for days in silence),
        quarter_days=sum(days < QUARTER for days in silence),
        previous_quarter_days=sum(QUARTER <= days < 2 * QUARTER for days in silence),
        mean_value=sum(value for _, value in seen) / len(seen),
        usual_gap=(PRIOR_GAPS * site_gap + sum(gaps)) / (PRIOR_GAPS + len(gaps)),
    )


def recent_window(horizon: int) -> int:
    """Days that count as recent: a quarter of the horizon, at least a week."""
    return max(7, horizon // 4)


def season_window(horizon: int) -> int:
    """Days that count as the present season: 28 for horizons up to four weeks, else 90."""
    return 28 if horizon <= 28 else QUARTER
