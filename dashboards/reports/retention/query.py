"""Retention: who started in a day, week or month, and how many of them were back in each later one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from crm.rate import Rate
from crm.survival import kaplan_meier
from dashboards.computed import read_sql, sql_instant
from dashboards.expressions import Expression, fill
from dashboards.filters import SessionFilter, event_condition, session_filter
from dashboards.period import DAY, Period
from dashboards.reports.retention.calendar import Calendar, calendar
from dashboards.reports.retention.options import RetentionOptions
from dashboards.reports.retention.records import GROUPS, Group, Retention, TimeToReturn, group
from schemas.objects import Site
from store.tables.client import Store

HISTORY = "1971-01-01 00:00:00.000"
"""Before all events: what is first must be looked for in everything there is."""

_CELLS_SQL, _SESSIONS_SQL, _EVENTS_SQL, _EVENTS_IN_SESSIONS_SQL, _COVERAGE_SQL, _WAITS_SQL = (
    read_sql(__package__ or "", name)
    for name in (
        "cells.sql",
        "of_sessions.sql",
        "of_events.sql",
        "of_events_in_sessions.sql",
        "coverage.sql",
        "time_to_return.sql",
    )
)
_CELLS = (
    "People by the period of their start (the first in all history, or any) and by how many periods later "
    "they were back. A session counts in every period it touches; with a condition, the human events that "
    "meet it. All are 100 % in their own period. Revenue is that of the cohort's sessions that start in the "
    "period. The mean weighs cohorts by their people and leaves out periods that still run."
)
_COVERAGE = (
    "Visitors with a human session that touches the report. Those whose id lasts one day only cannot be "
    "known again and are left out of all other numbers."
)
_WAITS = (
    "From the end of a person's first visit of all history, if it starts in the report, to the start of the "
    "next; those who have not come back are watched until now (Kaplan-Meier, Greenwood's 95 % band)."
)
_NONE, _TEXT = Expression("0"), Expression("''")


def retention(  # noqa: PLR0913 - what every report is asked with, and its options
    store: Store,
    site: Site,
    period: Period,
    options: RetentionOptions,
    filters: Sequence[str] = (),
    *,
    now: datetime,
) -> Retention:
    """The cohorts of the whole days, weeks or months that hold a period, as seen at `now` (UTC).

    A filter keeps sessions; with conditions only events inside kept sessions count. First-time cohorts and
    the time to return read all history, recurring cohorts only the periods of the report. ConfigError when a
    filter or condition cannot be read, or there are too many periods.
    """
    kept = session_filter(store, filters)
    periods = calendar(period, options.period, now)
    acts, conditions = _acts(store, options, kept)
    given = {
        **_parameters(site, periods, options),
        "bots": int(kept.bots),
        **kept.parameters,
        **conditions,
    }
    asked = (
        kept.computed("cells", _CELLS, acts, given),
        kept.computed("coverage", _COVERAGE, _COVERAGE_SQL, given),
        kept.computed("time_to_return", _WAITS, _WAITS_SQL, given),
    )
    tables = kept.tables(store, given)
    cells, shares, waited = (one.rows(store, tables) for one in asked)
    everyone, groups = _groups(cells, periods)
    return Retention(
        site_id=site.id,
        period=Period(periods.start(0), periods.start(periods.count) - DAY, period.zone),
        options=options,
        filters=tuple(filters),
        asked_at=now,
        everyone=everyone,
        groups=tuple(groups[:GROUPS]) if options.breakdown else (),
        values=len(groups) if options.breakdown else 0,
        left_out=Rate(shares[0]["left_out"], shares[0]["visitors"]),
        time_to_return=_time_to_return(waited),
        computed=asked,
    )


def _acts(store: Store, options: RetentionOptions, kept: SessionFilter) -> tuple[str, dict[str, object]]:
    """The text of the cells with its sources in place, and the values of the conditions."""
    start, back = options.start_condition, options.return_condition
    starts = event_condition(store, start, "starts") if start else _NONE
    returns = event_condition(store, back, "returns") if back else _NONE
    field = options.breakdown  # one of a fixed list of names
    of_events = fill(
        _EVENTS_SQL,
        starts=starts,
        returns=returns,
        # What orders events is read for a breakdown only: ids are a third of the table.
        place=Expression("(e.event_time, e.seq, e.event_id, e.visitor_id)") if field else _NONE,
        event_value=Expression(f"toString(e.{field})") if field else _TEXT,
    )
    if kept.active:
        of_events = fill(_EVENTS_IN_SESSIONS_SQL, of_events=Expression(of_events))
    of_sessions = fill(
        _SESSIONS_SQL,
        place=Expression("(s.start, toInt64(0), s.session_id, '')") if field else _NONE,
        session_value=Expression(f"toString(s.{field})") if field else _TEXT,
    )
    both = fill(_CELLS_SQL, of_sessions=Expression(of_sessions), of_events=Expression(of_events))
    return both, {**starts.parameters, **returns.parameters}


def _parameters(site: Site, periods: Calendar, options: RetentionOptions) -> dict[str, object]:
    """What the texts name; of two bounds on the reading, events are read from the later one."""
    begins, ends = sql_instant(periods.begins(0)), sql_instant(periods.ends)
    now = sql_instant(periods.now)
    first, by_event = options.start == "first", bool(options.start_condition)
    return {
        "site_id": site.id,
        "since": HISTORY,
        "until": max(ends, now),
        "begins": begins,
        "ends": ends,
        "now": now,
        "sessions_since": HISTORY if first else begins,
        "events_since": HISTORY if first and by_event else begins,
        "zone": periods.zone,
        "unit": periods.unit,
        "base": periods.base,
        "periods": periods.begun,
        "first": int(first),
        "or_after": int(options.return_ == "on_or_after"),
        "start_active": int(not options.start_condition),
        "return_active": int(not options.return_condition),
    }


def _groups(rows: Sequence[dict[str, Any]], periods: Calendar) -> tuple[Group, list[Group]]:
    """(everyone, one group a value, most people first)."""
    every: dict[tuple[int, int], tuple[int, Decimal]] = {}
    values: dict[str, dict[tuple[int, int], tuple[int, Decimal]]] = defaultdict(dict)
    for row in rows:
        at, cell = (row["cohort"], row["later_by"]), (row["people"], row["revenue"])
        values[row["value"]][at] = cell
        people, revenue = every.get(at, (0, Decimal(0)))
        every[at] = people + cell[0], revenue + cell[1]
    groups = [group(value, found, periods) for value, found in values.items()]
    return group("", every, periods), sorted(groups, key=lambda one: (-one.size, one.value))


def _time_to_return(rows: Sequence[dict[str, Any]]) -> TimeToReturn:
    waited = np.array([row["waited_s"] for row in rows], np.float64)
    returned = np.array([row["returned"] for row in rows], np.bool_)
    people = np.array([row["people"] for row in rows], np.int64)
    back = Rate(int(people[returned].sum()), int(people.sum()))
    return TimeToReturn(back, kaplan_meier(waited, returned, people))
