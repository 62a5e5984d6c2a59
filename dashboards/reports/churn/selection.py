"""The people behind a number of the page, as a query."""

from __future__ import annotations

from dataclasses import replace

from dashboards.computed import read_sql
from dashboards.expressions import Expression, fill
from dashboards.filters import session_filter
from dashboards.page import View
from dashboards.people import Selection
from dashboards.reports.churn.asked import BANDS, STAGE_NAMES, read
from dashboards.reports.churn.fit import forecast
from dashboards.reports.churn.options import Listing, moment
from dashboards.reports.churn.query import listed_parameters
from dashboards.reports.churn.scoring import facts

_SELECTED, ALL_NAMES = (read_sql(__package__ or "", f"{name}.sql") for name in ("selected", "all_names"))


def select(view: View, who: str) -> Selection | None:
    """Those of above:67, band:high or stage:danger; None for anything else. ConfigError as the page."""
    site, listing = view.site, _listing(who)
    if site is None or listing is None:
        return None
    options, store = read(view).options, view.desk.store
    at = moment(options.as_of, site.timezone, view.desk.now())
    fitted = forecast(store, site, options, at).fitted
    kept = session_filter(store, view.state.f)
    text = fill(_SELECTED, facts=Expression(facts(fitted)), names=Expression(ALL_NAMES))
    made = kept.computed("selected", "", text, listed_parameters(site, at, fitted, kept, listing))
    return Selection(_title(view, who), made.sql, made.used(), made.ahead)


def _listing(who: str) -> Listing | None:
    kind, _, value = who.partition(":")
    if kind == "above" and value.isascii() and value.isdigit() and int(value[:4]) <= 100:
        return replace(Listing(ranked=True), above=int(value) / 100)
    if kind == "band" and value in BANDS:
        return Listing(ranked=True, band=value)
    if kind == "stage" and value in STAGE_NAMES:
        return Listing(stage=value)
    return None


def _title(view: View, who: str) -> str:
    kind, _, value = who.partition(":")
    text = view.text
    if kind == "above":
        return text("churn.people.above", risk=f"{value}%")
    return text(f"churn.people.{kind}", **{kind: text(f"churn.{kind}.{value}")})
