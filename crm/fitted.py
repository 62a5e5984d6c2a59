"""A fitted forecast as it is kept: all that is needed to score and explain people later. Pure.

Whom it scores is not in it. With it and what is known of a person today, the risk follows at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import msgspec
import numpy as np

from clicktrail.errors import InputError
from crm.activity import Floats
from crm.backtest import Backtest
from crm.bgnbd import BgNbd
from crm.calibration import Shift
from crm.churn import ChurnRisk, WhyNot
from crm.features import FEATURES
from crm.horizon import Horizon
from crm.interval import Bounds
from crm.logistic import Logistic, OddsRatio
from crm.models import LogisticModel, Model, ModelName, Primary, PurchaseModel, TableModel
from crm.reasons import Background, Points, background_of, points_against
from crm.rf_table import RfTable
from crm.summary import Summary


@dataclass(frozen=True)
class Fitted:
    """What was learnt by the end of day `as_of`.

    `people` in play then, `newcomers` among them, `returning` of all known people, `lost` for too long a
    silence; `site_gap` in days. One of the three models is there, or none and `why_not`.
    """

    primary: Primary
    as_of: date
    horizon: Horizon
    people: int
    newcomers: int
    returning: int
    lost: int
    site_gap: float
    base_rate: float | None
    why_not: WhyNot
    withheld: str
    backtest: Backtest | None
    background: Background | None
    bg_nbd: BgNbd | None = None
    rf_table: RfTable | None = None
    logistic: Logistic | None = None

    @property
    def model(self) -> Model | None:
        """The forecast; None where percentages are withheld."""
        if self.bg_nbd is not None:
            return PurchaseModel(self.bg_nbd)
        if self.rf_table is not None:
            return TableModel(self.rf_table)
        return None if self.logistic is None else LogisticModel(self.logistic)

    @property
    def name(self) -> ModelName | None:
        """How reports call the model."""
        return None if self.model is None else self.model.name

    @property
    def shift(self) -> Shift:
        """What the forecast is shifted by."""
        return Shift() if self.backtest is None else self.backtest.shift

    def risk(self, people: Summary) -> Floats:
        """P(not active again in the horizon) (people,); NaN where percentages are withheld."""
        if self.model is None:
            return np.full(len(people.person), np.nan)
        return self.shift.apply(self.model.risk(people))

    def bounds(self, people: Summary) -> Bounds | None:
        """The 95 % interval of each risk, shifted as it is; None without one."""
        found = None if self.model is None else self.model.bounds(people)
        return None if found is None else (self.shift.apply(found[0]), self.shift.apply(found[1]))

    @property
    def has_bounds(self) -> bool:
        """Whether risks come with an interval; those of a forecast of an earlier version do not."""
        if self.bg_nbd is not None:
            return self.bg_nbd.covariance is not None
        if self.rf_table is not None:
            return self.rf_table.low is not None
        return self.logistic is not None and self.logistic.covariance is not None

    def points(self, people: Summary) -> Points | None:
        """By how many points each kind of fact moves the risk off the average."""
        if self.model is None or self.background is None:
            return None
        return points_against(self.background, self.model, self.shift, people)

    def odds_ratios(self) -> dict[str, OddsRatio]:
        """Feature → odds ratio of one standard deviation, of the regression only."""
        if self.logistic is None:
            return {}
        names = (feature.name for feature in FEATURES)
        return dict(zip(names, self.logistic.odds_ratios(), strict=True))

    def to_json(self) -> bytes:
        """The document that is kept; numbers come back exactly."""
        return msgspec.json.encode(self, enc_hook=_plain)

    @classmethod
    def from_json(cls, document: bytes | str) -> Fitted:
        """Read a kept document; InputError for one that an incompatible version has written."""
        try:
            return msgspec.json.decode(document, type=cls, dec_hook=_array)
        except (msgspec.DecodeError, ValueError) as error:
            raise InputError(f"a kept forecast cannot be read: {error}; run `clicktrail score`") from error


def fitted_of(found: ChurnRisk) -> Fitted:
    """What is kept of an assessment."""
    model = None if found.forecast is None else found.forecast.model
    newcomers = int((found.people.active_days == 1).sum())
    return Fitted(
        primary=found.primary,
        as_of=found.as_of,
        horizon=found.horizon,
        people=len(found.people.person),
        newcomers=newcomers,
        returning=found.returning,
        lost=found.lost,
        site_gap=found.people.site_gap,
        base_rate=found.base_rate,
        why_not=found.why_not,
        withheld=found.withheld,
        backtest=found.backtest,
        background=background_of(found.people) if model is not None else None,
        bg_nbd=model.parameters if isinstance(model, PurchaseModel) else None,
        rf_table=model.table if isinstance(model, TableModel) else None,
        logistic=model.regression if isinstance(model, LogisticModel) else None,
    )


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(type(value))


def _array(kind: type, value: object) -> Any:
    """A list of numbers as an array; what has no error (null) becomes NaN again."""
    whole = "int" in str(kind)
    return np.array(cast("list[Any]", value), dtype=np.int64 if whole else np.float64)
