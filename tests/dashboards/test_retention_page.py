"""The retention page on people who come back by rule: every number is known, and is the report's."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest

from clicktrail.settings import Settings
from dashboards.app import create_app
from dashboards.period import last_days
from dashboards.reports import REPORTS, ReportOptions
from schemas.objects import Site
from store.tables.client import Store, open_store
from tests.dashboards.club import PEOPLE, WEEKS, ZONE, back, open_club
from tests.dashboards.test_pages import page

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
WEEK_1 = sum(back(person, 1) for person in range(PEOPLE))
WAP_1 = sum(back(person, 1) for person in range(0, PEOPLE, 4))
ALL = "?site=club&p=90d"


@pytest.fixture(scope="module")
def store(tables: Store) -> Store:
    """Not emptied between tests: they only read."""
    return tables


@pytest.fixture(scope="module")
def reader(store: Store, store_settings: Settings) -> Iterator[Store]:
    opened = open_store(store_settings, role="reader")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(store: Store, reader: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    open_club(store, "club", NOW)
    settings = Settings(data=tmp_path_factory.mktemp("club"))
    made = create_app(reader, lambda: store, settings, now=lambda: NOW).server.test_client()
    made.get("/")
    return made


def rows(client: Any, name: str, search: str = ALL) -> list[dict[str, str]]:
    answer = client.get(f"/download/retention/{name}.csv{search}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_sentence_the_cells_and_the_verdicts_are_those_of_the_club(client: Any) -> None:
    shown = page(client, "/retention", ALL)
    whole = (WEEKS - 2) * PEOPLE
    assert (
        f"Of the {whole} people who first came 31 Aug – 8 Nov, 55 in 100 came back in the week after."
        in shown
    )
    assert f"Week 1: {WEEK_1} of {PEOPLE} people, {100 * WEEK_1 / PEOPLE:.1f}% (95%: 39.8–69.3%)" in shown
    assert "week still running" in shown
    assert "Half of the 480 new visitors are back within 7 d" in shown
    assert "more than the rest" in shown
    assert "less than the rest" in shown
    assert "an id that lasts one day and are left out" in shown
    assert "from=retention&who=back.1.2026-09-07" in shown
    assert "from=retention&who=gone.1.2026-11-02" in shown
    assert "who=waiting" in shown
    assert "The data begin in the week of 31 Aug: some of its people will have come before." in shown
    assert "The data begin" not in page(client, "/retention", "?site=club&p=30d")


def test_the_page_the_command_and_the_downloads_say_the_same(client: Any, reader: Store) -> None:
    own = {"period": ("week",), "breakdown": ("channel",)}
    asked = ReportOptions(last_days(90, NOW.date(), ZONE), NOW, own=own)
    said = REPORTS["retention"].run(reader, Site("club", timezone=ZONE), asked)
    cells = rows(client, "cohorts")
    assert len(cells) == sum(len(cohort["retained"]) for cohort in said["cohorts"])
    for cohort in said["cohorts"]:
        own_cells = [cell for cell in cells if cell["start"] == cohort["start"]]
        assert [int(cell["retained"]) for cell in own_cells] == cohort["retained"]
        assert [cell["revenue"] for cell in own_cells] == cohort["revenue"]
    assert [float(row["rate"] or 0) for row in rows(client, "mean")] == [m["rate"] or 0 for m in said["mean"]]
    assert len(rows(client, "time")) == len(said["time_to_return"]["curve"])
    (web, wap) = rows(client, "breakdown")
    assert (web["channel"], wap["channel"], wap["differs"]) == ("web", "wap", "True")
    assert int(wap["retained"]) == (WEEKS - 2) * WAP_1 == said["breakdown"][1]["next"]["retained"]
    frame = pl.read_parquet(io.BytesIO(client.get(f"/download/retention/mean.parquet{ALL}").data))
    assert frame["retained"].to_list() == [mean["retained"] for mean in said["mean"]]
    assert client.get(f"/download/retention/nothing.csv{ALL}").status_code == 404


def test_money_is_retained_beside_people(client: Any) -> None:
    paying = [person for person in range(PEOPLE) if person % 5 == 1]
    share = sum(back(person, 1) for person in paying) / len(paying)
    shown = page(client, "/retention", f"{ALL}&show=money")
    assert f"They paid {100 * share:.1f}% of their first week's money again in the week after." in shown
    assert f"€{20 * len(paying)}" in shown
    assert "Cohorts, % of money retained" in shown
    assert "who=back.1.2026-09-07" not in shown, "a cell of money counts no people"


def test_each_control_changes_what_is_asked(client: Any) -> None:
    assert rows(client, "cohorts", f"{ALL}&period=month")[0]["start"] == "2026-08-01"
    assert len(rows(client, "cohorts", "?site=club&p=7d&period=day")) == 7 * 8 // 2
    once = int(rows(client, "mean", f"{ALL}&started=recurring")[0]["size"])
    assert once > WEEKS * PEOPLE - PEOPLE
    later = rows(client, "mean", f"{ALL}&return=on_or_after")[2]
    assert int(later["retained"]) > int(rows(client, "mean")[2]["retained"])
    orders = rows(client, "cohorts", f"{ALL}&start-condition=event_type%3Dorder&breakdown=path")
    assert max(int(cell["size"]) for cell in orders) == PEOPLE // 5
    shown = page(client, "/retention", f"{ALL}&return-condition=event_type%3Dorder&cohort=2026-09-07")
    assert "met “event_type=order” in the week after" in shown
    assert "Week of 7 Sep" in shown
    assert "Week 1 by source at the start" in page(client, "/retention", f"{ALL}&breakdown=source")


EVIL = "x' OR 1=1) -- <img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("period=year", "period=year: choose day, week, month"),
        ("started=never", "start=never: choose first, recurring"),
        ("return=maybe", "return=maybe: choose on, on_or_after"),
        ("show=time", "show=time: choose people, money"),
        ("cohort=2026-09-08", "no week of the report starts on that date"),
        ("start-condition=colour%3Dred", "unknown field 'colour'"),
        ("return-condition=path~(", "missing )"),
        ("breakdown=shoe", "breakdown=shoe: choose source, medium"),
        ("breakdown=shoe&start-condition=path%3D/", "unknown field 'shoe'"),
        ("p=dates&start=2020-01-01&end=2026-11-20&period=day", "are too many cohorts"),
        ("f=colour%3Dred", "unknown field 'colour'"),
        *((f"{name}={quote(EVIL)}", "This question cannot be answered")
          for name in ("period", "started", "return", "show", "cohort", "start-condition", "breakdown")),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_and_the_way_out_offered(client: Any, own: str, words: str) -> None:
    search = f"?site=club&{own}" if "p=dates" in own else f"{ALL}&{own}"
    shown = page(client, "/retention", search)
    assert words in shown
    assert "This question cannot be answered" in shown
    assert "Start anew" in shown
    assert "SELECT" not in shown
    code = client.get(f"/download/retention/cohorts.csv{search}").status_code
    assert code == (200 if own.startswith(("show", "cohort")) else 400)


def test_values_that_can_be_read_reach_the_engine_as_values(client: Any) -> None:
    for name in ("start-condition", "return-condition"):
        shown = page(client, "/retention", f"{ALL}&{name}={quote('path=' + EVIL)}")
        assert "This question cannot be answered" not in shown
        assert "could not load" not in shown


def test_a_period_too_short_or_empty_says_so(client: Any) -> None:
    assert "No week after a start is over yet" in page(client, "/retention", "?site=club&p=7d")
    empty = page(client, "/retention", "?site=club&p=dates&start=2020-01-01&end=2020-02-01")
    assert "Nobody started in these days." in empty
    assert "Nothing in this period" in empty
    assert "Last 90 days" in page(client, "/retention", "?site=club")


def test_every_word_is_chinese(client: Any) -> None:
    for own in ("", "&show=money", "&period=day", "&period=month&started=recurring", "&return=on_or_after"):
        shown = page(client, "/retention", f"{ALL}&lang=zh{own}")
        assert "回访曲线" in shown
        for english in (
            "Return curve",
            "Week",
            "People",
            "came back",
            "Day ",
            "Month",
            "the rest",
            "Time to",
        ):
            assert f'"{english}' not in shown, english


def test_the_lifecycle_tab_says_who_is_new_and_who_stayed_away(client: Any, reader: Store) -> None:
    shown = page(client, "/retention", f"{ALL}&tab=lifecycle")
    table = rows(client, "lifecycle")
    last = [row for row in table if row["unfinished"] == "False"][-1]
    assert last["new"] == str(PEOPLE)
    assert f"In the week of 9 Nov: {PEOPLE} new, {last['returning']} also there the week before" in shown
    assert "who=life.dormant.2026-11-09" in shown
    own = {"period": ("week",)}
    asked = ReportOptions(last_days(90, NOW.date(), ZONE), NOW, own=own)
    said = REPORTS["lifecycle"].run(reader, Site("club", timezone=ZONE), asked)
    assert [int(row["dormant"]) for row in table] == [one["dormant"] for one in said["periods"]]
    assert "生命周期" in page(client, "/retention", f"{ALL}&tab=lifecycle&lang=zh")
    assert "tab=x: choose cohorts, lifecycle" in page(client, "/retention", f"{ALL}&tab=x")
    assert "choose day, week, month" in page(client, "/retention", f"{ALL}&tab=lifecycle&period=x")
    assert "Nothing in this period" in page(
        client, "/retention", "?site=club&tab=lifecycle&p=dates&start=2020-01-01&end=2020-02-01"
    )
