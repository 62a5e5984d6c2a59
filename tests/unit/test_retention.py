"""The options and the calendar of the retention report."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clicktrail.errors import ConfigError
from dashboards.period import Period
from dashboards.reports import REPORTS, check_taken
from dashboards.reports.retention.calendar import calendar
from dashboards.reports.retention.options import OPTIONS, RetentionOptions, Unit, parse

DATES = st.dates(date(1971, 1, 1), date(2199, 12, 1))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kolkata", "America/Havana"])
NOW = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)
UNITS = st.sampled_from(["day", "week", "month"])


def test_options_are_read_by_the_names_they_are_written_with() -> None:
    assert parse({}) == RetentionOptions()
    given = {"period": "day", "start": "recurring", "return": "on_or_after", "breakdown": "country"}
    conditions = {"start-condition": "event_type=order", "return-condition": "path=/a*"}
    found = RetentionOptions("day", "recurring", "on_or_after", "event_type=order", "path=/a*", "country")
    assert parse({**given, **conditions}) == found
    assert set(OPTIONS) == {*given, *conditions}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"period": "hour"}, "period=hour: choose day, week, month"),
        ({"start": "last"}, "start=last: choose first, recurring"),
        ({"return": "never"}, "return=never: choose on, on_or_after"),
        ({"breakdown": "path"}, "breakdown=path: choose source, medium"),
        ({"start-condition": "pth=/a"}, "start-condition: .*did you mean path"),
        ({"return-condition": "path"}, "return-condition: .*field=value"),
        ({"horizon": "28d"}, "no option 'horizon'"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(options)


def test_an_option_of_another_report_is_refused_and_its_report_named() -> None:
    check_taken(REPORTS["retention"], {name: [""] for name in OPTIONS})
    with pytest.raises(ConfigError, match="overview takes no --start-condition; it belongs to retention"):
        check_taken(REPORTS["overview"], {"start-condition": ["path=/"]})


def test_too_many_periods_are_refused() -> None:
    years = Period(date(2020, 1, 1), date(2026, 12, 31))
    with pytest.raises(ConfigError, match="2557 days are too many cohorts"):
        calendar(years, "day", NOW)
    assert calendar(years, "month", NOW).count == 84


def test_weeks_begin_on_monday_and_dates_are_widened() -> None:
    found = calendar(Period(date(2026, 3, 4), date(2026, 3, 9)), "week", NOW)  # Wednesday to Monday
    assert (found.count, found.start(0), found.start(found.count)) == (2, date(2026, 3, 2), date(2026, 3, 16))


def test_what_runs_has_begun_and_not_ended() -> None:
    days = Period(date(2026, 3, 1), date(2026, 3, 3), "Europe/Berlin")
    midnight = datetime(2026, 3, 1, 23, tzinfo=timezone.utc)
    at = calendar(days, "day", midnight)
    assert (at.begun, at.runs(0), at.runs(1)) == (2, False, True)
    before = calendar(days, "day", midnight - timedelta(milliseconds=1))
    assert (before.begun, before.runs(0)) == (1, True)
    assert calendar(days, "day", midnight - timedelta(days=9)).begun == 0
    assert calendar(days, "day", midnight + timedelta(days=9)).begun == 3


@given(DATES, st.integers(0, 400), UNITS, ZONES)
def test_periods_follow_one_another_without_gap_or_overlap(
    first: date, days: int, unit: Unit, zone: str
) -> None:
    found = calendar(Period(first, first + timedelta(days=days), zone), unit, NOW)
    last = found.count - 1
    assert found.start(0) <= first < found.start(1)
    assert found.start(last) <= first + timedelta(days=days) < found.start(last + 1)
    moment = timedelta(milliseconds=1)
    for index in (0, last, last + 1):
        begins = found.begins(index)
        assert (found.index(begins - moment), found.index(begins)) == (index - 1, index)
