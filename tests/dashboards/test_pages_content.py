"""Campaigns, content and goals as the browser gets them: parameters, tables, people, the form."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dash import no_update

from clicktrail.settings import Settings
from dashboards.app import PAGES, create_app
from dashboards.goals import Goal, goals, put_goal
from dashboards.page import Desk, View
from dashboards.reports.goals import page as goals_page
from dashboards.reports.goals.form import condition_from, previewed
from store.tables.client import Store
from tests.dashboards.shop import BEFORE, SESSIONS, Shop, click, open_shop
from tests.dashboards.test_pages import NOW, page

EVIL = "x'); DROP TABLE events --<img src=x onerror=alert(1)>"


@pytest.fixture
def shop(store: Store) -> Shop:
    return open_shop(store, "shop", NOW)


@pytest.fixture
def client(store: Store, reader: Store, tmp_path: Path) -> Any:
    made = create_app(reader, lambda: store, Settings(data=tmp_path), now=lambda: NOW).server.test_client()
    made.get("/")
    return made


@pytest.fixture
def desk(store: Store, reader: Store, tmp_path: Path) -> Desk:
    return Desk(reader, lambda: store, Settings(data=tmp_path), PAGES, lambda: NOW)


def taken(client: Any, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.data
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


@pytest.mark.parametrize(
    "address",
    [
        *(f"/campaigns?{name}={{evil}}" for name in ("by", "goal", "sort", "page")),
        *(f"/content?{name}={{evil}}" for name in ("list", "goal", "sort", "page")),
        "/goals?edit={evil}", "/goals?edit=orders", "/campaigns?sort=exit_rate", "/content?page=99999999999",
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_read_is_said_and_no_query_is_shown(
    client: Any, shop: Shop, address: str
) -> None:
    path, _, query = address.format(evil=EVIL).partition("?")
    shown = page(client, path, f"?site=shop&{query}")
    assert '"role": "alert"' in shown
    assert "SELECT" not in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("path", ["/campaigns", "/content", "/content?list=products", "/content?list=forms"])
def test_a_search_is_only_a_text(client: Any, store: Store, shop: Shop, path: str) -> None:
    path, _, query = path.partition("?")
    shown = page(client, path, f"?site=shop&{query}&q={EVIL}")
    assert "No row holds this text" in shown
    assert store.rows("SELECT count() AS n FROM events WHERE site_id = 'shop'")[0]["n"]


def test_rows_are_taken_along_as_the_report_says_them(client: Any, store: Store, shop: Shop) -> None:
    rows = taken(client, "/download/campaigns/campaigns.csv?site=shop&by=source&sort=value:up")
    assert [(row["source"], row["sessions"], row["sessions_before"]) for row in rows] == [
        ("direct", "6", "3"),
        ("google", "6", "2"),
    ]
    assert sum(int(row["sessions_before"]) for row in rows) == BEFORE
    assert [row["pages"] for row in taken(client, "/download/content/pages.csv?site=shop&q=hats")] == [
        "/hats"
    ]
    put_goal(store, "shop", Goal("hats", "Hats", "path=/hats"))
    assert [row["conversions"] for row in taken(client, "/download/goals/goals.csv?site=shop")] == [
        "0",
        str(SESSIONS),
    ]
    assert taken(client, "/download/content/errors.csv?site=shop") == []
    for address in ("content/nothing.csv", "campaigns/other.csv", "goals/x.csv"):
        assert client.get(f"/download/{address}?site=shop").status_code == 404
    assert client.get("/download/content/pages.csv?site=shop&goal=none").status_code == 400


@pytest.mark.parametrize(
    ("path", "query", "who", "count"),
    [
        ("/campaigns", "", "all:google", 5),
        ("/campaigns", "&goal=hats", "won:google", 5),
        ("/campaigns", "", "won:google", 0),
        ("/campaigns", "&by=source_medium", "all:direct / none", 5),
        ("/content", "", "all:/hats", 10),
        ("/content", "&list=entry", "all:/", 10),
        ("/content", "&list=forms", "all:letter\n/about", 1),
        ("/content", "&list=forms", "all:letter\n/other", 0),
        ("/goals", "", "hats", 10),
    ],
)
def test_behind_each_number_stand_its_people(
    desk: Desk, store: Store, shop: Shop, path: str, query: str, who: str, count: int
) -> None:
    put_goal(store, "shop", Goal("hats", "Hats", "path=/hats"))
    click(store, shop, "f", NOW - timedelta(days=1), event_type="form", target="letter", path="/about")
    asked = desk.at(path, f"?site=shop{query}")
    made = next(one for one in PAGES if one.path == path)
    assert made.people is not None
    chosen = made.people(asked, who)
    assert chosen is not None
    assert len(store.rows(chosen.ahead + chosen.sql, **chosen.parameters)) == count
    assert chosen.title


def test_nobody_stands_behind_an_unknown_number(desk: Desk, shop: Shop) -> None:
    for one in PAGES:
        if one.path in ("/campaigns", "/content") and one.people is not None:
            assert one.people(desk.at(one.path, "?site=shop"), EVIL) is None


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({}, ""),
        ({"condition": " a=1 "}, "a=1"),
        ({"field": "path", "op": "=", "value": "/a*"}, "path=/a*"),
        ({"field": "title", "op": "=", "value": "a & b"}, 'title="a & b"'),
        ({"field": "path", "op": "~", "value": "^/p", "condition": "country=DE"}, "path~^/p & country=DE"),
    ],
)
def test_boxes_and_line_make_one_condition(fields: Mapping[str, object], condition: str) -> None:
    assert condition_from(fields) == condition


def test_a_form_adds_changes_and_removes_and_says_what_is_wrong(desk: Desk, store: Store, shop: Shop) -> None:
    def view() -> View:
        return desk.at("/goals", "?site=shop&edit=hats")

    typed = {"name": "Hats", "field": "path", "op": "=", "value": "/hats", "amount": "2"}
    where, trouble = goals_page.saved(view(), typed)
    assert (where.split("#")[0], trouble) == ("/goals?site=shop", "")
    assert "already" in goals_page.saved(view(), typed)[1]
    goals_page.saved(view(), {**typed, "id": "hats", "name": "Hats!"})
    assert [goal.name for goal in goals(store, "shop")] == ["Orders", "Hats!"]
    wrong = goals_page.saved(view(), {**typed, "id": "hats", "value": "", "condition": EVIL})
    assert wrong[0] is no_update
    assert "unknown field" in wrong[1]
    assert "orders" in goals_page.saved(view(), {"remove": "orders"})[1]
    goals_page.saved(view(), {"remove": "hats"})
    assert len(goals(store, "shop")) == 1
    assert goals_page.saved(view(), None) == (no_update, no_update)


def test_the_preview_counts_or_says_what_is_wrong_in_the_language_of_the_page(desk: Desk, shop: Shop) -> None:
    view = desk.at("/goals", "?site=shop&lang=zh")
    assert "12 个事件" in str(previewed(view, {"condition": "path=/hats"}))
    assert "未知字段" in str(previewed(view, {"condition": "colour=red"}))
    assert "最近 30 天" in str(previewed(view, None))


def test_a_goal_that_is_changed_shows_what_it_counts_now(client: Any, store: Store, shop: Shop) -> None:
    put_goal(store, "shop", Goal("hats", "Hats", "path=/hats"))
    assert "matched 12 events of 10 people" in page(client, "/goals", "?site=shop&edit=hats")


def test_a_page_without_comparison_shows_none(client: Any, store: Store, shop: Shop) -> None:
    assert "from 5" in page(client, "/campaigns", "?site=shop")
    assert "from 5" not in page(client, "/campaigns", "?site=shop&cmp=none")
    assert "There is no site called" in page(client, "/goals", "?site=nobody")
