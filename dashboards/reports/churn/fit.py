"""The forecast of a site: the newest that is kept, or one that is fitted now if the site is small."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from clicktrail.errors import ConfigError
from crm.activity import activity_of
from crm.churn import churn_risk
from crm.fitted import Fitted, fitted_of
from crm.models import Primary
from dashboards.computed import Computed, read_sql, sql_instant
from dashboards.period import DAY, midnight
from dashboards.reports.churn.options import ChurnOptions, Moment
from schemas.objects import Site
from store.tables.client import Store

SMALL = 200_000
"""Sessions up to which a report fits a forecast by itself: a second or two."""

OLDEST = timedelta(days=35)
"""Age from which a kept forecast is not used any more."""

_DAYS, _SIZE, _NEWEST = (read_sql(__package__ or "", f"{name}.sql") for name in ("days", "size", "newest"))
_DAYS_OF = (
    "The days of the primary event of each person up to the day the forecast was learnt. People without an "
    "id that outlives the day are left out."
)


@dataclass(frozen=True)
class Learnt:
    """A forecast, and whether it was kept or just made."""

    fitted: Fitted
    is_kept: bool


class NoForecastError(ConfigError):
    """No forecast is kept, and there are too many `sessions` to learn one on the way; `command` makes one."""

    def __init__(self, command: str, sessions: int) -> None:
        self.command, self.sessions = command, sessions
        super().__init__(
            f"no forecast is kept and {sessions:,} sessions are too many to learn one on the way: "
            f"run `{command}`"
        )


def learn(store: Store, site: Site, primary: Primary, horizon: int | None, moment: Moment) -> Fitted:
    """Fit the forecast of a site from what was known at the end of the last whole day."""
    asked = days_query(site, primary, moment)
    kinds = pl.col("person_id").cast(pl.UInt64), pl.col("day").cast(pl.Date), pl.col("value")
    activity = activity_of(store.query(asked.sql, None, **asked.used()).select(kinds))
    return fitted_of(churn_risk(activity, moment.whole, primary, horizon))


def days_query(site: Site, primary: Primary, moment: Moment) -> Computed:
    """What a forecast is learnt from."""
    given = {
        "site_id": site.id,
        "until": sql_instant(midnight(moment.whole + DAY, site.timezone)),
        "orders": int(primary == "order"),
        "zone": site.timezone,
    }
    return Computed("days", _DAYS_OF, _DAYS, given)


def forecast(store: Store, site: Site, options: ChurnOptions, moment: Moment) -> Learnt:
    """The newest kept forecast of at most 35 days before the moment, else one fitted now.

    NoForecastError when there is none and the site is too large to fit one on the way.
    """
    kept = _kept(store, site, options, moment)
    if kept is not None and moment.whole - kept.as_of <= OLDEST:
        return Learnt(kept, is_kept=True)
    size = store.rows(_SIZE, site_id=site.id, until=sql_instant(moment.until))[0]["days"]
    if size > SMALL:
        more = f" --primary {options.primary}" if options.primary != "visit" else ""
        more += f" --horizon {options.horizon}" if options.horizon else ""
        more += f" --as-of {moment.whole}" if options.as_of else ""
        raise NoForecastError(f"clicktrail score --site {site.id}{more}", size)
    return Learnt(learn(store, site, options.primary, options.horizon, moment), is_kept=False)


def _kept(store: Store, site: Site, options: ChurnOptions, moment: Moment) -> Fitted | None:
    rows = store.rows(
        _NEWEST,
        site_id=site.id,
        primary=options.primary,
        by=moment.whole.isoformat(),
        horizon_asked=options.horizon or 0,
    )
    return Fitted.from_json(rows[0]["document"]) if rows else None
