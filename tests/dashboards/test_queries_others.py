"""Sessions, live, sites and coverage equal a count row by row."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import fields, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest

from clicktrail.errors import ConfigError
from dashboards.coverage import coverage
from dashboards.period import Period
from dashboards.reports import REPORTS, ReportOptions
from dashboards.reports.live.query import live
from dashboards.reports.sessions.query import sessions
from dashboards.reports.sites.query import sites
from schemas.arrow import schema
from schemas.event import VIEWS, Event
from schemas.failed_event import FailedEvent
from schemas.identity_edge import Person
from schemas.objects import Site
from schemas.session import Session
from store.tables.client import Store
from tests.dashboards.history import History, invented, write

WEEK = Period(date(2026, 10, 24), date(2026, 10, 30), "Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, 0, 30, 250_000, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def history() -> History:
    return invented(f"other-{uuid.uuid4().hex[:8]}", seed=7)


@pytest.fixture
def site(store: Store, history: History) -> Site:
    site = Site(history.site_id, timezone=WEEK.zone)
    if not store.rows("SELECT 1 FROM events WHERE site_id = {site:String} LIMIT 1", site=site.id):
        write(store, history)
    return site


def fresh() -> Site:
    return Site(f"new-{uuid.uuid4().hex[:8]}")


def insert(store: Store, table: str, record: type, *rows: object) -> None:
    store.insert(table, pl.DataFrame([vars(row) for row in rows], schema=schema(record)))


def event(site: Site, visitor: str, ago: timedelta, **more: object) -> Event:
    at = NOW - ago
    values = {"event_type": "page_view", "protocol": "native", "received_at": at, "path": "/", **more}
    return Event(site.id, f"{visitor}-{at.timestamp()}", event_time=at, visitor_id=visitor, **values)  # type: ignore[arg-type]


def test_sessions_are_listed_newest_first_as_they_stand_in_the_table(
    store: Store, site: Site, history: History
) -> None:
    human = [s for s in history.sessions if WEEK.begins <= s.start < WEEK.ends and not s.is_bot]
    expected = sorted(human, key=lambda s: (-s.start.timestamp(), s.session_id))
    report = sessions(store, site, WEEK)
    assert [row.session for row in report.rows] == [replace(s, version=2) for s in expected]
    assert [row.person_id for row in report.rows] == [history.person(s.visitor_id) for s in expected]
    first = sessions(store, site, WEEK, limit=3)
    assert first.rows == report.rows[:3]
    assert first.total == report.total == len(human)


def test_sessions_are_filtered_like_the_overview(store: Store, site: Site, history: History) -> None:
    report = sessions(store, site, WEEK, ["country!=DE", "event_type=order & path=/pricing"])
    kept = {
        s.session_id
        for s in history.sessions
        if WEEK.begins <= s.start < WEEK.ends and not s.is_bot and s.country != "DE"
        if any(e.event_type == "order" and e.path == "/pricing" for e in history.inside(s))
    }
    assert {row.session.session_id for row in report.rows} == kept
    assert kept


def test_the_document_of_sessions_holds_every_column(store: Store, site: Site) -> None:
    document = sessions(store, site, WEEK, limit=5).to_json()
    assert json.loads(json.dumps(document)) == document
    assert list(document["sessions"][0]) == [*(f.name for f in fields(Session)), "person_id"]
    first = document["sessions"][0]
    assert first["start"].endswith("Z")
    assert len(first["start"]) == len("2026-10-30T12:00:00.000Z")
    assert isinstance(first["revenue"], str)
    assert first["is_deleted"] is False


def test_a_limit_below_one_is_an_error(store: Store, site: Site) -> None:
    with pytest.raises(ConfigError, match="limit"):
        sessions(store, site, WEEK, limit=0)


def test_live_counts_the_running_minute_and_the_29_before(store: Store) -> None:
    site, minute = fresh(), timedelta(minutes=1)
    rows = [
        event(site, "a", timedelta(seconds=10), received_at=NOW, path="/a", channel="wap"),
        event(site, "a", 3 * minute, event_type="click"),
        event(site, "b", 4 * minute, path="/a"),
        event(site, "c", 29 * minute, path="/c"),
        event(site, "d", 29 * minute + timedelta(seconds=30, milliseconds=251)),  # before the first bar
        event(site, "e", -minute, path="/c"),  # a clock that is ahead
        event(site, "f", minute, is_bot=True),
    ]
    insert(store, "events", Event, *rows)
    insert(store, "persons", Person, *(Person(site.id, v, "user:1", 1) for v in "bc"))
    insert(
        store,
        "sessions",
        Session,
        session(site, "a", 40 * minute, "google"),
        session(site, "b", 90 * minute, "bing"),
    )
    report = live(store, site, NOW)
    assert (report.visitors, report.events, report.page_views, report.visitors_5m) == (3, 5, 4, 3)
    assert len(report.minutes) == 30
    assert {29 - at: m.events for at, m in enumerate(report.minutes) if m.events} == {0: 2, 3: 1, 4: 1, 29: 1}
    assert [m.start for m in report.minutes if m.running] == [NOW.replace(second=0, microsecond=0)]
    assert {row.value: (row.visitors, row.events) for row in report.pages} == {"/a": (2, 2), "/c": (2, 2)}
    assert [(r.value, r.visitors, r.events) for r in report.channels] == [("web", 3, 4), ("wap", 1, 1)]
    assert [(r.value, r.visitors, r.events) for r in report.sources] == [
        ("bing / x", 1, 1),
        ("google / x", 1, 2),
    ][::-1]
    assert [e.visitor_id for e in report.newest] == ["e", "a", "a", "b", "c"]
    assert report.newest[1].revenue == Decimal(0)
    assert report.bot_events == 1
    document = report.to_json()
    assert json.loads(json.dumps(document)) == document


def session(site: Site, visitor: str, ago: timedelta, source: str) -> Session:
    return Session(site.id, visitor, visitor * 16, NOW - ago, NOW, source=source, medium="x")


def test_a_silent_site_is_live_with_zeros(store: Store) -> None:
    report = live(store, fresh(), NOW)
    assert (report.visitors, report.events, report.newest, report.bot_events) == (0, 0, (), 0)
    assert [m.events for m in report.minutes] == [0] * 30


def failed(site_id: str, reason: str, ago: timedelta, detail: str = "") -> FailedEvent:
    identity = uuid.uuid4().hex
    return FailedEvent(site_id, identity, NOW - ago, "decode", reason, "native", detail)


def test_health_of_a_site_tells_first_and_last_event_and_failures_by_reason(store: Store) -> None:
    site, silent, hour = fresh(), fresh(), timedelta(hours=1)
    insert(
        store,
        "events",
        Event,
        event(site, "a", 100 * hour),
        event(site, "b", 3 * hour),
        event(site, "c", hour),
    )
    sender = f"unknown-{site.id}"
    insert(
        store,
        "failed_events",
        FailedEvent,
        failed(site.id, "no_type", 2 * hour, "older"),
        failed(site.id, "no_type", hour, "newer"),
        failed(site.id, "bad_time", hour),
        failed(site.id, "bad_time", 25 * hour),
        failed("", "unknown_site", hour, sender),
        failed("", "unknown_site", 2 * hour, sender),
    )
    report = sites(store, [site.id, silent.id], now=NOW)
    health, nothing = report.site(site.id), report.site(silent.id)
    assert health is not None
    assert nothing is not None
    assert (health.first_received, health.last_received) == (NOW - 100 * hour, NOW - hour)
    assert health.events_24h == 2
    assert [(f.reason, f.count, f.detail) for f in health.failed_24h] == [
        ("no_type", 2, "newer"),
        ("bad_time", 1, ""),
    ]
    assert (nothing.first_received, nothing.events_24h, nothing.failed_24h) == (None, 0, ())
    assert [(u.hits, u.last) for u in report.unknown if u.detail == sender] == [(2, NOW - hour)]
    assert site.id in {h.site_id for h in sites(store, now=NOW).sites}
    assert json.loads(json.dumps(report.to_json())) == report.to_json()


def test_coverage_tells_what_the_numbers_rest_on(store: Store, site: Site, history: History) -> None:
    insert(
        store,
        "failed_events",
        FailedEvent,
        replace(failed(site.id, "no_type", timedelta()), received_at=WEEK.begins),
    )
    insert(
        store,
        "failed_events",
        FailedEvent,
        replace(failed(site.id, "no_type", timedelta()), received_at=WEEK.ends),
    )
    report = coverage(store, site, WEEK, now=NOW)
    rows = [e for e in history.events if WEEK.begins <= e.event_time < WEEK.ends]
    human = [e for e in rows if not e.is_bot]
    came = {s.visitor_id for s in history.sessions if WEEK.begins <= s.start < WEEK.ends and not s.is_bot}
    days = WEEK.begins.date(), WEEK.ends.date() + timedelta(days=1)
    near = [e for e in history.events if days[0] <= e.event_time.date() <= days[1]]
    daily = {e.visitor_id for e in near if e.id_quality == "salted_daily"}
    assert (report.durable.part, report.durable.whole) == (len(came - daily), len(came))
    assert came & daily
    assert (report.bots.part, report.bots.whole) == (len(rows) - len(human), len(rows))
    late = sum(e.received_at - e.event_time > timedelta(seconds=1800) for e in human)
    assert (report.late.part, report.late.whole) == (late, len(human))
    foreign = [e for e in human if e.event_type == "order" and e.currency == "USD"]
    assert report.other_currency_orders == len({e.order_id for e in foreign}) > 0
    assert report.other_currencies == ("USD",)
    assert report.failed == 1
    newest = max(e.received_at for e in history.events)
    assert report.last_received == newest
    assert report.age_s == pytest.approx((NOW - newest).total_seconds())


def test_coverage_of_nothing_is_unknown(store: Store) -> None:
    report = coverage(store, fresh(), WEEK, now=NOW)
    assert (report.durable.value, report.last_received, report.age_s, report.failed) == (None, None, None, 0)


def test_every_report_runs_by_its_name_and_gives_a_json_document(store: Store, site: Site) -> None:
    options = ReportOptions(WEEK, NOW, ["country=DE"], limit=2)
    names = Counter(REPORTS)
    assert {"overview", "sessions", "live", "sites", "coverage"} <= set(names)
    for report in REPORTS.values():
        own = {"step": ["path=/", "path=/pricing"]} if report.name == "funnel" else {}
        document = report.run(store, site, replace(options, own=own))
        assert json.loads(json.dumps(document, allow_nan=False)) == document
        assert "meta" in document


def test_views_are_the_types_the_queries_name() -> None:
    assert VIEWS == ("page_view", "screen_view")  # spelled out in the .sql files
