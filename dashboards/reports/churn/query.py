"""Churn risk: who will not come back within the horizon, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime

from crm.fitted import Fitted
from crm.rate import Rate
from dashboards.computed import Computed, read_sql, sql_instant
from dashboards.expressions import Expression, fill
from dashboards.filters import SessionFilter, session_filter
from dashboards.reports.churn.fit import days_query, forecast
from dashboards.reports.churn.options import ChurnOptions, Listing, Moment, moment
from dashboards.reports.churn.people import persons
from dashboards.reports.churn.records import Churn, Slice
from dashboards.reports.churn.scoring import facts, parameters
from schemas.objects import Site
from store.tables.client import Store

HISTORY = "1971-01-01 00:00:00.000"
"""Before all events: a filter may be met by any session of a person's history."""

_PEOPLE, _SPREAD, _LEFT_OUT = (
    read_sql(__package__ or "", f"{name}.sql") for name in ("people", "spread", "left_out")
)
_PEOPLE_ARE = (
    "People with the primary event within the horizon (28 days at least). Risk: the chance that the next one "
    "does not come within the horizon, from the coefficients of the forecast and what is known of them now."
)
_SPREAD_IS = "The same people counted by hundredths of risk, stage and band."
_LEFT_OUT_ARE = (
    "Visitors with a human session. Those whose id lasts one day only cannot be known again and are left out."
)


def churn(  # noqa: PLR0913 - what every report is asked with, and its options
    store: Store,
    site: Site,
    options: ChurnOptions,
    filters: Sequence[str] = (),
    listing: Listing | None = None,
    *,
    now: datetime,
) -> Churn:
    """The people in play, as a list of `listing.limit` and as a whole.

    A filter keeps people who have a session it keeps; their risk still follows from all their sessions.
    ConfigError when an option or a filter cannot be read, or a forecast must first be made by `score`.
    """
    listing = listing or Listing()
    at = moment(options.as_of, site.timezone, now)
    kept = session_filter(store, filters)
    learnt = forecast(store, site, options, at)
    asked = queries(site, at, learnt.fitted, kept, listing)
    tables = kept.tables(store, asked[0].parameters)
    with ThreadPoolExecutor(3) as pool:
        listed, spread, shares = pool.map(lambda one: one.rows(store, tables if one.ahead else None), asked)
    return Churn(
        site_id=site.id,
        options=options,
        moment=at,
        learnt=learnt,
        filters=tuple(filters),
        spread=tuple(Slice(**{**row, "is_newcomer": bool(row["is_newcomer"])}) for row in spread),
        left_out=Rate(shares[0]["left_out"], shares[0]["visitors"]),
        people=persons(store, site, learnt.fitted, at, listed),
        asked_at=now,
        computed=(*asked, days_query(site, options.primary, at)),
    )


def queries(
    site: Site, at: Moment, fitted: Fitted, kept: SessionFilter, listing: Listing
) -> tuple[Computed, Computed, Computed]:
    """The list, the spread, and who is left out."""
    given = listed_parameters(site, at, fitted, kept, listing)
    rows = Expression(facts(fitted))
    return (
        kept.computed("people", _PEOPLE_ARE, fill(_PEOPLE, facts=rows), given),
        kept.computed("spread", _SPREAD_IS, fill(_SPREAD, facts=rows), given),
        Computed("left_out", _LEFT_OUT_ARE, _LEFT_OUT, {"site_id": site.id, "until": sql_instant(at.until)}),
    )


def listed_parameters(
    site: Site, at: Moment, fitted: Fitted, kept: SessionFilter, listing: Listing
) -> dict[str, object]:
    """What the queries of people in play name."""
    return {
        **parameters(site, at, fitted),
        **asdict(listing),
        "ranked": int(listing.ranked),
        "since": HISTORY,
        **kept.parameters,
    }
