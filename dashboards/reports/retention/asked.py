"""What a retention report is asked, as SQL: its periods, its filter, its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dashboards.computed import read_sql, sql_instant
from dashboards.conditions import EVENT_FIELDS
from dashboards.expressions import Expression, fill, text_of
from dashboards.filters import SessionFilter, event_condition, session_filter
from dashboards.period import DAY, Period
from dashboards.reports.retention.calendar import Calendar, calendar
from dashboards.reports.retention.options import RetentionOptions
from schemas.objects import Site
from store.tables.client import Store

HISTORY = "1971-01-01 00:00:00.000"
"""Before all events: what is first must be looked for in everything there is."""

_PEOPLE_SQL, _BY_MASK_SQL, _SESSIONS_SQL, _EVENTS_SQL, _EVENTS_IN_SESSIONS_SQL = (
    read_sql(__package__ or "", f"{name}.sql")
    for name in ("people", "people_by_mask", "of_sessions", "of_events", "of_events_in_sessions")
)
_NONE = Expression("0")
_MASKS = {"UInt64": 62, "UInt256": 254}
"""By the type of a row of bits, how many periods fit: one bit is all before them, one the end of the last."""


@dataclass(frozen=True)
class Asked:
    """A report that was asked: its periods, its filter, and the SQL of its people with its parameters."""

    calendar: Calendar
    kept: SessionFilter
    people: str  # people.sql with its sources in place
    by_mask: str  # people_by_mask.sql likewise; '' where it does not say all that is asked
    given: Mapping[str, object]

    @property
    def period(self) -> Period:
        """The days asked for, widened to whole days, weeks or months."""
        periods = self.calendar
        return Period(periods.start(0), periods.start(periods.count) - DAY, periods.zone)


def ask(  # noqa: PLR0913 - as the report
    store: Store,
    site: Site,
    period: Period,
    options: RetentionOptions,
    filters: Sequence[str],
    *,
    now: datetime,
) -> Asked:
    """Read the filters and conditions; ConfigError when one cannot be read, or there are too many periods."""
    kept = session_filter(store, filters)
    periods = calendar(period, options.period, now)
    sources, values = _acts(store, options, kept)
    mask = next((name for name, most in _MASKS.items() if periods.begun <= most), "")
    masked = mask and (options.start == "first" or not options.breakdown)
    given = {**_parameters(site, periods, options), "mask": mask, "bots": int(kept.bots)}
    given |= {**kept.parameters, **values}
    by_mask = fill(_BY_MASK_SQL, **sources, **_first(options)) if masked else ""
    return Asked(periods, kept, fill(_PEOPLE_SQL, **sources), by_mask, given)


def _acts(
    store: Store, options: RetentionOptions, kept: SessionFilter
) -> tuple[dict[str, Expression], dict[str, object]]:
    """The sources of the people by their marks, and the values of conditions and breakdown."""
    start, back = options.start_condition, options.return_condition
    starts = event_condition(store, start, "starts") if start else _NONE
    returns = event_condition(store, back, "returns") if back else _NONE
    of_event, of_session = _values(options)
    of_events = fill(
        _EVENTS_SQL,
        starts=starts,
        returns=returns,
        place=of_event.place,
        event_value=of_event.value,
    )
    if kept.active:
        of_events = fill(_EVENTS_IN_SESSIONS_SQL, of_events=Expression(of_events))
    of_sessions = fill(_SESSIONS_SQL, place=of_session.place, session_value=of_session.value)
    sources = {"of_sessions": Expression(of_sessions), "of_events": Expression(of_events)}
    return sources, {**starts.parameters, **returns.parameters, **of_event.value.parameters}


@dataclass(frozen=True)
class _Value:
    """What an act brings for the breakdown: its value, and its place among the acts of a person."""

    value: Expression = field(default_factory=lambda: Expression("''"))
    place: Expression = field(default_factory=lambda: Expression("0"))


def _values(options: RetentionOptions) -> tuple[_Value, _Value]:
    """(of an event, of a session). Only what starts is read for it: ids are long."""
    by = options.breakdown
    if not by:
        return _Value(), _Value()
    nowhere = _Value(place=Expression("(toDateTime64(0, 3, 'UTC'), toInt64(0), '', '')"))
    if options.start_condition:
        place = Expression("(e.event_time, e.seq, e.event_id, e.visitor_id)")
        return _Value(text_of(by, EVENT_FIELDS, prefix="by", table="e"), place), nowhere
    # `by` is one of a fixed list of names.
    return nowhere, _Value(
        Expression(f"toString(s.{by})"), Expression("(s.start, toInt64(0), s.session_id, '')")
    )


def _first(options: RetentionOptions) -> dict[str, Expression]:
    """The value at a visitor's first start and its place; without a breakdown nothing is to be looked for."""
    if not options.breakdown:
        return {"first_value": Expression("''"), "first_place": Expression("0")}
    return {
        "first_value": Expression("argMinIf(t.value, t.place, t.starts)"),
        "first_place": Expression("minIf(t.place, t.starts)"),
    }


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
