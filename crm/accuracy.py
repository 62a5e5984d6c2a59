"""How right forecasts were, once the outcome is known. Pure.

Throughout `risk` (n,) is a forecast probability and `churned` (n,) what happened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from crm.activity import Bools, Floats
from crm.rate import Rate

BINS = 10
TOP = 0.1


@dataclass(frozen=True)
class Decile:
    """A tenth of the people, by forecast: the mean forecast, and the share who churned with its interval."""

    predicted: float
    actual: Rate


@dataclass(frozen=True)
class Accuracy:
    """Of `people` forecasts; `base_brier` is the Brier score of giving everybody the base rate.

    `auc` None when all shared one outcome; `skill` 1 - brier / base_brier, above 0 is better than the base
    rate; `ece` mean distance of forecast and share over deciles; `lift` churn of the top tenth over all.
    """

    people: int
    churn_rate: float
    auc: float | None
    brier: float
    base_brier: float
    skill: float | None
    ece: float
    lift: float | None
    deciles: tuple[Decile, ...]


def accuracy(risk: Floats, churned: Bools, base: Floats) -> Accuracy:
    """All measures of at least one forecast; `base` (n,) is the base rate known when each was made."""
    brier, base_brier = brier_score(risk, churned), brier_score(base, churned)
    rate = float(churned.mean())
    deciles = decile_table(risk, churned)
    return Accuracy(
        people=len(risk),
        churn_rate=rate,
        auc=auc(risk, churned),
        brier=brier,
        base_brier=base_brier,
        skill=1 - brier / base_brier if base_brier else None,
        ece=calibration_error(deciles),
        lift=_lift(risk, churned) / rate if rate else None,
        deciles=deciles,
    )


def auc(risk: Floats, churned: Bools) -> float | None:
    """P(a churned person was ranked above one who returned), ties half; None without both kinds."""
    gone = int(churned.sum())
    stayed = len(churned) - gone
    if not gone or not stayed:
        return None
    ranks = pl.Series(risk).rank("average").to_numpy()
    return float((ranks[churned].sum() - gone * (gone + 1) / 2) / (gone * stayed))


def brier_score(risk: Floats, churned: Bools) -> float:
    """Mean squared distance of forecast and outcome: 0 is perfect."""
    return float(np.mean((risk - churned) ** 2))


def decile_table(risk: Floats, churned: Bools) -> tuple[Decile, ...]:
    """Ten bins of equal size by rising forecast (fewer when there are fewer people)."""
    order = np.argsort(risk, kind="stable")
    bins = [rows for rows in np.array_split(order, BINS) if len(rows)]
    return tuple(Decile(float(risk[rows].mean()), Rate(int(churned[rows].sum()), len(rows))) for rows in bins)


def calibration_error(deciles: tuple[Decile, ...]) -> float:
    """Expected calibration error: mean |forecast - share| over the deciles, weighted by people."""
    people = sum(decile.actual.whole for decile in deciles)
    off = (abs(decile.predicted * decile.actual.whole - decile.actual.part) for decile in deciles)
    return sum(off) / people


def _lift(risk: Floats, churned: Bools) -> float:
    """Share who churned of the tenth with the highest forecast; people tied at its edge count in part."""
    wanted = max(1, round(TOP * len(risk)))
    edge = np.partition(risk, len(risk) - wanted)[len(risk) - wanted]
    above, at = risk > edge, risk == edge
    return float((churned[above].sum() + churned[at].mean() * (wanted - above.sum())) / wanted)
