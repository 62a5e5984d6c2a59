"""The funnel's page as the browser gets it, on a shop known by heart."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from clicktrail.settings import Settings
from dashboards.app import PAGES, create_app
from dashboards.computed import Computed
from dashboards.page import Desk, View
from dashboards.reports import REPORTS, ReportOptions
from dashboards.reports.funnel import naming, saved
from dashboards.reports.funnel.page import PAGE
from store.tables.client import Store
from tests.dashboards.funnel_shop import (
    COUNTS,
    LEFT,
    READ,
    SEARCHED,
    STEPS,
    WAITING,
    FunnelShop,
    open_funnel_shop,
)
from tests.dashboards.test_pages import page

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
EVIL = "x' OR 1=1; DROP TABLE events -- /*units*/ 1 {site_id:String}"


@pytest.fixture
def shop(store: Store) -> FunnelShop:
    return open_funnel_shop(store, "cups", NOW)


@pytest.fixture
def client(store: Store, reader: Store, tmp_path: Path) -> Any:
    made = create_app(reader, lambda: store, Settings(data=tmp_path), now=lambda: NOW).server.test_client()
    made.get("/")
    return made


def query(**own: Any) -> str:
    return "?" + urlencode({"site": "cups", "step": STEPS, **own}, doseq=True)


def view(store: Store, reader: Store, tmp_path: Path, **own: Any) -> View:
    desk = Desk(reader, lambda: store, Settings(data=tmp_path), PAGES, lambda: NOW)
    return desk.at("/funnel", query(**own))


def test_the_page_shows_the_numbers_of_the_report(client: Any, shop: FunnelShop) -> None:
    shown = page(client, "/funnel", query())
    assert "18 in 100 make it from “Viewed a page” to “Ordered”" in shown
    assert "The widest leak is after step 1: 40 left, 55 in 100 went on." in shown
    for said in ("54.5%", "60 people · 45.2–63.5%", "66.7%", "10 still have time", "40 left", "30 left"):
        assert said in shown, said
    assert "clear difference: worse" in shown
    assert "30 people left" not in shown
    after = page(client, "/funnel", query(left="2"))
    assert "30 people left after “Viewed a product”" in after
    assert "Nothing more" in after
    assert "/help" in page(client, "/funnel", query(left="2", by="path"))


def test_the_report_knows_what_the_page_shows(
    store: Store, reader: Store, shop: FunnelShop, tmp_path: Path
) -> None:
    seen = view(store, reader, tmp_path)
    own = {
        "step": STEPS,
        "breakdown": ("channel",),
        "trend": ("week",),
        "next": ("true",),
        "people": ("left-1",),
    }
    found = REPORTS["funnel"].run(reader, shop.site, ReportOptions(seen.period, NOW, own=own, limit=5))
    assert tuple(step["count"] for step in found["steps"]) == COUNTS
    assert tuple(step["left"] for step in found["steps"]) == LEFT
    assert tuple(step["in_progress"] for step in found["steps"]) == WAITING
    assert found["in_progress"] == 10
    assert [(s["value"], s["entered"], s["counts"][-1]) for s in found["segments"]] == [
        ("web", 70, 18),
        ("wap", 40, 2),
    ]
    assert [(b["start"], b["entered"], b["converted"]) for b in found["trend"] if b["entered"]] == [
        ("2026-10-26", 100, 20),
        ("2026-11-16", 10, 0),
    ]
    second = found["next"][1]
    assert (second["step"], second["left"], second["nothing_more"]) == (2, 30, 30 - SEARCHED - READ)
    assert [(one["event_type"], one["count"]) for one in second["types"]] == [
        ("search", SEARCHED),
        ("page_view", READ),
    ]
    assert [(one["path"], one["count"]) for one in second["paths"]] == [
        ("/search", SEARCHED),
        ("/help", READ),
    ]
    assert (found["people"]["count"], len(found["people"]["people"])) == (40, 5)


@pytest.mark.parametrize(
    ("who", "segment", "count", "title"),
    [
        ("entered", "", 110, "Entered “Viewed a page”"),
        ("converted", "", 20, "Reached “Ordered”"),
        ("reached-3", "", 30, "Reached “Added to cart”"),
        ("left-2", "", 30, "Left after “Viewed a product”"),
        ("waiting-1", "", 10, "Reached “Viewed a page” and still have time"),
        ("converted", "=wap", 2, "Reached “Ordered”, Channel: wap"),
    ],
)
def test_the_people_behind_a_number(
    store: Store,
    reader: Store,
    shop: FunnelShop,
    tmp_path: Path,
    who: str,
    segment: str,
    count: int,
    title: str,
) -> None:
    assert PAGE.people is not None
    found = PAGE.people(view(store, reader, tmp_path, segment=segment), who)
    assert found is not None
    assert found.title == title
    rows = Computed("", "", found.sql, found.parameters, found.ahead).rows(reader)
    assert (len(rows), set(rows[0])) == (count, {"person_id"})


def test_people_that_nobody_can_mean(store: Store, reader: Store, shop: FunnelShop, tmp_path: Path) -> None:
    assert PAGE.people is not None
    for who in ("left-9", "left", "everybody", EVIL):
        assert PAGE.people(view(store, reader, tmp_path), who) is None
    assert PAGE.people(view(store, reader, tmp_path, step="path=/"), "entered") is None


def test_people_under_a_filter_on_events(
    store: Store, reader: Store, shop: FunnelShop, tmp_path: Path
) -> None:
    assert PAGE.people is not None
    found = PAGE.people(view(store, reader, tmp_path, f="path=/nowhere"), "entered")
    assert found is not None
    assert Computed("", "", found.sql, found.parameters, found.ahead).rows(reader) == []


def test_tables_to_take_along_hold_the_same(client: Any, shop: FunnelShop) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        answer = client.get(f"/download/funnel/{name}.csv{query()}")
        return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))

    assert [int(row["count"]) for row in rows("steps")] == list(COUNTS)
    assert {row["value"]: row["counts_4"] for row in rows("segments")} == {"web": "18", "wap": "2"}
    assert sum(int(row["entered"]) for row in rows("trend")) == 110
    assert {(row["step"], row["event_type"], row["count"]) for row in rows("next")} >= {("2", "search", "10")}
    assert client.get(f"/download/funnel/steps.parquet{query()}").status_code == 200
    assert client.get(f"/download/funnel/nothing.csv{query()}").status_code == 404
    assert client.get("/download/funnel/steps.csv?site=cups").status_code == 404
    assert client.get(f"/download/funnel/segments.csv{query(order='any', p='today')}").status_code == 200


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"step": ["path=/", "colour=1"]}, "unknown field"),
        ({"step": ["path=/", "path~("]}, "regular expression"),
        ({"step": ["path=/"] * 13}, "2 to 12 steps, not 13"),
        ({"window": "forever"}, "write minutes, hours, days or weeks"),
        ({"window": "9999d"}, "1m to 3650d"),
        ({"unit": "household"}, "one of person, visitor, session"),
        ({"order": "random"}, "one of ordered, strict, any"),
        ({"exclude": "2-1:path=/help"}, "the earlier first"),
        ({"exclude": "1-2:path~["}, "regular expression"),
        ({"exclude": "/help"}, "two steps and a condition"),
        ({"optional": "1"}, "the first one is needed"),
        ({"optional": "2", "order": "strict"}, "only when steps come in order"),
        ({"hold": ["path", "country", "os", "host"]}, "at most 3 fields"),
        ({"hold": "colour"}, "unknown field"),
        ({"open": "true", "window": "1d"}, "counts each step by itself"),
        ({"window": "x", "unit": "y"}, "one of person"),
    ],
)
def test_a_fault_is_said_beside_its_control(
    client: Any, shop: FunnelShop, own: dict[str, Any], words: str
) -> None:
    shown = page(client, "/funnel", query(**own))
    assert words in shown
    assert "This funnel cannot be asked yet" in shown
    assert "SELECT" not in shown


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"breakdown": "colour"}, "unknown field"),
        ({"breakdown-at": "9"}, "a step from 1 to 4"),
        ({"breakdown-at": "never"}, "first_touch, last_touch or the number"),
        ({"trend": "year"}, "one of day, week, month"),
    ],
)
def test_a_fault_of_a_card_leaves_the_steps(
    client: Any, shop: FunnelShop, own: dict[str, Any], words: str
) -> None:
    shown = page(client, "/funnel", query(**own))
    assert words in shown
    assert "60 people" in shown


@pytest.mark.parametrize("name", PAGE.params)
def test_nothing_in_the_address_reaches_the_engine_as_text(client: Any, shop: FunnelShop, name: str) -> None:
    given = {"step": [f"path={EVIL}", f"title={EVIL}"]} if name == "step" else {name: EVIL}
    shown = page(client, "/funnel", query(**given))
    assert "Traceback" not in shown
    assert "Newest data" in shown, "the page stands, with the line under it"
    assert page(client, "/funnel", query(**{name: ["\0", "é" * 3000]}))


def test_before_there_is_a_funnel(client: Any, store: Store, shop: FunnelShop) -> None:
    shown = page(client, "/funnel", "?site=cups")
    assert "A funnel needs two steps" in shown
    assert "Suggested for this site" in shown
    assert "Added to cart" in shown
    one = page(client, "/funnel", "?site=cups&step=path%3D%2F")
    assert "Add the action people should reach." in one
    assert "Nobody began in this period" in page(client, "/funnel", query(step=["path=/no", "path=/never"]))
    assert "Each step by itself" in page(client, "/funnel", query(open="true"))
    assert "There is no site called" in page(client, "/funnel", "?site=nobody")
    assert "此期间没有人开始" in page(client, "/funnel", query(step=["path=/no", "path=/never"], lang="zh"))


def test_a_funnel_is_saved_renamed_and_deleted(
    client: Any, store: Store, reader: Store, shop: FunnelShop, tmp_path: Path
) -> None:
    here = view(store, reader, tmp_path, window="7d", left="2")
    at, trouble = naming.done(here, {"do": "save", "name": "  To the\n order "})
    assert at
    assert trouble is None
    (one,) = saved.saved(reader, "cups")
    assert (one.name, one.query) == ("To the order", {"step": STEPS, "window": ("7d",)})
    assert "To the order" in page(client, "/funnel", "?site=cups")
    assert saved.saved(reader, "other") == ()
    naming.done(here, {"do": "save", "name": "To the order"})
    assert len(saved.saved(reader, "cups")) == 1, "the same name is the same funnel"
    naming.done(here, {"do": "rename", "id": one.id, "name": "Cart"})
    assert [one.name for one in saved.saved(reader, "cups")] == ["Cart"]
    other = view(store, reader, tmp_path, site="cups")
    saved.remove(store, "other", one.id)
    assert len(saved.saved(reader, "cups")) == 1, "not of that site"
    naming.done(other, {"do": "remove", "id": one.id})
    assert saved.saved(reader, "cups") == ()
    assert naming.done(other, {"do": "rename", "id": one.id, "name": "x"})[0] is None


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_bad_name_is_refused_in_words(
    store: Store, reader: Store, shop: FunnelShop, tmp_path: Path, name: str
) -> None:
    at, trouble = naming.done(view(store, reader, tmp_path), {"do": "save", "name": name})
    assert at is None
    assert "1 to 80 characters" in str(trouble)
    bare = view(store, reader, tmp_path, step="path=/")
    assert "two steps" in str(naming.done(bare, {"do": "save", "name": "x"})[1])
