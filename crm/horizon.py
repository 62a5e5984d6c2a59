"""How long a silence must be before it is called churn: read from the site's own returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.activity import Activity

HORIZONS = (7, 14, 28, 60, 90, 120)
DEFAULT_HORIZON = 28
QUANTILE = 0.8


@dataclass(frozen=True)
class Horizon:
    """`days` to wait; chosen from `gaps` returns, 80 % of them within `quantile` days, or given."""

    days: int
    gaps: int
    quantile: float | None


def horizon_of(activity: Activity, as_of: int) -> Horizon:
    """The horizon nearest, by ratio, to the 80th percentile of gaps between active days up to `as_of`."""
    past = activity.day <= as_of
    day, person = activity.day[past], activity.person[past]
    gaps = np.diff(day)[np.diff(person) == 0]
    if not len(gaps):
        return Horizon(DEFAULT_HORIZON, 0, None)
    quantile = float(np.quantile(gaps, QUANTILE))
    nearest = min(HORIZONS, key=lambda days: abs(np.log(days / quantile)))
    return Horizon(nearest, len(gaps), quantile)
