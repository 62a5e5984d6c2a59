"""The pages of one visitor and of people, as the browser gets them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest

from clicktrail.settings import Settings
from dashboards.app import create_app
from dashboards.page import Desk, Page, View
from dashboards.people import Selection, href
from dashboards.reports.people import page as people_page
from dashboards.reports.visitor.joins import unlink
from dashboards.reports.visitor.raw import request, show
from dashboards.state import State
from schemas.envelope import Envelope, encode_block
from schemas.event import Event
from schemas.objects import Site
from store.log import open_log
from store.tables.client import Store
from tests.dashboards.one_person import ANNA, BROWSER, NOW, ODD, WAP, at, event, insert, open_tea
from tests.dashboards.test_pages import page

DAYS = "site=tea&start=2026-09-21&end=2026-11-20"


@pytest.fixture
def tea(store: Store) -> Site:
    return open_tea(store)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
def client(store: Store, reader: Store, settings: Settings) -> Any:
    made = create_app(reader, lambda: store, settings, now=lambda: NOW).server.test_client()
    made.get("/")
    return made


def test_the_page_of_a_person(client: Any, tea: Site) -> None:
    shown = page(client, "/visitor", f"?site=tea&id={BROWSER}")
    for words in (
        *("Known by log-in", "3 ids", "€80", "value, 1 order", "10 d", "Organic search", "#A-1", "× 3"),
        *("asked for a cup", "All 16", "Call centre 2", "not joined: two known users"),
    ):
        assert words in shown, words
    assert "anna@tea.example" not in shown  # properties stand on the raw event only
    chinese = page(client, "/visitor", f"?site=tea&id={BROWSER}&lang=zh")
    assert "通过登录识别" in chinese
    assert "全部 16" in chinese


def test_the_search_says_who_fits_or_that_nobody_does(client: Any, tea: Site) -> None:
    assert "Find a visitor" in page(client, "/visitor", "?site=tea")
    several = page(client, "/visitor", f"?{DAYS}&property=plan%3Dgold")
    assert "2 people fit" in several
    assert "visitor?site=tea" in several
    assert "Nobody fits" in page(client, "/visitor", f"?{DAYS}&id=nobody-at-all")


@pytest.mark.parametrize(
    ("path", "search", "words"),
    [
        ("/visitor", "id=a&user=b", "ask for a visitor by one of them"),
        ("/visitor", "id=anna&channel=tv", "channel=tv"),
        ("/visitor", "id=anna&page=-1", "pages are numbered"),
        ("/visitor", "id=anna&page=99", "no page 99"),
        ("/visitor", "property=plan", "cannot be read"),
        ("/visitor", "property=plan~(", "regular expression"),
        ("/people", "sort=name", "last_seen"),
        ("/people", "page=9e9", "pages are numbered"),
        ("/people", "from=nowhere&who=x", "has no people"),
        ("/people", "f=colour%3Dred", "unknown field"),
    ],
)
def test_what_cannot_be_read_is_said(client: Any, tea: Site, path: str, search: str, words: str) -> None:
    assert words in page(client, path, f"?{DAYS}&{search}")


@pytest.mark.parametrize("text", ["' OR 1=1 --", "'; DROP TABLE events --", "{site_id:String}", "\\", "%"])
def test_what_is_typed_never_becomes_sql(client: Any, store: Store, tea: Site, text: str) -> None:
    before = store.rows("SELECT count() AS n FROM events")
    for name in ("id", "user", "property=k%3D"):
        shown = page(client, "/visitor", f"?{DAYS}&{name}{'' if '%3D' in name else '='}{quote(text)}")
        assert "Nobody fits" in shown
    assert store.rows("SELECT count() AS n FROM events") == before


def test_the_list_of_everybody_and_its_files(client: Any, tea: Site) -> None:
    shown = page(client, "/people", f"?{DAYS}")
    assert "3 people" in shown
    assert "known for one day only, without a cookie. The files leave this one out." in shown
    text = client.get(f"/download/people/people.csv?{DAYS}").get_data(as_text=True).splitlines()
    assert [line.split(",")[0] for line in text[1:]] == ['"o\'dd <b>&""id"', ANNA]
    whole = pl.read_parquet(io.BytesIO(client.get(f"/download/people/people.parquet?{DAYS}&daily=with").data))
    assert whole["person_id"].to_list() == [ODD, "day-hash", ANNA]
    assert client.get(f"/download/people/people.csv?{DAYS}&sort=x").status_code == 400


def test_a_filter_of_any_page_has_its_people(client: Any, tea: Site) -> None:
    shown = page(client, "/people", f"?{DAYS}&f=channel%3Dwap")
    assert "1 person" in shown
    assert "anna" in shown


def test_the_timeline_as_a_file(client: Any, tea: Site) -> None:
    rows = client.get(f"/download/visitor/timeline.csv?site=tea&id={BROWSER}&page=2").get_data(as_text=True)
    assert len(rows.splitlines()) == 1 + 12
    fitting = f"/download/visitor/matches.parquet?{DAYS}&property=plan%3Dgold"
    assert pl.read_parquet(io.BytesIO(client.get(fitting).data))["person_id"].to_list() == [ODD, ANNA]


def test_the_people_that_a_page_means(reader: Store, settings: Settings, tea: Site) -> None:
    """Any page says who is counted; the list shows them under its words, with that page's own parameters."""

    def meant(view: View, who: str) -> Selection | None:
        if who != "callers":
            return None
        sql = "SELECT DISTINCT visitor_id AS person_id FROM events WHERE channel = {channel:String}"
        return Selection("Who called", sql, {"channel": view.state.one("by")})

    calls = Page("/calls", "failed", "phone", "nav.act", lambda view: None, people=meant, params=("by",))
    desk = Desk(reader, lambda: reader, settings, (people_page.PAGE, calls), lambda: NOW)
    start = View(desk, State("/calls", site="tea", own={"by": ("call_center",)}), (tea,))
    path, _, search = href(start, "failed", "callers").partition("?")
    shown = repr(people_page.layout(desk.at(path, search)))
    assert "Who called: 1 person" in shown
    assert "'anna'" in shown
    assert "has no people" in repr(people_page.layout(desk.at(path, search.replace("callers", "x"))))


def test_the_raw_event_and_its_request_while_the_log_holds_it(
    client: Any, store: Store, reader: Store, settings: Settings, tea: Site
) -> None:
    body = b'{"site":"tea","events":[{"event_type":"click"},{"event_type":"click","target":"<b>second"}]}'
    log = open_log(settings, write=True)
    log.append([encode_block([Envelope(1, "native", path="/e", body=body)])])
    log.close()
    held = event("raw-1", 1, 0, event_type="click", properties='{"email":"raw@tea.example"}')
    insert(
        store,
        "events",
        Event,
        [replace(held, raw_ref="log:0:0:0:1"), replace(held, event_id="e2", raw_ref="log:0:99:0:0")],
    )
    desk = Desk(reader, lambda: store, settings, (), lambda: NOW)
    asked = {"event": held.event_id, "visitor": "raw-1", "ms": str(round(at(1).timestamp() * 1000))}
    shown = repr(show(desk, asked, "?site=tea"))
    assert "raw@tea.example" in shown
    assert "<b>second" in shown
    assert shown.count("event_type") == 2  # of the row and of this event alone: the other one is not shown
    assert "no longer holds" in repr(show(desk, {**asked, "event": "e2"}, "?site=tea"))
    assert "no more there" in repr(show(desk, {**asked, "event": "e3"}, "?site=tea"))
    for odd in ("x", "9" * 30, None):
        assert "err" in repr(show(desk, {**asked, "ms": odd}, "?site=tea"))


@pytest.mark.parametrize(
    "place", ["", "file:a.log:3", "log:0:0", "log:a:b:c:d", "log:0:0:0:0", "log:0:-1:0:0"]
)
def test_a_place_without_a_request(settings: Settings, place: str) -> None:
    assert request(settings, place) is None


def test_a_join_is_taken_away_by_the_command_and_stays_away(
    client: Any, store: Store, reader: Store, store_settings: Settings, tea: Site
) -> None:
    desk = Desk(reader, lambda: store, store_settings, (), lambda: NOW)
    asked = {"a": WAP, "b": ANNA}
    assert f"{WAP} and anna are two people now." in repr(unlink(desk, asked, "?site=tea"))
    assert "taken apart by hand" in page(client, "/visitor", "?site=tea&id=anna")
    shown = page(client, "/visitor", f"?site=tea&id={BROWSER}")
    assert "All 12" in shown
    assert "2 ids" in shown
    assert "were taken apart before" in repr(unlink(desk, asked, "?site=tea"))
    failed = repr(unlink(desk, {"a": "--help", "b": "x y"}, "?site=tea"))
    assert "Nothing was changed" in failed
    assert "--help" in failed
