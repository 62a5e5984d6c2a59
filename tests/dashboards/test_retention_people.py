"""The people behind each number of retention are those whom the row-by-row reference counts."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from clicktrail.settings import Settings
from dashboards.page import Desk, View
from dashboards.people import Selection
from dashboards.period import DAY, Period, midnight
from dashboards.reports.lifecycle import reference as life
from dashboards.reports.retention import reference
from dashboards.reports.retention.answer import OPTION_OF, options_of
from dashboards.reports.retention.calendar import calendar
from dashboards.reports.retention.page import PAGE
from dashboards.reports.retention.page import people as people_of_page
from dashboards.reports.retention.who import WAITING, Who, people, read_who, who
from dashboards.state import State
from schemas.objects import Site
from store.objects import put_site
from store.tables.client import Store
from tests.dashboards.history import History, write
from tests.dashboards.retained import drawn, history, known
from tests.dashboards.test_queries_retention import CONDITIONS

ZONE, FIRST = "Europe/Berlin", date(2026, 9, 28)
NOW = midnight(FIRST + 60 * DAY, ZONE) + timedelta(hours=9)
ASKED: tuple[dict[str, str], ...] = (
    {},
    {"period": "day", "started": "recurring", "breakdown": "none"},
    {"period": "month", "return": "on_or_after", "breakdown": "country"},
    {"start-condition": "event_type=order", "breakdown": "path"},
    {"return-condition": "path=/it's & value>4", "return": "on_or_after", "breakdown": "source"},
)


@pytest.fixture(scope="module")
def store(tables: Store) -> Store:
    """Not emptied between tests: they only read."""
    return tables


@pytest.fixture(scope="module")
def found(store: Store) -> History:
    made = history(drawn(random.Random(5), 120, 55), ZONE, FIRST)
    write(store, made)
    put_site(store, Site(made.site_id, timezone=ZONE))
    return made


def view_of(store: Store, site_id: str, tmp_path: Path, **own: Any) -> View:
    desk = Desk(store, lambda: store, Settings(data=tmp_path), (PAGE,), lambda: NOW)
    days = {"p": "dates", "start": str(FIRST + 3 * DAY), "end": str(FIRST + 58 * DAY)}
    return desk.view(State.of("/retention", {"site": site_id, **days, **own}, PAGE.params))


def listed(view: View, text: str) -> set[str]:
    return names(view, people(view, text))


def names(view: View, chosen: Selection | None) -> set[str]:
    assert chosen is not None
    rows = view.desk.store.rows(f"{chosen.ahead}SELECT person_id FROM ({chosen.sql})", **chosen.parameters)
    ids = [row["person_id"] for row in rows]
    assert len(ids) == len(set(ids)), "each person once"
    return set(ids)


@pytest.mark.parametrize("own", ASKED, ids=str)
def test_each_cell_opens_the_people_it_counts(
    store: Store, found: History, tmp_path: Path, own: dict[str, str]
) -> None:
    view = view_of(store, found.site_id, tmp_path, **own)
    options = options_of(view)
    periods = calendar(view.period, options.period, NOW)
    conditions = {
        "starts": CONDITIONS[options.start_condition], "returns": CONDITIONS[options.return_condition],
    }  # fmt: skip
    cells = reference.members(known(found), options, periods, **conditions)
    by_cell: dict[tuple[int, int], set[str]] = {}
    for (_, cohort, offset), persons in cells.items():
        by_cell.setdefault((cohort, offset), set()).update(persons)
    rng = random.Random(1)
    for cohort, offset in rng.sample(sorted(by_cell), min(12, len(by_cell))):
        start, back = periods.start(cohort), by_cell[cohort, offset]
        assert listed(view, who("back", offset, start)) == back
        assert listed(view, who("gone", offset, start)) == by_cell[cohort, 0] - back
    if options.breakdown:
        (value, cohort, offset) = max(cells, key=lambda key: (key[2], len(cells[key])))
        assert listed(view, who("back", offset, periods.start(cohort), value)) == cells[value, cohort, offset]


def test_a_mean_opens_the_people_of_every_cohort_whose_period_has_ended(
    store: Store, found: History, tmp_path: Path
) -> None:
    view = view_of(store, found.site_id, tmp_path)
    options = options_of(view)
    periods = calendar(view.period, "week", NOW)
    cells = reference.members(known(found), options, periods)
    whole = {
        person
        for (_, cohort, offset), persons in cells.items()
        if offset == 1 and not periods.runs(cohort + 1)
        for person in persons
    }
    assert whole
    assert listed(view, who("back", 1, None)) == whole


def test_those_who_wait_have_made_one_visit_only(store: Store, found: History, tmp_path: Path) -> None:
    view = view_of(store, found.site_id, tmp_path)
    periods = calendar(Period(view.period.start, view.period.end, ZONE), "week", NOW)
    waiting = [back for _, back in reference.waits(known(found), periods)].count(False)
    assert len(listed(view, WAITING)) == waiting > 0


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_each_stage_of_the_lifecycle_opens_its_people(
    store: Store, found: History, tmp_path: Path, unit: str
) -> None:
    view = view_of(store, found.site_id, tmp_path, period=unit)
    periods = calendar(view.period, options_of(view).period, NOW)
    stages = life.stages(known(found), periods)
    for at, stage in random.Random(2).sample(sorted(stages), min(8, len(stages))):
        chosen = people_of_page(view, f"life.{stage}.{periods.start(at)}")
        assert names(view, chosen) == stages[at, stage]
    assert people_of_page(view, "life.new.2019-01-01") is None
    assert people_of_page(view, "life.old.2026-10-05") is None


def test_a_list_says_in_words_whom_it_holds(store: Store, found: History, tmp_path: Path) -> None:
    view = view_of(store, found.site_id, tmp_path, breakdown="country")

    def title(text: str) -> str:
        chosen = people_of_page(view, text)
        assert chosen is not None
        return chosen.title

    start = date(2026, 10, 5)
    assert title(who("back", 2, start)) == "Started in the week of 5 Oct, back in week 2"
    assert title(who("gone", 1, start, "DE")) == "Started in the week of 5 Oct, not back in week 1 · DE"
    assert title(who("back", 0, None, "")) == "Started in these weeks · (not set)"
    assert title("life.dormant.2026-10-05") == "Stayed away: week of 5 Oct"


def test_a_filter_holds_for_the_people_too(store: Store, found: History, tmp_path: Path) -> None:
    view = view_of(store, found.site_id, tmp_path, f="path=/b & country=DE")
    everyone = view_of(store, found.site_id, tmp_path)
    few, all_ = listed(view, who("back", 0, None)), listed(everyone, who("back", 0, None))
    assert 0 < len(few) < len(all_)
    assert listed(view, WAITING)


@pytest.mark.parametrize(
    "text",
    ["", "back", "back.x.all", "back.-1.all", "back.1.31-12-2026", "back.99999.all", "gone.1.2026-10-06",
     "nobody.1.all", "back.1.all' OR 1=1 --", "back.200.all"],
)  # fmt: skip
def test_what_means_nobody_is_nobody(store: Store, found: History, tmp_path: Path, text: str) -> None:
    assert people(view_of(store, found.site_id, tmp_path), text) is None


def test_a_value_reaches_the_engine_as_a_value(store: Store, found: History, tmp_path: Path) -> None:
    view = view_of(store, found.site_id, tmp_path)
    odd = "x') OR 1=1 -- '"
    chosen = people(view, who("back", 0, None, odd))
    assert chosen is not None
    assert odd not in chosen.sql
    assert listed(view, who("back", 0, None, odd)) == set()


@pytest.mark.parametrize(
    "meant",
    [
        Who("back", 0, None),
        Who("gone", 3, date(2026, 11, 2)),
        Who("back", 1, None, ""),
        Who("back", 1, None, "a.=b.c"),
    ],
)
def test_who_is_meant_survives_the_address(meant: Who) -> None:
    assert read_who(who(meant.kind, meant.later_by, meant.cohort, meant.value)) == meant


def test_the_page_has_a_parameter_for_every_option_of_the_report() -> None:
    from dashboards.reports.retention.options import OPTIONS

    assert sorted(OPTION_OF.values()) == sorted(OPTIONS)
