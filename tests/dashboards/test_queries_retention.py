"""The retention report equals its row-by-row reference on the real store, and known numbers by hand."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clicktrail.errors import ConfigError
from crm.rate import Rate
from dashboards.period import DAY, Period, midnight
from dashboards.reports.retention import reference
from dashboards.reports.retention.calendar import Calendar, calendar
from dashboards.reports.retention.options import RetentionOptions
from dashboards.reports.retention.query import retention
from dashboards.reports.retention.records import Retention
from dashboards.reports.retention.reference import Known, Meets
from schemas.event import Event
from schemas.objects import Site
from schemas.session import Session
from store.tables.client import Store
from tests.dashboards.history import History, write
from tests.dashboards.retained import PLACES, drawn, history, known, visitors

CONDITIONS: dict[str, Meets | None] = {
    "": None,
    "event_type=order": lambda e: e.event_type == "order",
    "path=/it's & value>4": lambda e: e.path == "/it's" and e.value > 4,
}
PERIODS, STARTS, RETURNS = ("day", "week", "month"), ("first", "recurring"), ("on", "on_or_after")

OPTIONS = st.builds(
    RetentionOptions,
    period=st.sampled_from(PERIODS),
    start=st.sampled_from(STARTS),
    return_=st.sampled_from(RETURNS),
    start_condition=st.sampled_from(list(CONDITIONS)),
    return_condition=st.sampled_from(list(CONDITIONS)),
    breakdown=st.sampled_from(["", "country", "source"]),
)

EXAMPLES = int(os.environ.get("CLICKTRAIL_TEST_EXAMPLES", "10"))
"""Invented histories; a longer search: give more."""


def table(report: Retention) -> dict[tuple[str, int, int], tuple[int, Decimal]]:
    """The cells of all values, those without people or revenue left out."""
    groups = report.groups if report.options.breakdown else (report.everyone,)
    assert report.values <= len(groups)
    return {
        (group.value, at, offset): (cell.back.part, cell.revenue)
        for group in groups
        for at, cohort in enumerate(group.cohorts)
        for offset, cell in enumerate(cohort.cells)
        if cell.back.part or cell.revenue
    }


def expected(found: Known, options: RetentionOptions, periods: Calendar) -> dict[Any, Any]:
    return reference.cells(
        found,
        options,
        periods,
        starts=CONDITIONS[options.start_condition],
        returns=CONDITIONS[options.return_condition],
    )


def agree(
    store: Store,
    found: History,
    period: Period,
    options: RetentionOptions,
    now: datetime,
    *,
    filters: tuple[str, ...] = (),
    kept: Known | None = None,
) -> Retention:
    """The report, held to the reference over `kept` (by default everything)."""
    rows = kept or known(found)
    rows = replace(rows, ranks=ranks(store, rows, options.breakdown))
    report = retention(store, Site(found.site_id, timezone=period.zone), period, options, filters, now=now)
    periods = calendar(period, options.period, now)
    assert table(report) == expected(rows, options, periods)
    assert report.earlier == reference.earlier(
        rows,
        options,
        periods,
        starts=CONDITIONS[options.start_condition],
        returns=CONDITIONS[options.return_condition],
    )
    waits = reference.waits(rows, periods)
    assert report.time_to_return.back == Rate(sum(back for _, back in waits), len(waits))
    longest = max((seconds for seconds, _ in waits), default=0)
    assert report.time_to_return.survival.watched == longest
    returned = sorted({float(seconds) for seconds, back in waits if back})
    assert report.time_to_return.survival.times.tolist() == returned
    assert report.left_out == left_out(rows, periods)
    return report


def ranks(store: Store, rows: Known, by: str) -> dict[str, int]:
    """The order of the values of a breakdown among starts in one instant."""
    values = sorted({str(getattr(session, by)) for session in rows.sessions}) if by else []
    sql = "SELECT arrayJoin({values:Array(String)}) AS value, sipHash64(value) AS hash"
    return {row["value"]: row["hash"] for row in store.rows(sql, values=values)}


def left_out(rows: Known, periods: Calendar) -> Rate:
    begins, ends = periods.begins(0), periods.ends
    until = [s for s in rows.sessions if not s.is_bot and s.start < ends and s.start <= periods.now]
    seen = {s.visitor_id for s in until if s.end >= begins}
    return Rate(len(seen & rows.daily()), len(seen))


@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data(), place=st.sampled_from(PLACES), people=visitors(16))
def test_any_history_gives_what_the_reference_says(
    store: Store, data: st.DataObject, place: tuple[str, date], people: list[Any]
) -> None:
    zone, first = place
    found = history(people, zone, first)
    write(store, found)
    for options in data.draw(st.lists(OPTIONS, min_size=2, max_size=4)):
        begin = first + data.draw(st.integers(-2, 12)) * DAY
        period = Period(begin, begin + data.draw(st.integers(0, 12)) * DAY, zone)
        hours = data.draw(st.sampled_from((0, 1, 100, 300, 2000)))
        agree(store, found, period, options, midnight(begin, zone) + timedelta(hours=hours))


@pytest.fixture(scope="module")
def store(tables: Store) -> Store:
    """Not emptied between tests: each history has a site of its own."""
    return tables


@pytest.fixture(scope="module")
def long() -> tuple[History, Period]:
    """A hundred days and more of a few hundred visitors."""
    zone, first = "Europe/Berlin", date(2026, 8, 10)
    found = history(drawn(random.Random(64), 300, 110), zone, first)
    return found, Period(first + 5 * DAY, first + 104 * DAY, zone)


@pytest.fixture(scope="module")
def stored(store: Store, long: tuple[History, Period]) -> tuple[History, Period]:
    """The same, in the tables."""
    write(store, long[0])
    return long


ALL = [
    RetentionOptions(*chosen)  # type: ignore[arg-type]
    for chosen in product(PERIODS, STARTS, RETURNS, CONDITIONS, CONDITIONS, ("", "country"))
]


def test_a_hundred_days_are_as_right_as_a_few(store: Store, stored: tuple[History, Period]) -> None:
    found, period = stored
    now = midnight(period.end, period.zone) + timedelta(hours=9)
    widest = 0
    for options in ALL[::5]:  # 5 divides no number of choices, so all pairs come up
        report = agree(store, found, period, options, now)
        widest = max(widest, *(len(cohort.cells) for cohort in report.everyone.cohorts))
        assert report.everyone.size > 50
    assert widest == 100


@pytest.mark.parametrize("days", [61, 62, 253, 254])
def test_as_many_periods_as_a_row_of_bits_holds_and_one_more(
    store: Store, stored: tuple[History, Period], days: int
) -> None:
    found, period = stored
    longer = Period(period.end - (days - 1) * DAY, period.end, period.zone)
    for options, hours in product((DAYS, replace(DAYS, start="recurring")), (9, 240)):
        now = midnight(period.end, period.zone) + timedelta(hours=hours)
        report = agree(store, found, longer, options, now)
        cells = report.computed[0].rows(store)
        assert max(row["cohort"] + row["later_by"] for row in cells) < days, "nothing lies after the report"


FILTERS: dict[tuple[str, ...], tuple[Callable[[Session], bool], Meets | None]] = {
    ("country=DE",): (lambda s: s.country == "DE", None),
    ("path=/b",): (lambda _: True, lambda e: e.path == "/b"),
    ("source=letter & path=/b",): (lambda s: s.source == "letter", lambda e: e.path == "/b"),
}


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_a_filter_keeps_sessions_and_the_events_inside_them(
    store: Store, stored: tuple[History, Period], filters: tuple[str, ...]
) -> None:
    found, period = stored
    fits, holds = FILTERS[filters]
    inside = {s.session_id: found.inside(s) for s in found.sessions}
    kept = [
        s for s in found.sessions if fits(s) and (not holds or any(holds(e) for e in inside[s.session_id]))
    ]
    events = [e for s in kept for e in inside[s.session_id] if not s.is_bot]
    daily = known(found).daily()
    assert daily - {e.visitor_id for e in events}, "some daily visitors are filtered out whole"
    rows = Known(kept, events, found.persons)
    now = midnight(period.end, period.zone) + timedelta(days=20)
    for options in ALL[::19]:
        report = agree(store, found, period, options, now, filters=filters, kept=rows)
        assert report.everyone.size > 5


# --- by hand -----------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 6), "Europe/Berlin")
DAYS = RetentionOptions("day")


def visit(visitor: str, day: int, hour: int = 12, *, hours: int = 0, **more: Any) -> Session:
    start = datetime(2026, 3, 1, tzinfo=timezone.utc) + timedelta(days=day - 1, hours=hour)
    number = f"{visitor}-{day}-{hour}"
    return Session("hand", visitor, number, start, start + timedelta(hours=hours), **more)


SESSIONS = [
    visit("ann", 1, country="DE", revenue=Decimal("10.00"), orders=1),
    visit("ann", 2, country="FR", revenue=Decimal("5.50"), orders=1),
    visit("ann", 4),
    visit("bob", 1, country="FR"),
    visit("bob", 3, 22, hours=2),  # from 23:00 on the 3rd to 1:00 on the 4th in Berlin
    visit("cat", 1, 23, country="DE"),  # March 2 in Berlin
    visit("cat-phone", 3, 20),
    visit("old", -20),  # first seen in February
    visit("edge", 0, 22, hours=1),  # its last event is the first moment of March in Berlin
    visit("old", 2),
    visit("day", 1, country="DE"),  # an id that lasts a day
    visit("robot", 1, is_bot=True),
]
PERSONS = {"cat": "user:cat", "cat-phone": "user:cat"}


def events_of(sessions: list[Session]) -> list[Event]:
    return [
        Event(
            "hand",
            s.session_id,
            "order" if s.orders else "page_view",
            "native",
            s.start,
            s.start,
            s.visitor_id,
            id_quality="salted_daily" if s.visitor_id == "day" else "cookie",
            is_bot=s.is_bot,
        )
        for s in sessions
    ]


@pytest.fixture(scope="module")
def hand(store: Store) -> Site:
    write(store, History("hand", events_of(SESSIONS), SESSIONS, PERSONS))
    return Site("hand", timezone="Europe/Berlin")


def test_known_people_are_counted_by_hand(store: Store, hand: Site) -> None:
    said = retention(store, hand, MARCH, DAYS, now=NOW).to_json()
    one, two, three, four = said["cohorts"]  # the 5th and 6th have not begun
    assert (one["start"], one["size"]) == ("2026-03-01", 2)
    assert one["retained"] == [2, 1, 1, 2]
    assert one["rates"] == [1.0, 0.5, 0.5, 1.0]
    assert one["unfinished"] == [False, False, False, True]
    assert one["revenue"] == ["10.00", "5.50", "0.00", "0.00"]
    assert one["revenue_rates"] == [1.0, 0.55, 0.0, 0.0]
    assert two["revenue_rates"] == [None, None, None]
    assert (two["start"], two["retained"]) == ("2026-03-02", [1, 1, 0])
    assert (three["size"], three["rates"], three["low"]) == (0, [None, None], [None, None])
    assert (four["retained"], four["unfinished"]) == ([0], [True])
    assert [(m["period"], m["retained"], m["size"]) for m in said["mean"]] == [
        (0, 3, 3),
        (1, 2, 3),
        (2, 1, 2),
    ]
    assert [(m["revenue"], m["revenue_base"], m["revenue_rate"]) for m in said["mean"]] == [
        ("10.00", "10.00", 1.0),
        ("5.50", "10.00", 0.55),
        ("0.00", "10.00", 0.0),
    ]
    half = Rate(2, 3)
    assert [said["mean"][1][name] for name in ("rate", "low", "high")] == [half.value, half.low, half.high]
    assert said["coverage"] == {"visitors": 7, "left_out": 1, "left_out_share": 1 / 7, "started_earlier": 2}
    assert said["breakdown"] == []
    assert (said["meta"]["return"], said["meta"]["to"]) == ("on", "2026-03-06")


def test_later_returns_count_for_the_periods_between(store: Store, hand: Site) -> None:
    said = retention(store, hand, MARCH, replace(DAYS, return_="on_or_after"), now=NOW).to_json()
    assert [cohort["retained"] for cohort in said["cohorts"]] == [[2, 2, 2, 2], [1, 1, 0], [0, 0], [0]]
    assert said["cohorts"][0]["revenue"] == ["10.00", "5.50", "0.00", "0.00"]


def test_a_recurring_start_puts_people_into_each_period_they_were_there(store: Store, hand: Site) -> None:
    said = retention(store, hand, MARCH, replace(DAYS, start="recurring"), now=NOW).to_json()
    retained = [cohort["retained"] for cohort in said["cohorts"]]
    assert retained == [[3, 1, 1, 2], [3, 1, 1], [2, 1], [2]]


def test_a_condition_counts_events_that_meet_it(store: Store, hand: Site) -> None:
    orders = replace(DAYS, start_condition="event_type=order")
    said = retention(store, hand, MARCH, orders, now=NOW).to_json()
    assert [cohort["retained"] for cohort in said["cohorts"]] == [[1, 1, 0, 1], [0, 0, 0], [0, 0], [0]]
    bought = replace(DAYS, return_condition="event_type=order")
    said = retention(store, hand, MARCH, bought, now=NOW).to_json()
    assert [cohort["retained"] for cohort in said["cohorts"]] == [[2, 1, 0, 0], [1, 0, 0], [0, 0], [0]]


def test_a_breakdown_divides_by_the_value_at_the_start(store: Store, hand: Site) -> None:
    said = retention(store, hand, MARCH, replace(DAYS, breakdown="country"), now=NOW).to_json()
    found = {one["value"]: [c["retained"] for c in one["cohorts"]][:2] for one in said["breakdown"]}
    assert found == {"DE": [[1, 1, 0, 1], [1, 1, 0]], "FR": [[1, 0, 1, 1], [0, 0, 0]]}
    assert [(one["value"], one["size"]) for one in said["breakdown"]] == [("DE", 2), ("FR", 1)]


def test_two_devices_that_start_in_one_instant_count_for_one_value(store: Store) -> None:
    sides = [(f"p{number}", side) for number in range(12) for side in ("DE", "FR")]
    sessions = [replace(visit(f"{name}-{side}", 1, country=side), site_id="twins") for name, side in sides]
    persons = {f"{name}-{side}": f"user:{name}" for name, side in sides}
    write(store, History("twins", [], sessions, persons))
    by_country = replace(DAYS, breakdown="country")
    said = retention(store, Site("twins", timezone="Europe/Berlin"), MARCH, by_country, now=NOW)
    order = ranks(store, Known(sessions, [], persons), "country")
    assert [(one.value, one.size) for one in said.groups] == [(min(order, key=lambda one: order[one]), 12)]


def test_the_time_to_return_is_counted_from_the_end_of_the_first_visit(store: Store, hand: Site) -> None:
    said = retention(store, hand, MARCH, DAYS, now=NOW).to_json()["time_to_return"]
    # ann after 24 h, cat (on the phone) after 45 h, bob after 58 h.
    assert (said["people"], said["returned"], said["median_s"]) == (3, 3, 45 * 3600)
    assert [(p["days"], round(p["returned"], 6)) for p in said["curve"]] == [
        (0, 0),
        (1, 0.333333),
        (2, 0.666667),
    ]
    half = 1.959963984540054 * (2 / 27) ** 0.5  # S = 2/3 of 3: Greenwood gives S² · 1/(3·2)
    first = said["curve"][1]
    assert (first["low"], first["high"]) == (pytest.approx(0), pytest.approx(1 / 3 + half))
    earlier = retention(store, hand, MARCH, DAYS, now=NOW - timedelta(days=2)).to_json()["time_to_return"]
    assert (earlier["people"], earlier["returned"], earlier["median_s"]) == (3, 1, 24 * 3600)


def test_a_visit_that_starts_as_the_first_ends_is_part_of_it(store: Store) -> None:
    cut = [visit("ann", 1, 12, hours=1), visit("ann", 1, 13), visit("ann", 2, 13)]  # cut, and no pause
    same = [
        visit("bob", 1, 12, hours=0),
        replace(visit("bob", 1, 12, hours=1), session_id="b"),
        visit("bob", 3, 13),
    ]
    # The user's own id is a visitor's too; it has no row among persons.
    user = [visit("user:cat", 1, 12, hours=1), visit("cat-phone", 1, 20), visit("user:cat", 2, 12)]
    sessions = [replace(one, site_id="cuts") for one in (*cut, *same, *user)]
    write(store, History("cuts", [], sessions, {"cat-phone": "user:cat"}))
    found = retention(store, Site("cuts", timezone="UTC"), MARCH, DAYS, now=NOW).time_to_return
    # bob's first is the shorter of two that start at once; the longer one is part of it.
    assert found.survival.times.tolist() == [7 * 3600, 24 * 3600, 49 * 3600]
    assert (found.back.part, found.back.whole) == (3, 3)


def test_nothing_is_an_answer_too(store: Store) -> None:
    said = retention(store, Site("empty"), MARCH, DAYS, now=NOW).to_json()
    assert [cohort["size"] for cohort in said["cohorts"]] == [0, 0, 0, 0]
    assert said["mean"][0]["rate"] is None
    assert said["time_to_return"] == {"people": 0, "returned": 0, "median_s": None, "curve": []}
    before = retention(store, Site("empty"), MARCH, DAYS, now=NOW - timedelta(days=60)).to_json()
    assert (before["cohorts"], before["mean"]) == ([], [])


def test_a_pattern_the_engine_cannot_read_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match="missing \\)"):
        retention(store, Site("empty"), MARCH, replace(DAYS, start_condition="path~("), now=NOW)


def test_each_query_can_be_run_by_a_reader_as_it_is_shown(store: Store, reader: Store, hand: Site) -> None:
    report = retention(store, hand, MARCH, replace(DAYS, return_condition="path=/"), ("path=/x",), now=NOW)
    for computed in report.computed:
        assert isinstance(computed.rows(reader), list)
