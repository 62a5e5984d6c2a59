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
from dashboards.reports.retention.options import UNITS, RetentionOptions
from schemas.objects import Site
from store.tables.client import Store

HISTORY = "1971-01-01 00:00:00.000"
"""Before all events: what is first must be looked for in everything there is."""

_PEOPLE_SQL, _BY_MASK_SQL, _SESSIONS_SQL, _EVENTS_SQL, _EVENTS_IN_SESSIONS_SQL, _BOTH_SQL = (
    read_sql(__package__ or "", f"{name}.sql")
    for name in ("people", "people_by_mask", "of_sessions", "of_events", "of_events_in_sessions", "of_both")
)
_NUMBERS = {unit: Expression(read_sql(__package__ or "", f"{unit}.sql")) for unit in UNITS}
_NONE = Expression("0")
_MASKS = {"UInt64": 61, "UInt256": 253}
"""By the type of a row of bits, how many periods fit: two bits are for what is outside, one ends the last."""


@dataclass(frozen=True)
class Asked:
    """A report that was asked: its periods, its filter, and the SQL of its people with its parameters."""

    calendar: Calendar
    kept: SessionFilter
    people: str  # people.sql with its sources in place
    by_mask: str  # people_by_mask.sql likewise; '' where it does not say all that is asked
    at_once: bool  # whether that also says how long it took to come back
    visits: Expression  # people_by_mask.sql of all sessions: who came first when, and came back
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
    at_once = bool(masked) and not (options.start_condition or options.return_condition)
    given = {**_parameters(site, periods, options, at_once=at_once), "mask": mask, "bots": int(kept.bots)}
    given |= {**kept.parameters, **values}
    by_mask = fill(_BY_MASK_SQL, **sources, **_first(options)) if masked else ""
    return Asked(
        periods,
        kept,
        fill(_PEOPLE_SQL, **sources),
        by_mask,
        at_once,
        _visits(store, options, kept),
        given,
    )


def _visits(store: Store, options: RetentionOptions, kept: SessionFilter) -> Expression:
    """First visits of all history; no period is told from another."""
    plain = RetentionOptions(options.period)
    sql = fill(_BY_MASK_SQL, **_acts(store, plain, kept)[0], **_first(plain))
    return Expression(sql, {"mask": "UInt64", "periods": 0, "sessions_since": HISTORY})


def _acts(
    store: Store, options: RetentionOptions, kept: SessionFilter
) -> tuple[dict[str, Expression], dict[str, object]]:
    """The sources of the people by their marks, and the values of conditions and breakdown."""
    of_event, of_session = _values(options)
    acts = Expression(fill(_SESSIONS_SQL, place=of_session.place, session_value=of_session.value))
    values: dict[str, object] = {}
    if options.start_condition or options.return_condition:
        of_events = _events(store, options, kept, of_event)
        acts = Expression(fill(_BOTH_SQL, of_sessions=acts, of_events=of_events))
        values.update(of_events.parameters)
    return {"number": _NUMBERS[options.period], "acts": acts}, values


def _events(store: Store, options: RetentionOptions, kept: SessionFilter, of_event: _Value) -> Expression:
    """The events that meet a condition; under a filter those in a kept session."""
    start, back = options.start_condition, options.return_condition
    starts = event_condition(store, start, "starts") if start else _NONE
    returns = event_condition(store, back, "returns") if back else _NONE
    sql = fill(_EVENTS_SQL, starts=starts, returns=returns, place=of_event.place, event_value=of_event.value)
    if kept.active:
        sql = fill(_EVENTS_IN_SESSIONS_SQL, of_events=Expression(sql))
    return Expression(sql, {**starts.parameters, **returns.parameters, **of_event.value.parameters})


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
    if options.start_condition:
        place = "(e.event_time, e.seq, e.event_id, e.visitor_id)"
        nowhere = _Value(place=Expression("(toDateTime64(0, 3, 'UTC'), toInt64(0), '', '')"))
        return _Value(text_of(by, EVENT_FIELDS, prefix="by", table="e"), Expression(place)), nowhere
    # `by` is one of a fixed list of names. Of starts in one instant any will do, but always the same one.
    place = f"bitShiftLeft(toUInt128(toUnixTimestamp64Milli(s.start)), 64) + sipHash64(s.{by})"
    return _Value(place=Expression("toUInt128(0)")), _Value(
        Expression(f"toString(s.{by})"), Expression(place)
    )


def _first(options: RetentionOptions) -> dict[str, Expression]:
    """The value at a visitor's first start and its place; without a breakdown nothing is to be looked for."""
    if not options.breakdown:
        return {"first_value": Expression("''"), "first_place": Expression("0")}
    return {
        "first_value": Expression("argMinIf(t.value, t.place, t.starts)"),
        "first_place": Expression("minIf(t.place, t.starts)"),
    }


def _parameters(
    site: Site, periods: Calendar, options: RetentionOptions, *, at_once: bool
) -> dict[str, object]:
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
        "sessions_since": HISTORY if first or at_once else begins,
        "events_since": HISTORY if first and by_event else begins,
        "zone": periods.zone,
        "base": periods.base,
        "periods": periods.begun,
        "first": int(first),
        "or_after": int(options.return_ == "on_or_after"),
        "start_active": int(not options.start_condition),
        "return_active": int(not options.return_condition),
    }
