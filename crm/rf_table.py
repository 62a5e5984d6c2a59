"""Churn by recency and frequency: a table of shares, each drawn to the base rate where it has few people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.activity import Bools, Floats, Ints
from crm.interval import Bounds, beta_bounds
from crm.summary import Summary

RECENCY = np.array([1, 2, 4, 8, 15, 29, 61, 121])  # days since last active: below 1, below 2, …
FREQUENCY = np.array([2, 3, 5, 9, 17])  # active days: 1, 2, 3-4, 5-8, 9-16, more
WEIGHT = 20.0  # people that the base rate counts for in each cell


@dataclass(frozen=True)
class RfTable:
    """`rates` (recency buckets, frequency buckets): shares not to return, and the ends of their intervals.

    A table kept before there were intervals has none.
    """

    rates: Floats
    low: Floats | None = None
    high: Floats | None = None

    def risk(self, people: Summary) -> Floats:
        """P(no return in the horizon) (people,)."""
        risk: Floats = self.rates[_cells(people)]
        return risk

    def bounds(self, people: Summary) -> Bounds | None:
        """The ends of the interval of each risk (people,)."""
        if self.low is None or self.high is None:
            return None
        cells = _cells(people)
        return self.low[cells], self.high[cells]


def fit(people: Summary, churned: Bools) -> RfTable:
    """Shares (churned + 20 base) / (people + 20) of the cells.

    That is the mean of a beta posterior, whose prior is the base rate with the weight of 20 people; the
    interval is that posterior's.
    """
    recency, frequency = _cells(people)
    count = np.zeros((len(RECENCY) + 1, len(FREQUENCY) + 1))
    gone = count.copy()
    np.add.at(count, (recency, frequency), 1.0)
    np.add.at(gone, (recency, frequency), churned.astype(np.float64))
    gone, whole = gone + WEIGHT * churned.mean(), count + WEIGHT
    rates = gone / whole
    low, high = beta_bounds(gone.ravel(), (whole - gone).ravel())
    # A posterior piled up at an end may have its mean outside of its middle 95 %.
    return RfTable(
        rates, np.minimum(low.reshape(rates.shape), rates), np.maximum(high.reshape(rates.shape), rates)
    )


def _cells(people: Summary) -> tuple[Ints, Ints]:
    recency = np.searchsorted(RECENCY, people.silence, side="right")
    frequency = np.searchsorted(FREQUENCY, people.active_days, side="right")
    return recency, frequency
