"""The overview: what happened in a period and in the one before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from crm.activity import day_number
from dashboards.computed import Computed, read_sql, sql_instant
from dashboards.conditions import condition
from dashboards.expressions import ONLY_PATHS, Expression, fill
from dashboards.filters import SessionFilter, session_filter
from dashboards.period import Period, zone_info
from dashboards.reports.overview.records import LISTS, TOP, Bucket, Overview, PageRow, TopRow, Totals
from schemas.objects import Site
from store.tables.client import Store

_NAMED = {"source": ("source", "medium")}
_SQL = {
    name: read_sql(__package__ or "", f"{name}.sql")
    for name in (
        "totals", "tops", "people", "trend", "day", "hour", "events", "pages", "happened",
        "happened_in_sessions",
    )
}  # fmt: skip
_MASKS = (
    ("entry_path", "channel_group", "device_class"),
    ("browser", "os", "country"),
    ("source", "campaign"),
)
"""Lists whose values share a mask of people.sql."""

_MASK_BITS, _LIST_BITS = 64, 2 * TOP
_EVERYBODY, _FIRST_DAY = 63, 192
_DAYS = {"UInt64": 64, "UInt128": 128, "UInt256": 256}
"""Buckets of a trend that fit in a mask of people.sql, by its type; more are counted by trend.sql."""

_LIKE = (
    " The period before is as long. While the period runs, it is counted up to the same day and time of day, "
    "so that like is compared with like."
)
_TOTALS = (
    "What the human sessions that start in the period add up to; those of bots stand in rows of their own. "
    "A session is engaged with more than 10 visible seconds, two views or a key event; "
    "a bounce is a session that is not engaged."
) + _LIKE
_EVENTS = (
    "Human events whose time lies in the period, in a session or not; under a filter those inside a session "
    "that the filter keeps. The ten most viewed pages: page and screen views among these events."
)
_PAGES = "The people who viewed the ten most viewed pages."
_LISTS = "The ten most frequent values over the human sessions that start in the period."
_PEOPLE = "The people of these sessions: in all, for each of these values, and in each day or hour."


def overview(
    store: Store, site: Site, period: Period, filters: Sequence[str] = (), *, now: datetime
) -> Overview:
    """The overview of a site for a period; `now` (UTC) marks what is unfinished and cuts the period before.

    Sessions belong to the period in which they start. Events (and pages) are counted by event_time: without a
    filter all human ones, in a session or not; with one, those whose time lies in a human session that the
    filter keeps, on whichever day it started. The rules of a filter: `dashboards.filters`.
    One query after the other: each keeps all processors busy, and side by side they take a tenth longer.
    """
    kept = session_filter(store, filters)
    before = period.previous()
    cut = period.comparable(now)
    given = _parameters(site, before, period, cut, kept)
    tables = kept.tables(store, given)
    unit = "hour" if period.days == 1 else "day"
    bucket = Expression(_SQL[unit])
    sums = kept.computed("totals", _TOTALS, fill(_SQL["totals"], bucket=bucket), given)
    sum_rows = sums.rows(store, tables)
    event_rows, asked_of_events = _of_events(store, kept, given, tables)
    top_rows, people, asked_of_sessions = _of_sessions(store, kept, given, tables, bucket)
    counted = [row for row in sum_rows if kept.bots or not row["is_bot"]]
    trend = _trend(counted, people, period, now, current=1)
    rows: dict[str, list[tuple[int, Any]]] = {"pages": _pages(event_rows)}
    rows.update({name: _top(top_rows, column) for name, column in LISTS.items()})
    return Overview(
        site_id=site.id,
        period=period,
        previous_period=before,
        filters=tuple(filters),
        asked_at=now,
        totals=_totals(sum_rows, counted, event_rows, people, current=1),
        previous=_totals(sum_rows, counted, event_rows, people, current=0),
        unit=unit,
        trend=tuple(b for b in trend if b.start < now or b.sessions),
        previous_trend=_trend(counted, people, before, now, current=0),
        faded={name: tuple(row for place, row in found if place > TOP) for name, found in rows.items()},
        previous_until=cut,
        computed=(sums, *asked_of_events, *asked_of_sessions),
        **{name: tuple(row for place, row in found if place <= TOP) for name, found in rows.items()},
    )


_Tables = Mapping[str, pl.DataFrame]
_Rows = list[dict[str, Any]]
_People = dict[int, dict[str, int]]  # place of people.sql → visitors now and before


def _of_events(
    store: Store, kept: SessionFilter, given: Mapping[str, object], tables: _Tables
) -> tuple[_Rows, tuple[Computed, ...]]:
    """The sums of the events with the paths viewed most and their people; under a filter in kept sessions."""
    in_sessions = fill(_SQL["happened_in_sessions"], sessions=kept.where) if kept.active else ""
    happened = in_sessions or _SQL["happened"]
    counts = Computed(
        "events", _EVENTS, fill(_SQL["events"], happened=Expression(happened)), given, kept.ahead
    )
    rows = counts.rows(store, tables)
    paths = [row["path"] for row in rows if row["views"] or row["views_before"]]
    viewed = Expression(fill(happened, paths=ONLY_PATHS))
    pages = Computed(
        "pages", _PAGES, fill(_SQL["pages"], happened=viewed), {**given, "paths": paths}, kept.ahead
    )
    people = {row["path"]: row for row in pages.rows(store, tables)} if paths else {}
    return [_with_people(row, people.get(row["path"])) for row in rows], (counts, pages)


def _of_sessions(
    store: Store, kept: SessionFilter, given: Mapping[str, object], tables: _Tables, bucket: Expression
) -> tuple[_Rows, _People, tuple[Computed, ...]]:
    """The rows of the lists, with their people; and how many people there are in all and by bucket."""
    tops = kept.computed("lists", _LISTS, _SQL["tops"], given)
    rows = tops.rows(store, tables)
    places = _places(rows)
    sql = fill(_SQL["people"], day=_day(given, bucket))
    asked = [kept.computed("people", _PEOPLE, sql, {**given, **_bits(places)})]
    people: _People = {row["place"]: row for row in asked[0].rows(store, tables)} if rows else {}
    if rows and not given["days"]:
        asked.append(kept.computed("trend", _PEOPLE, fill(_SQL["trend"], bucket=bucket), given))
        people |= {_FIRST_DAY + row["bucket"]: row for row in asked[1].rows(store, tables)}
    listed = [_with_people(row, people.get(places[_listed(row)])) for row in rows]
    return listed, people, (tops, *asked)


def _day(given: Mapping[str, object], bucket: Expression) -> Expression:
    """The bit of a session's bucket; none where the trend is too long for a mask."""
    if not given["days"]:
        return Expression("toUInt64(0)")
    return Expression(f"bitShiftLeft(CAST(1, {{days:String}}), {bucket.sql})")


def _with_people(row: dict[str, Any], people: Mapping[str, int] | None) -> dict[str, Any]:
    """A row with its visitors now and before; none if nobody was found."""
    return row | {name: people[name] if people else 0 for name in ("visitors", "visitors_before")}


def _listed(row: Mapping[str, Any]) -> tuple[str, str]:
    """(list, value as people.sql knows it)."""
    name = row["list"]
    return name, "\n".join(row[field] for field in _NAMED.get(name, (name,)))


def _places(rows: _Rows) -> dict[tuple[str, str], int]:
    """(list, value) → the place of its bit."""
    made: dict[tuple[str, str], int] = {}
    for mask, names in enumerate(_MASKS):
        for at, name in enumerate(names):
            values = [one for row in rows if (one := _listed(row))[0] == name]
            first = mask * _MASK_BITS + at * _LIST_BITS
            made.update({value: first + bit for bit, value in enumerate(values)})
    return made


def _bits(places: Mapping[tuple[str, str], int]) -> dict[str, object]:
    """The parameters of people.sql: values of each list, and their bits."""
    made: dict[str, object] = {}
    for name in LISTS.values():
        bits = {value: 1 << place % _MASK_BITS for (of, value), place in places.items() if of == name}
        for at, field in enumerate(_NAMED.get(name, (name,))):
            shared: dict[str, int] = defaultdict(int)
            for value, bit in bits.items():
                shared[value.split("\n")[at]] |= bit
            made |= {field: list(shared), f"{field}_bits": list(shared.values())}
    return made


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
        "first_day": _number(period.start),
        "first_day_before": _number(before.start),
        "days": next((name for name, most in _DAYS.items() if period.days <= most), ""),
        "bots": int(kept.bots),
        **kept.parameters,
    }


def _number(day: date) -> int:
    """Days since 1970 as the tables count them: none before, none after 2149."""
    return min(max(day_number(day), 0), 65_535)


def _totals(sums: _Rows, counted: _Rows, events: _Rows, people: _People, current: int) -> Totals:
    end = "" if current else "_before"
    values: dict[str, Any] = {"visitors": people.get(_EVERYBODY, {}).get("visitors" + end, 0)}
    values |= {name: events[0][name + end] if events else 0 for name in ("events", "bot_events")}
    values["bot_sessions"] = sum(row["sessions"] for row in _compared(sums, current) if row["is_bot"])
    rows = _compared(counted, current)
    for one in fields(Totals):
        if one.name not in values:
            nothing: Any = one.default
            values[one.name] = sum((row[one.name] for row in rows), start=nothing)
    return Totals(**values)


def _compared(rows: _Rows, current: int) -> _Rows:
    return [row for row in rows if row["current"] == current and row["compared"]]


def _trend(rows: _Rows, people: _People, period: Period, now: datetime, current: int) -> tuple[Bucket, ...]:
    """Every bucket of the period, also those without a session."""
    found: dict[int, _Rows] = defaultdict(list)
    named = "visitors" if current else "visitors_before"
    for row in rows:
        if row["current"] == current:
            found[row["bucket"]].append(row)
    made = []
    for at, (start, end, label) in enumerate(_calendar(period)):
        counts: dict[str, Any] = {
            name: sum((row[name] for row in found[at]), start=zero)
            for name, zero in (("sessions", 0), ("page_views", 0), ("bounces", 0), ("engaged_s", 0.0))
        }
        counts["visitors"] = people.get(_FIRST_DAY + at, {}).get(named, 0)
        made.append(Bucket(start=start, label=label, unfinished=end > now, **counts))
    return tuple(made)


def _calendar(period: Period) -> Iterator[tuple[datetime, datetime, str]]:
    """(first instant, end, local label) of each bucket in order: hours of a single day, else days."""
    if period.days == 1:
        hours = -(-int((period.ends - period.begins).total_seconds()) // 3600)
        for at in range(hours):
            start = period.begins + timedelta(hours=at)
            label = f"{start.astimezone(zone_info(period.zone)):%Y-%m-%dT%H:%M}"
            yield start, min(start + timedelta(hours=1), period.ends), label
        return
    for day in period.dates():
        one = Period(day, day, period.zone)
        yield one.begins, one.ends, day.isoformat()


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
    """(place, row) of the paths that anyone viewed."""
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
        if row["views"] or row["views_before"]
    ]
