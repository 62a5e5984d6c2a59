"""The overview: what happened in a period and in the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from dashboards.computed import Computed, read_sql, sql_instant
from dashboards.conditions import condition
from dashboards.expressions import Expression, fill
from dashboards.filters import SessionFilter, session_filter
from dashboards.period import Period, zone_info
from dashboards.reports.overview.records import LISTS, TOP, Bucket, Overview, PageRow, TopRow, Totals
from schemas.objects import Site
from store.tables.client import Store

_NAMED = {"source": ("source", "medium")}
_EPOCH = date(1970, 1, 1).toordinal()
_TOTALS_SQL, _TOPS_SQL, _EVENTS_SQL, _PAGES_SQL, _HAPPENED_SQL, _HAPPENED_IN_SESSIONS_SQL = (
    read_sql(__package__ or "", f"{name}.sql")
    for name in ("totals", "tops", "events", "pages", "happened", "happened_in_sessions")
)
_LIKE = (
    " The period before is as long. While the period runs, it is counted up to the same day and time of day, "
    "so that like is compared with like."
)
_TOTALS = (
    "Visitors are persons with a human session that starts in the period; sessions, page views and rates are "
    "of those sessions. A session is engaged with more than 10 visible seconds, two views or a key event; "
    "a bounce is a session that is not engaged."
) + _LIKE
_EVENTS = (
    "Human events whose time lies in the period, in a session or not; under a filter those inside a session "
    "that the filter keeps."
)
_PAGES = "The ten most viewed pages: page and screen views among these events, and the people who made them."
_LISTS = "The ten most frequent values over the human sessions that start in the period."


def overview(
    store: Store, site: Site, period: Period, filters: Sequence[str] = (), *, now: datetime
) -> Overview:
    """The overview of a site for a period; `now` (UTC) marks what is unfinished and cuts the period before.

    Sessions belong to the period in which they start. Events (and pages) are counted by event_time: without a
    filter all human ones, in a session or not; with one, those whose time lies in a human session that the
    filter keeps, on whichever day it started. The rules of a filter: `dashboards.filters`.
    """
    kept = session_filter(store, filters)
    before = period.previous()
    cut = period.comparable(now)
    given = _parameters(site, before, period, cut, kept)
    sums = kept.computed("totals", _TOTALS, _TOTALS_SQL, given)
    happened, pages = _of_events(kept, given)
    tops = kept.computed("lists", _LISTS, _TOPS_SQL, given)
    tables = kept.tables(store, given)
    asked = (sums, happened, pages, tops)
    with ThreadPoolExecutor(2) as pool:
        sum_rows, event_rows, page_rows, top_rows = pool.map(lambda one: one.rows(store, tables), asked)
    trend = _trend(sum_rows, period, now, current=1)
    rows: dict[str, list[tuple[int, Any]]] = {"pages": _pages(page_rows)}
    rows.update({name: _top(top_rows, column) for name, column in LISTS.items()})
    return Overview(
        site_id=site.id,
        period=period,
        previous_period=before,
        filters=tuple(filters),
        asked_at=now,
        totals=_totals(sum_rows, event_rows, current=1),
        previous=_totals(sum_rows, event_rows, current=0),
        unit="hour" if period.days == 1 else "day",
        trend=tuple(b for b in trend if b.start < now or b.sessions),
        previous_trend=_trend(sum_rows, before, now, current=0),
        faded={name: tuple(row for place, row in found if place > TOP) for name, found in rows.items()},
        previous_until=cut,
        computed=asked,
        **{name: tuple(row for place, row in found if place <= TOP) for name, found in rows.items()},
    )


def _of_events(kept: SessionFilter, given: Mapping[str, object]) -> tuple[Computed, Computed]:
    """The queries of the events and of the pages; under a filter of those in a session that it keeps."""
    in_sessions = fill(_HAPPENED_IN_SESSIONS_SQL, sessions=kept.where) if kept.active else ""
    happened = Expression(in_sessions or _HAPPENED_SQL)
    return (
        Computed("events", _EVENTS, fill(_EVENTS_SQL, happened=happened), given, kept.ahead),
        Computed("pages", _PAGES, fill(_PAGES_SQL, happened=happened), given, kept.ahead),
    )


def _parameters(
    site: Site, before: Period, period: Period, cut: datetime, kept: SessionFilter
) -> dict[str, object]:
    return {
        "site_id": site.id,
        "since": sql_instant(before.begins),
        "cut": sql_instant(cut),
        "middle": sql_instant(period.begins),
        "until": sql_instant(period.ends),
        "zone": period.zone,
        "hours": int(period.days == 1),
        "bots": int(kept.bots),
        **kept.parameters,
    }


def _totals(sums: list[dict[str, Any]], events: list[dict[str, Any]], current: int) -> Totals:
    row: dict[str, Any] = next((r for r in sums if not r["trend"] and r["current"] == current), {})
    counts: dict[str, Any] = next((r for r in events if r["current"] == current), {})
    values = {f.name: row.get(f.name, counts.get(f.name, f.default)) for f in fields(Totals)}
    return Totals(**values)


def _trend(rows: list[dict[str, Any]], period: Period, now: datetime, current: int) -> tuple[Bucket, ...]:
    """Every bucket of the period, also those without a session."""
    found = {row["bucket"]: row for row in rows if row["trend"] and row["current"] == current}
    empty = {"visitors": 0, "sessions": 0, "page_views": 0, "bounces": 0, "engaged_s": 0.0}
    made = []
    for key, start, end, label in _calendar(period):
        row = found.get(key, empty)
        counts: dict[str, Any] = {name: type(zero)(row[name]) for name, zero in empty.items()}
        made.append(Bucket(start=start, label=label, unfinished=end > now, **counts))
    return tuple(made)


def _calendar(period: Period) -> Iterator[tuple[int, datetime, datetime, str]]:
    """(key in SQL, first instant, end, local label) of each bucket: hours of a single day, else days."""
    if period.days == 1:
        hours = -(-int((period.ends - period.begins).total_seconds()) // 3600)
        for at in range(hours):
            start = period.begins + timedelta(hours=at)
            label = f"{start.astimezone(zone_info(period.zone)):%Y-%m-%dT%H:%M}"
            yield at, start, min(start + timedelta(hours=1), period.ends), label
        return
    for day in period.dates():
        one = Period(day, day, period.zone)
        yield day.toordinal() - _EPOCH, one.begins, one.ends, day.isoformat()


def _top(rows: list[dict[str, Any]], column: str) -> list[tuple[int, TopRow]]:
    """(place, row) of one list."""
    return [
        (
            row["place"] if row["sessions"] else TOP + 1,
            TopRow(
                value=f"{row['source']} / {row['medium']}" if column == "source" else row[column],
                condition=" & ".join(condition(name, row[name]) for name in _NAMED.get(column, (column,))),
                visitors=row["visitors"],
                sessions=row["sessions"],
                page_views=row["page_views"],
                bounces=row["bounces"],
                visitors_before=row["visitors_before"],
            ),
        )
        for row in rows
        if row["list"] == column
    ]


def _pages(rows: list[dict[str, Any]]) -> list[tuple[int, PageRow]]:
    """(place, row) of the paths."""
    return [
        (
            row["place"] if row["views"] else TOP + 1,
            PageRow(
                row["path"],
                condition("path", row["path"]),
                row["visitors"],
                row["views"],
                row["visitors_before"],
            ),
        )
        for row in rows
    ]
