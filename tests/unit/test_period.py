"""Local dates and the instants they stand for."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clicktrail.errors import ConfigError
from dashboards.period import Period, iso_date, last_days, local_date, period

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana"]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type,misc]


def test_a_day_in_berlin_begins_in_the_evening_before() -> None:
    day = Period(date(2026, 1, 15), date(2026, 1, 15), "Europe/Berlin")
    assert (day.begins, day.ends) == (utc(2026, 1, 14, 23), utc(2026, 1, 15, 23))


def test_the_days_of_the_clock_change_have_23_and_25_hours() -> None:
    spring = Period(date(2026, 3, 29), date(2026, 3, 29), "Europe/Berlin")
    autumn = Period(date(2026, 10, 25), date(2026, 10, 25), "Europe/Berlin")
    assert spring.ends - spring.begins == timedelta(hours=23)
    assert autumn.ends - autumn.begins == timedelta(hours=25)


def test_a_day_without_midnight_begins_when_its_clock_begins() -> None:
    day = Period(date(2026, 3, 8), date(2026, 3, 8), "America/Havana")  # 0:00 → 1:00 in Cuba
    assert day.begins == utc(2026, 3, 8, 5)
    assert local_date(day.begins, day.zone) == day.start


@given(
    day=st.dates(date(1972, 1, 1), date(2035, 1, 1)), length=st.integers(1, 40), zone=st.sampled_from(ZONES)
)
def test_periods_tile_time_and_hold_exactly_their_dates(day: date, length: int, zone: str) -> None:
    one = Period(day, day + timedelta(days=length - 1), zone)
    millisecond = timedelta(milliseconds=1)
    assert one.previous().ends == one.begins
    assert one.previous().days == one.days == length == len(one.dates())
    assert local_date(one.begins, zone) == one.start
    assert local_date(one.begins - millisecond, zone) < one.start
    assert local_date(one.ends - millisecond, zone) == one.end
    assert local_date(one.ends, zone) > one.end


def test_the_last_days_end_today() -> None:
    assert last_days(30, date(2026, 3, 1), "UTC") == Period(date(2026, 1, 31), date(2026, 3, 1), "UTC")
    with pytest.raises(ConfigError, match="at least one day"):
        last_days(0, date(2026, 3, 1), "UTC")


def test_iso_dates_are_read() -> None:
    assert period("2026-02-28", "2026-03-01", "UTC").days == 2


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "01.03.2026", "2026-3-1x", "0001-01-01"])
def test_another_text_is_an_error_that_names_the_option(text: str) -> None:
    with pytest.raises(ConfigError, match="from="):
        iso_date(text, "from")


def test_a_period_that_ends_before_it_starts_is_an_error() -> None:
    with pytest.raises(ConfigError, match="before it starts"):
        period("2026-03-02", "2026-03-01", "UTC")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "Europe", "/etc/localtime"])
def test_an_unknown_zone_is_an_error(zone: str) -> None:
    with pytest.raises(ConfigError, match="unknown time zone"):
        Period(date(2026, 1, 1), date(2026, 1, 1), zone)
