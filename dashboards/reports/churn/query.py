"""Churn risk: who will not come back within the horizon, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from typing import Any

from crm.fitted import Fitted
from crm.rate import Rate
from dashboards.computed import Computed, read_sql
from dashboards.expressions import Expression, fill
from dashboards.filters import SessionFilter, session_filter
from dashboards.reports.churn.fit import days_query, forecast
from dashboards.reports.churn.options import ChurnOptions, Listing, Moment, moment
from dashboards.reports.churn.people import Rows, persons
from dashboards.reports.churn.records import Churn, Slice
from dashboards.reports.churn.scoring import facts, parameters
from schemas.objects import Site
from store.tables.client import Store

HISTORY = "1971-01-01 00:00:00.000"
"""Before all events: a filter may be met by any session of a person's history."""

TOP = 1_000
"""People that each slice of the spread has on top: up to there a list needs no pass of its own."""

_NAMES = ("people", "spread", "left_out", "one", "of_person")
_PEOPLE, _SPREAD, _LEFT_OUT, _ONE, _OF_PERSON = (read_sql(__package__ or "", f"{n}.sql") for n in _NAMES)
_PEOPLE_ARE = (
    "People with the primary event within the horizon (28 days at least). Risk: the chance that the next one "
    "does not come within the horizon, from the coefficients of the forecast and what is known of them now."
)
_SPREAD_IS = "The same people counted by hundredths of risk, stage and band."
_LEFT_OUT_ARE = (
    "Visitors with a human session in the days in which people are in play. Those whose id lasts one day "
    "only cannot be known again and are left out."
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
    given = listed_parameters(site, at, learnt.fitted, kept, listing)
    spread, left_out = _whole(learnt.fitted, kept, given)
    with ThreadPoolExecutor(2) as pool:
        shares = pool.submit(left_out.rows, store)
        slices = spread.rows(store, kept.tables(store, given))
    people, listed = _list(store, learnt.fitted, kept, given, listing, slices)
    return Churn(
        site_id=site.id,
        options=options,
        moment=at,
        learnt=learnt,
        filters=tuple(filters),
        spread=tuple(_slice(row) for row in slices),
        left_out=Rate(shares.result()[0]["left_out"], shares.result()[0]["visitors"]),
        people=persons(store, site, learnt.fitted, at, listed),
        asked_at=now,
        computed=(people, spread, left_out, days_query(site, options.primary, at)),
    )


def _whole(fitted: Fitted, kept: SessionFilter, given: Mapping[str, object]) -> tuple[Computed, Computed]:
    """The spread, and who is left out."""
    spread = fill(_SPREAD, facts=Expression(facts(fitted)))
    return kept.computed("spread", _SPREAD_IS, spread, given), Computed(
        "left_out", _LEFT_OUT_ARE, _LEFT_OUT, given
    )


def _list(  # noqa: PLR0913 - what both ways to a list need
    store: Store,
    fitted: Fitted,
    kept: SessionFilter,
    given: Mapping[str, object],
    listing: Listing,
    slices: Rows,
) -> tuple[Computed, Rows]:
    """The rows of the list and their query: those on top of the slices, else from a pass over all people."""
    if listing.offset + listing.limit > TOP or listing.above or listing.ranked:
        every = kept.computed("people", _PEOPLE_ARE, fill(_PEOPLE, facts=Expression(facts(fitted))), given)
        return every, every.rows(store, kept.tables(store, given))
    numbers = on_top(slices, listing)
    few = people_query(fitted, given, numbers)
    found = {row["person"]: row for row in few.rows(store)} if numbers else {}
    # Between the two queries ids may have been joined: who is somebody else by now is left out.
    return few, [found[number] for number in numbers if number in found]


def on_top(slices: Rows, listing: Listing) -> list[int]:
    """Hashes of the people of a list, in its order, out of the thousand that each slice has on top."""
    ranked = [
        (bool(row["is_newcomer"]) and listing.sort == "risk", key, person)
        for row in slices
        if listing.band in ("", row["band"]) and listing.stage in ("", row["stage"])
        for key, person in row["top"]
    ]
    ranked.sort()
    return [person for _, _, person in ranked[listing.offset : listing.offset + listing.limit]]


def people_query(fitted: Fitted, given: Mapping[str, object], people: Sequence[int]) -> Computed:
    """The facts and the risk of a few persons, by hash."""
    text = fill(_ONE, facts=Expression(facts(fitted, Expression(_OF_PERSON))))
    return Computed("people", _PEOPLE_ARE, text, {**given, "asked_people": list(people)})


def _slice(row: Mapping[str, Any]) -> Slice:
    counts = {name: row[name] for name in ("hundredth", "stage", "band", "people", "leavers", "at_risk")}
    return Slice(is_newcomer=bool(row["is_newcomer"]), **counts)


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
