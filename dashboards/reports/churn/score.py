"""Fit a site's forecast, keep its coefficients, and keep the risk of everybody."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from crm.fitted import Fitted
from crm.models import Primary
from dashboards.computed import Computed, read_sql
from dashboards.expressions import Expression, fill
from dashboards.period import DAY, midnight
from dashboards.reports.churn.fit import learn
from dashboards.reports.churn.options import Moment, moment
from dashboards.reports.churn.scoring import facts, parameters
from schemas.objects import Site
from store.tables.client import Store

_WRITE, _NAMES = (read_sql(__package__ or "", f"{name}.sql") for name in ("write_scores", "all_names"))


@dataclass(frozen=True)
class Scored:
    """What one fit came to; `seconds` of wall time."""

    site_id: str
    fitted: Fitted
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """One row of what `clicktrail score` prints."""
        fitted, record = self.fitted, self.fitted.backtest
        return {
            "site": self.site_id,
            "primary": fitted.primary,
            "as_of": fitted.as_of.isoformat(),
            "horizon_days": fitted.horizon.days,
            "model": fitted.name,
            "people": fitted.people,
            "auc": record.overall.auc if record else None,
            "brier": record.overall.brier if record else None,
            "withheld": fitted.withheld,
            "seconds": round(self.seconds, 2),
        }


def score(  # noqa: PLR0913 - the options of the command
    store: Store,
    site: Site,
    *,
    now: datetime,
    primaries: Sequence[Primary] = ("visit", "order"),
    horizon: int | None = None,
    as_of: str = "",
) -> list[Scored]:
    """Fit and keep one forecast for each primary event. Written again it replaces that of the same day.

    Raises ConfigError for a horizon or day that cannot be, StoreError when the store does not answer.
    """
    asked = moment(as_of, site.timezone, now)
    return [_score(store, site, primary, horizon, asked) for primary in primaries]


def _score(store: Store, site: Site, primary: Primary, horizon: int | None, asked: Moment) -> Scored:
    began = time.perf_counter()
    fitted = learn(store, site, primary, horizon, asked)
    version = time.time_ns()
    _write_scores(store, site, fitted, version)
    # The forecast comes last: a report that finds it finds the scores too.
    row = {
        "site_id": site.id,
        "primary_event": primary,
        "horizon_days": fitted.horizon.days,
        "is_chosen": horizon is None,
        "as_of": fitted.as_of,
        "document": fitted.to_json().decode(),
        "version": version,
    }
    kinds = {"as_of": pl.Date, "version": pl.UInt64, "is_chosen": pl.Boolean}
    store.insert("churn_models", pl.DataFrame([row], schema_overrides=kinds))
    return Scored(site.id, fitted, time.perf_counter() - began)


def _write_scores(store: Store, site: Site, fitted: Fitted, version: int) -> None:
    """In the engine: a million risks need not pass through here."""
    if fitted.name is None:
        return
    end = Moment(midnight(fitted.as_of + DAY, site.timezone), fitted.as_of, fitted.as_of)
    given = {
        **parameters(site, end, fitted),
        "primary": fitted.primary,
        "horizon_days": fitted.horizon.days,
        "as_of": fitted.as_of.isoformat(),
        "model": fitted.name,
        "version": version,
    }
    asked = Computed(
        "write", "", fill(_WRITE, facts=Expression(facts(fitted)), names=Expression(_NAMES)), given
    )
    store.command(asked.sql, **asked.used())
