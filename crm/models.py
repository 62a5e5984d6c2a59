"""The rival forecasts of churn, each behind the same face, the simplest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from crm import bgnbd, bgnbd_fit, logistic, rf_table
from crm.activity import Floats
from crm.features import SIGNS, features
from crm.interval import Bounds, around, error_of
from crm.snapshot import Snapshot
from crm.summary import Summary

Primary = Literal["visit", "order"]
ModelName = Literal["bg_nbd", "rf_table", "logistic"]

FEWEST_PEOPLE = 30  # below this many labelled rows no share is a forecast
CONTEST_ROWS = 1_000  # labelled rows from which the regression may compete,
CONTEST_EACH = 100  # with at least so many of either outcome


class Model(Protocol):
    """A fitted forecast."""

    @property
    def name(self) -> ModelName:
        """How reports call it."""

    def risk(self, people: Summary) -> Floats:
        """P(no active day in the horizon) (people,)."""

    def bounds(self, people: Summary) -> Bounds | None:
        """The 95 % interval of each risk; None for a model that was kept without what it takes."""


@dataclass(frozen=True)
class PurchaseModel:
    """BG/NBD, α in days; for orders, which come more evenly than visits do."""

    parameters: bgnbd.BgNbd
    name: ModelName = "bg_nbd"

    def risk(self, people: Summary) -> Floats:
        """P(no order in the horizon) (people,)."""
        return self.parameters.p_no_return(histories(people), float(people.horizon))

    def bounds(self, people: Summary) -> Bounds | None:
        """From the covariance of the parameters, by the slope of the log-odds."""
        if self.parameters.covariance is None:
            return None
        slope = self.parameters.slope_of_log_odds(histories(people), float(people.horizon))
        return around(self.risk(people), error_of(slope, self.parameters.covariance))


@dataclass(frozen=True)
class TableModel:
    """The table of recency and frequency; for visits, which come in bursts."""

    table: rf_table.RfTable
    name: ModelName = "rf_table"

    def risk(self, people: Summary) -> Floats:
        """The share of the person's cell (people,)."""
        return self.table.risk(people)

    def bounds(self, people: Summary) -> Bounds | None:
        """The beta posterior of the person's cell."""
        return self.table.bounds(people)


@dataclass(frozen=True)
class LogisticModel:
    """The sign-constrained regression on `crm.features`."""

    regression: logistic.Logistic
    name: ModelName = "logistic"

    def risk(self, people: Summary) -> Floats:
        """P(no active day in the horizon) (people,)."""
        return logistic.sigmoid(self.regression.log_odds(features(people)))

    def bounds(self, people: Summary) -> Bounds | None:
        """From the covariance of the weights."""
        error = self.regression.error_of_log_odds(features(people))
        return None if error is None else around(self.risk(people), error)


def histories(people: Summary) -> bgnbd.Histories:
    """The persons as BG/NBD sees them; times in days."""
    return bgnbd.Histories(
        people.active_days - 1,
        (people.last - people.first).astype(np.float64),
        people.tenure.astype(np.float64),
    )


def rivals(primary: Primary) -> tuple[ModelName, ...]:
    """Who competes, the simplest first."""
    return ("bg_nbd" if primary == "order" else "rf_table", "logistic")


def fit(name: ModelName, now: Snapshot, train: Snapshot | None) -> Model | None:
    """The model as it can be fitted at the end of day `now`; None while there is too little to fit it on.

    `train` is the newest snapshot whose outcome is known by then, if the site is old enough to have one.
    BG/NBD needs none: it learns from the histories of everyone, those long gone too.
    """
    if name == "bg_nbd":
        seen = histories(now.everyone)
        return PurchaseModel(bgnbd_fit.fit(seen, bgnbd_fit.neutral_prior(seen))) if len(seen.x) else None
    if train is None or len(train.labelled) < FEWEST_PEOPLE:
        return None
    if name == "rf_table":
        return TableModel(rf_table.fit(train.people, train.labelled))
    gone = int(train.labelled.sum())
    if len(train.labelled) < CONTEST_ROWS or min(gone, len(train.labelled) - gone) < CONTEST_EACH:
        return None
    return LogisticModel(logistic.fit(features(train.people), train.labelled, SIGNS))
