"""Who comes back by themselves after a silence: what a win-back campaign must be measured against."""

from __future__ import annotations

from dataclasses import dataclass

from crm.activity import Activity
from crm.rate import Rate
from crm.snapshot import snapshot

SILENCES = (0, 30, 60, 90, 180, 270, 400)  # days, lower ends


@dataclass(frozen=True)
class ReturnOdds:
    """Of the people silent for `low` to below `high` days (None: any longer), those who returned in time."""

    low: int
    high: int | None
    returned: Rate


def return_odds(activity: Activity, as_of: int, horizon: int) -> tuple[ReturnOdds, ...]:
    """By silence at the end of day `as_of`; activity must be known to `as_of + horizon`."""
    since_1970 = as_of + 1
    everyone = snapshot(activity, as_of, horizon, known_to=as_of + horizon, within=since_1970)
    silence, back = everyone.people.silence, ~everyone.labelled
    odds = []
    for low, high in zip(SILENCES, (*SILENCES[1:], None), strict=True):
        bucket = (silence >= low) & (silence < (high or silence.max(initial=0) + 1))
        odds.append(ReturnOdds(low, high, Rate(int(back[bucket].sum()), int(bucket.sum()))))
    return tuple(odds)
