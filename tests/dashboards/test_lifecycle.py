"""The lifecycle report equals its row-by-row reference on the real store, and known numbers by hand."""

from __future__ import annotations

import os
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clicktrail.errors import ConfigError
from dashboards.period import DAY, Period, midnight
from dashboards.reports.lifecycle import reference
from dashboards.reports.lifecycle.query import STAGES, lifecycle, parse
from dashboards.reports.retention.calendar import calendar
from schemas.objects import Site
from store.tables.client import Store
from tests.dashboards.history import History, write
from tests.dashboards.retained import PLACES, history, known, visitors
from tests.dashboards.test_queries_retention import MARCH, NOW, PERSONS, SESSIONS, events_of

EXAMPLES = int(os.environ.get("CLICKTRAIL_TEST_EXAMPLES", "8"))
"""Invented histories; a longer search: give more."""


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
    begin = first + data.draw(st.integers(-2, 12)) * DAY
    period = Period(begin, begin + data.draw(st.integers(0, 12)) * DAY, zone)
    now = midnight(begin, zone) + timedelta(hours=data.draw(st.sampled_from((0, 1, 100, 300, 2000))))
    for unit in ("day", "week", "month"):
        report = lifecycle(store, Site(found.site_id, timezone=zone), period, unit, now=now)
        periods = calendar(period, unit, now)
        said = {
            (at, name): getattr(one, name)
            for at, one in enumerate(report.periods)
            for name in STAGES
            if getattr(one, name)
        }
        wanted = {key: len(persons) for key, persons in reference.stages(known(found), periods).items()}
        assert said == wanted
        assert [one.start for one in report.periods] == [periods.start(at) for at in range(periods.begun)]


def test_known_people_are_counted_by_hand(store: Store) -> None:
    write(store, History("hand", events_of(SESSIONS), SESSIONS, PERSONS))
    said = lifecycle(store, Site("hand", timezone="Europe/Berlin"), MARCH, "day", now=NOW).to_json()
    days = [[row[name] for name in STAGES] for row in said["periods"]]
    # 1st: ann and bob; edge is there from the day before. 2nd: cat and, after weeks, old; ann stays.
    assert days == [[2, 1, 0, 0], [1, 1, 1, 2], [0, 1, 1, 2], [0, 1, 1, 1]]
    assert [row["active"] for row in said["periods"]] == [3, 3, 2, 2]
    assert [row["unfinished"] for row in said["periods"]] == [False, False, False, True]
    assert said["meta"]["from"] == "2026-03-01"


def test_who_is_there_was_there_before_or_came_back_or_is_new(store: Store) -> None:
    """Active people of a period, less those who are not new to it, were active or dormant before."""
    write(store, History("hand", events_of(SESSIONS), SESSIONS, PERSONS))
    periods = lifecycle(store, Site("hand", timezone="Europe/Berlin"), MARCH, "day", now=NOW).periods
    for before, after in pairwise(periods):
        assert after.returning + after.dormant == before.active


@pytest.mark.parametrize("options", [{"period": "year"}, {"start": "first"}])
def test_an_option_that_is_not_there_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        parse(options)
