"""The features of churn risk and the direction in which each may work.

The signs are fixed because the reasons are read by people: a weight of the wrong sign, which correlated
features often give, would say that somebody is at risk for having come yesterday.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.activity import Floats
from crm.summary import Summary


@dataclass(frozen=True)
class Feature:
    """One column: its field of the summary, and 1 (raises risk), -1 (lowers it) or 0 (may do either)."""

    name: str
    sign: int


FEATURES = (
    Feature("silence", 1),
    Feature("lateness", 1),
    Feature("recent_days", -1),
    Feature("season_days", -1),
    Feature("active_days", -1),
    Feature("tenure", 0),
    Feature("mean_value", -1),
)
SIGNS = np.array([feature.sign for feature in FEATURES])


def features(summary: Summary) -> Floats:
    """log(1 + value) of each feature: (persons, features). An amount below 0, all given back, counts as 0."""
    columns = [np.maximum(getattr(summary, feature.name), 0) for feature in FEATURES]
    return np.log1p(np.column_stack(columns).astype(np.float64))
