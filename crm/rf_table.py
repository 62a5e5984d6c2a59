"""Churn by recency and frequency: a table of shares, each drawn to the base rate where it has few people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.activity import Bools, Floats, Ints
from crm.summary import Summary

RECENCY = np.array([1, 2, 4, 8, 15, 29, 61, 121])  # days since last active: below 1, below 2, …
FREQUENCY = np.array([2, 3, 5, 9, 17])  # active days: 1, 2, 3-4, 5-8, 9-16, more
WEIGHT = 20.0  # people that the base rate counts for in each cell


@dataclass(frozen=True)
class RfTable:
    """`rates` (recency buckets, frequency buckets): shares who did not return."""

    rates: Floats

    def risk(self, people: Summary) -> Floats:
        """P(no return in the horizon) (people,)."""
        risk: Floats = self.rates[_cells(people)]
        return risk


def fit(people: Summary, churned: Bools) -> RfTable:
    """Shares (churned + 20 base) / (people + 20) of the cells."""
    recency, frequency = _cells(people)
    count = np.zeros((len(RECENCY) + 1, len(FREQUENCY) + 1))
    gone = count.copy()
    np.add.at(count, (recency, frequency), 1.0)
    np.add.at(gone, (recency, frequency), churned.astype(np.float64))
    return RfTable((gone + WEIGHT * churned.mean()) / (count + WEIGHT))


def _cells(people: Summary) -> tuple[Ints, Ints]:
    recency = np.searchsorted(RECENCY, people.silence, side="right")
    frequency = np.searchsorted(FREQUENCY, people.active_days, side="right")
    return recency, frequency
