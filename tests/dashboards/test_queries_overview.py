"""The overview equals a count row by row, filtered or not."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest

from clicktrail.errors import ConfigError
from dashboards.period import DAY, Period
from dashboards.reports.overview.query import overview
from dashboards.reports.overview.records import Overview, Totals
from schemas.arrow import schema
from schemas.event import VIEWS, Event
from schemas.objects import Site
from schemas.session import Session
from store.tables.client import Store
from tests.dashboards.history import History, Kept, invented, totals, write

ZONE = "Europe/Berlin"
WEEK = Period(date(2026, 10, 24), date(2026, 10, 30), ZONE)
CHANGE_OF_CLOCKS = Period(date(2026, 10, 25), date(2026, 10, 25), ZONE)
LATER = datetime(2027, 1, 1, tzinfo=timezone.utc)

FILTERS: list[tuple[list[str], Kept]] = [
    ([], Kept(active=False)),
    (["country=DE"], Kept(lambda s: s.country == "DE")),
    (["country!=DE", "source=it's"], Kept(lambda s: s.country != "DE" and s.source == "it's")),
    (["campaign=spring & channel=wap"], Kept(lambda s: s.campaign == "spring" and s.channel == "wap")),
    (['campaign="spring & summer"'], Kept(lambda s: s.campaign == "spring & summer")),
    (["entry_path=/blog/*"], Kept(lambda s: s.entry_path.startswith("/blog/"))),
    (["medium="], Kept(lambda s: s.medium == "")),
    (["visitor_id~^v1[0-9]$"], Kept(lambda s: len(s.visitor_id) == 3 and s.visitor_id.startswith("v1"))),
    (["is_bot=true"], Kept(lambda s: s.is_bot, bots=True)),
    (["path=/pricing"], Kept(event=(lambda e: e.path == "/pricing",))),
    (["path=/it's"], Kept(event=(lambda e: e.path == "/it's",))),
    (
        ["path=/pricing & event_type=order"],
        Kept(event=(lambda e: e.path == "/pricing" and e.event_type == "order",)),
    ),
    (
        ["path=/pricing", "event_type=order"],
        Kept(event=(lambda e: e.path == "/pricing", lambda e: e.event_type == "order")),
    ),
    (
        ["country=FR & value>=17 & properties.plan=pro"],
        Kept(lambda s: s.country == "FR", (lambda e: e.value >= 17 and "pro" in e.properties,)),
    ),
    (["properties.plan=it's"], Kept(event=(lambda e: "it's" in e.properties,))),
    (["properties.n>2.5"], Kept(event=(lambda e: '"n":3' in e.properties,))),
    (["properties.a.b=true"], Kept(event=(lambda e: '"b":true' in e.properties,))),
    (["revenue>99.5"], Kept(event=(lambda e: float(e.revenue) > 99.5,))),
]


@pytest.fixture(scope="module")
def store(tables: Store) -> Store:
    """Not emptied between tests: what a test here writes, it writes for a site of its own."""
    return tables


@pytest.fixture(scope="module")
def history() -> History:
    return invented(f"shop-{uuid.uuid4().hex[:8]}", seed=20261025, visitors=70)


@pytest.fixture(scope="module")
def site(store: Store, history: History) -> Site:
    site = Site(history.site_id, timezone=ZONE)
    write(store, history)
    return site


def shown(report: Overview) -> dict[str, Any]:
    numbers = vars(report.totals)
    kept = {name: value for name, value in numbers.items() if name != "engaged_s"}
    days = {bucket.label: (bucket.visitors, bucket.sessions) for bucket in report.trend if bucket.sessions}
    lists: dict[str, Any] = {"pages": {row.value: (row.visitors, row.page_views) for row in report.pages}}
    for name in ("countries", "sources", "entry_pages"):
        lists[name] = {row.value: (row.visitors, row.sessions) for row in getattr(report, name)}
    return {**kept, "by_day": days, **lists}


@pytest.mark.parametrize(("filters", "kept"), FILTERS, ids=[" + ".join(f) or "none" for f, _ in FILTERS])
def test_each_number_equals_a_count_row_by_row(
    store: Store, site: Site, history: History, filters: list[str], kept: Kept
) -> None:
    report = overview(store, site, WEEK, filters, now=LATER)
    expected = totals(history, WEEK, kept)
    assert shown(report) == expected
    assert expected["sessions"] or filters[0].startswith(("campaign=spring &", "country=FR &"))
    before = totals(history, WEEK.previous(), kept)
    assert report.previous == Totals(
        **{name: before[name] for name in vars(Totals()) if name != "engaged_s"},
        engaged_s=report.previous.engaged_s,
    )


def previous(report: Overview, name: str) -> dict[str, int]:
    rows = [*getattr(report, name), *report.faded[name]]
    return {row.value: row.visitors_before for row in rows if row.visitors_before}


@pytest.mark.parametrize(
    ("filters", "kept"), FILTERS[::3], ids=[" + ".join(f) or "none" for f, _ in FILTERS[::3]]
)
def test_each_row_holds_its_visitors_of_the_period_before(
    store: Store, site: Site, history: History, filters: list[str], kept: Kept
) -> None:
    report = overview(store, site, WEEK, filters, now=LATER)
    before = totals(history, WEEK.previous(), kept)
    for name in ("countries", "sources", "entry_pages", "pages"):
        expected = {value: visitors for value, (visitors, _) in before[name].items()}
        assert previous(report, name) == expected
        shown = {row["value"]: row["previous_visitors"] for row in report.to_json()[name]}
        assert shown == {value: expected.get(value, 0) for value in shown}


def test_a_running_period_is_compared_with_as_much_of_the_one_before(
    store: Store, site: Site, history: History
) -> None:
    now = datetime(2026, 10, 30, 13, 30, tzinfo=timezone.utc)  # 14:30 in winter
    cut = datetime(2026, 10, 23, 12, 30, tzinfo=timezone.utc)  # 14:30 in summer
    report = overview(store, site, WEEK, now=now)
    assert report.previous_until == cut
    human = [s for s in history.sessions if not s.is_bot and WEEK.previous().begins <= s.start < cut]
    events = [e for e in history.events if not e.is_bot and WEEK.previous().begins <= e.event_time < cut]
    assert (report.previous.sessions, report.previous.events) == (len(human), len(events))
    assert previous(report, "countries") == {
        country: len({history.person(s.visitor_id) for s in human if s.country == country})
        for country in {s.country for s in human}
    }
    views = [e for e in events if e.event_type in VIEWS]
    assert previous(report, "pages") == {
        path: len({history.person(e.visitor_id) for e in views if e.path == path})
        for path in {e.path for e in views}
    }
    whole = overview(store, site, WEEK, now=LATER)
    assert whole.previous.sessions > report.previous.sessions > 0
    assert report.previous_trend == whole.previous_trend
    assert report.to_json()["meta"]["previous_until"] == "2026-10-23T12:30:00.000Z"


def test_more_matched_sessions_than_are_sent_along_are_found_by_the_query_itself(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = overview(store, site, WEEK, ["path=/pricing"], now=LATER)
    monkeypatch.setattr("dashboards.filters.MOST_SENT", 2)
    found = overview(store, site, WEEK, ["path=/pricing"], now=LATER)
    assert found.totals.sessions > 2
    assert found == sent


def test_engaged_seconds_are_the_mean_over_human_sessions(store: Store, site: Site, history: History) -> None:
    human = [s for s in history.sessions if not s.is_bot and WEEK.begins <= s.start < WEEK.ends]
    mean = overview(store, site, WEEK, now=LATER).totals.engaged_s_per_session
    assert mean == pytest.approx(sum(s.engaged_s for s in human) / len(human))


def test_a_single_day_is_shown_by_hours_also_when_it_has_25(
    store: Store, site: Site, history: History
) -> None:
    report = overview(store, site, CHANGE_OF_CLOCKS, now=LATER)
    assert report.unit == "hour"
    assert [b.label[11:] for b in report.trend][:5] == ["00:00", "01:00", "02:00", "02:00", "03:00"]
    assert len(report.trend) == 25
    assert len(report.previous_trend) == 24
    for bucket in report.trend:
        started = [
            s for s in history.sessions if s.start.replace(minute=0, second=0, microsecond=0) == bucket.start
        ]
        assert bucket.sessions == sum(not s.is_bot for s in started)
    assert sum(b.sessions for b in report.trend) == report.totals.sessions > 0


@pytest.mark.parametrize("days", [64, 65, 129, 256, 257, 400])
def test_a_day_has_as_many_visitors_in_a_trend_of_any_length(store: Store, site: Site, days: int) -> None:
    short, before = (overview(store, site, one, now=LATER) for one in (WEEK, WEEK.previous()))
    long = overview(store, site, Period(WEEK.end - (days - 1) * DAY, WEEK.end, ZONE), now=LATER)
    later = overview(store, site, Period(WEEK.start, WEEK.start + (days - 1) * DAY, ZONE), now=LATER)
    assert len(long.trend) == days
    assert long.trend[-WEEK.days :] == short.trend
    assert later.previous_trend[-WEEK.days :] == before.trend
    assert sum(bucket.visitors for bucket in short.trend) > short.totals.visitors > 0


def test_days_without_a_session_are_shown_as_zero_and_running_ones_are_marked(
    store: Store, site: Site
) -> None:
    future = Period(date(2027, 3, 1), date(2027, 3, 5), ZONE)
    report = overview(store, site, future, now=future.begins + timedelta(days=2, hours=3))
    assert [(b.label, b.sessions, b.unfinished) for b in report.trend] == [
        ("2027-03-01", 0, False),
        ("2027-03-02", 0, False),
        ("2027-03-03", 0, True),
    ]
    assert report.unfinished
    assert not overview(store, site, future, now=future.ends).unfinished


def test_an_empty_period_has_no_rates(store: Store, site: Site) -> None:
    document = overview(store, Site("nobody"), WEEK, now=LATER).to_json()
    assert (document["visitors"], document["sessions"], document["events"]) == (0, 0, 0)
    for name in ("bounce_rate", "engaged_rate", "single_page_rate", "engaged_s", "conversion", "wap_share"):
        assert document[name] is None
    assert document["revenue"] == "0.00"


def test_the_document_starts_with_the_promised_keys_and_holds_plain_values(store: Store, site: Site) -> None:
    document = overview(store, site, WEEK, ["country=DE"], now=LATER).to_json()
    promised = ["visitors", "sessions", "page_views", "events", "bounce_rate", "engaged_rate"]
    assert list(document)[:6] == promised
    assert all(type(document[name]) is int for name in promised[:4])
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["meta"]["from"] == "2026-10-24"


def test_the_moment_of_asking_changes_only_meta_once_the_period_is_over(store: Store, site: Site) -> None:
    first, second = (
        overview(store, site, WEEK, now=LATER + timedelta(days=days)).to_json() for days in (0, 1)
    )
    assert first.pop("meta") != second.pop("meta")
    assert first == second


def test_the_condition_of_each_row_finds_its_sessions(store: Store, site: Site) -> None:
    report = overview(store, site, WEEK, now=LATER)
    rows = [*report.sources, *report.campaigns, *report.entry_pages, *report.countries]
    assert len(rows) > 10
    for row in rows[::2]:
        assert overview(store, site, WEEK, [row.condition], now=LATER).totals.sessions == row.sessions


def test_lists_hold_the_ten_most_frequent_values(store: Store) -> None:
    site = Site(f"many-{uuid.uuid4().hex[:8]}")
    start = datetime(2026, 10, 26, tzinfo=timezone.utc)
    rows = [
        Session(
            site.id, f"v{n}-{k}", f"{n:08x}{k:08x}", start, start, entry_path=f"/p{n:02}", is_bounce=k == 0
        )
        for n in range(15)
        for k in range(n + 1)
    ]
    write_sessions(store, rows)
    found = overview(store, site, WEEK, now=LATER).entry_pages
    assert [(row.value, row.sessions) for row in found] == [(f"/p{n:02}", n + 1) for n in range(14, 4, -1)]
    rate = found[0].bounce_rate
    assert rate.value == pytest.approx(1 / 15)
    assert rate.low == pytest.approx(0.01186, abs=1e-4)  # Wilson 95 % of 1 in 15
    assert rate.high == pytest.approx(0.29816, abs=1e-4)


def write_sessions(store: Store, rows: list[Session]) -> None:
    store.insert("sessions", pl.DataFrame([vars(row) for row in rows], schema=schema(Session)))


def test_a_pattern_the_engine_refuses_is_an_error_about_the_pattern_even_without_rows(store: Store) -> None:
    with pytest.raises(ConfigError, match="regular expression"):
        overview(store, Site("nobody"), WEEK, ["source~("], now=LATER)


@pytest.mark.parametrize(
    "text",
    [
        "source=x' OR 1=1 --",
        "source=\\",
        "source=\\' OR 1",
        "source={site_id:String}",
        "source=a\tb\nc",
        "path=x') OR 1=1 --",
        "path=/*any*/ 1",
        "properties.x' OR 1 OR '=1",
        "properties.plan=') OR 1 --",
        "path~' OR 1 OR '",
    ],
)
def test_hostile_values_are_values(store: Store, site: Site, text: str) -> None:
    report = overview(store, site, WEEK, [text], now=LATER)
    assert (report.totals.sessions, report.totals.events) == (0, 0)


def test_each_number_tells_how_it_is_computed(store: Store, site: Site) -> None:
    report = overview(store, site, WEEK, ["path=/pricing"], now=LATER)
    assert [one.name for one in report.computed] == ["totals", "events", "pages", "lists", "people"]
    again = report.computed[0].rows(store)
    human = [row for row in again if row["current"] and not row["is_bot"]]
    assert sum(row["sessions"] for row in human) == report.totals.sessions
    assert all("/pricing" not in one.sql and one.definition for one in report.computed)


@pytest.mark.parametrize("period", [WEEK, WEEK.previous()], ids=["current", "previous"])
def test_a_session_from_the_day_before_brings_its_later_events_by_what_it_did_before(
    store: Store, period: Period
) -> None:
    site = Site(f"night-{uuid.uuid4().hex[:8]}", timezone=ZONE)
    begin, hour = period.begins, timedelta(hours=1)
    night = Session(site.id, "v", "0" * 16, begin - 20 * hour, begin + hour)
    times = {"/before": begin - 20 * hour, "/after": begin + hour}
    rows = [Event(site.id, path, "page_view", "native", at, at, "v", path=path) for path, at in times.items()]
    write_sessions(store, [night])
    store.insert("events", pl.DataFrame([vars(row) for row in rows], schema=schema(Event)))
    report = overview(store, site, WEEK, ["path=/before"], now=LATER)
    found = report.totals if period == WEEK else report.previous
    assert (found.sessions, found.events) == (0, 1)
