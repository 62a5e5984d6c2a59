"""What stands around every number: own parameters, tables to take along, suggestions, notes, cost."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from dashboards.annotations import annotate, lines, notes_of, remove
from dashboards.app import create_app
from dashboards.computed import Computed
from dashboards.downloads import as_csv, as_parquet
from dashboards.state import MAX_OWN, MAX_OWN_LENGTH, State
from schemas.objects import Site
from store.objects import put_site
from store.tables.client import Store
from tests.dashboards.shop import Shop, open_shop, refuse
from tests.dashboards.test_pages import page

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def shop(store: Store) -> Shop:
    return open_shop(store, "shop", NOW)


@pytest.fixture
def client(store: Store, reader: Store, tmp_path: Path) -> Any:
    made = create_app(reader, lambda: store, Settings(data=tmp_path), now=lambda: NOW).server.test_client()
    made.get("/")
    return made


def test_own_parameters_of_a_page_are_kept_changed_and_dropped() -> None:
    given = {"site": "shop", "step": ["a=1", "b=2"], "order": "any", "evil": "x"}
    state = State.of("/funnel", given, ("step", "order"))
    assert (state.all("step"), state.one("order"), state.one("none", "d")) == (("a=1", "b=2"), "any", "d")
    changed = parse_qs(urlsplit(state.href(own={"order": (), "window": ("1d",)})).query)
    assert changed == {"site": ["shop"], "step": ["a=1", "b=2"], "window": ["1d"]}
    other = parse_qs(urlsplit(state.href("/visitor", own={"id": ("v 1&2",)})).query)
    assert other == {"site": ["shop"], "id": ["v 1&2"]}


def test_own_parameters_are_bounded() -> None:
    state = State.of("/funnel", {"step": ["x" * 9_999] * 99}, ("step",))
    assert len(state.all("step")) == MAX_OWN
    assert {len(step) for step in state.all("step")} == {MAX_OWN_LENGTH}


def test_a_table_is_the_same_in_both_formats(client: Any, shop: Shop) -> None:
    asked = "/download/overview/sources.{}?site=shop"
    text = client.get(asked.format("csv")).get_data(as_text=True).removeprefix("\ufeff")
    frame = pl.read_parquet(io.BytesIO(client.get(asked.format("parquet")).data))
    assert frame.height > 1
    assert frame.columns == text.splitlines()[0].split(",")
    assert [str(value) for value in frame["source"]] == [line.split(",")[0] for line in text.splitlines()[1:]]
    assert client.get(asked.format("xlsx")).status_code == 404
    assert client.get("/download/overview/nothing.csv?site=shop").status_code == 404
    assert client.get("/download/overview/sources.csv?site=shop&f=colour%3D1").status_code == 400


def test_mixed_empty_and_dangerous_cells() -> None:
    rows: list[list[object]] = [["a", "b", "c"], ["=1+1", 1, Decimal("1.5")], [None, "two", Decimal(2)]]
    assert as_csv(rows).splitlines()[1] == "'=1+1,1,1.5"
    frame = pl.read_parquet(io.BytesIO(as_parquet(rows)))
    assert frame.rows() == [("=1+1", "1", Decimal("1.5")), (None, "two", Decimal(2))]
    assert pl.read_parquet(io.BytesIO(as_parquet([["a", "b"]]))).shape == (0, 2)


def test_values_are_suggested_by_how_often_they_are(client: Any, shop: Shop) -> None:
    def asked(**query: str) -> Any:
        return client.get("/suggest", query_string={"site": "shop", **query}).get_json()

    types = asked(field="event_type")
    assert types[0] == "page_view"
    assert asked(field="event_type", q="PAGE") == ["page_view"]
    assert asked(field="event_type", q="') OR 1=1 --") == []
    assert asked(field="no such field") == []
    assert asked(field="path' FROM system.tables --") == []
    assert client.get("/suggest?site=nobody&field=path").get_json() == []


def test_a_note_is_kept_for_its_site_and_taken_away(store: Store, shop: Shop) -> None:
    made = annotate(store, "shop", "2026-11-10", "  price\nchange ")
    annotate(store, "other", "2026-11-10", "elsewhere")
    assert [(one.day, one.words) for one in notes_of(store, "shop")] == [(date(2026, 11, 10), "price change")]
    remove(store, "other", made.id)  # not of that site
    assert len(notes_of(store, "shop")) == 1
    remove(store, "shop", made.id)
    assert notes_of(store, "shop") == ()


@pytest.mark.parametrize(("day", "words"), [("10.11.", "x"), ("2026-11-10", "  "), ("2026-11-10", "x" * 201)])
def test_a_note_that_cannot_be_kept_is_refused(store: Store, day: str, words: str) -> None:
    with pytest.raises(ConfigError):
        annotate(store, "shop", day, words)


def test_a_note_is_seen_over_the_chart_of_its_days(client: Any, store: Store, shop: Shop) -> None:
    annotate(store, "shop", "2026-11-10", "<b>Spring sale with a long name</b>")
    shown = page(client, "/", "?site=shop")
    assert "‹b›Spring sale with a…" in shown
    assert "Spring sale" not in page(client, "/", "?site=shop&p=7d")
    (one,) = notes_of(store, "shop")
    assert lines([one])["shapes"][0]["x0"] == "2026-11-10"
    remove(store, "shop", one.id)


def test_a_query_says_what_it_cost(reader: Store, shop: Shop) -> None:
    asked = Computed(
        "paths", "", "SELECT count() AS n, sum(length(path)) AS long FROM events WHERE site_id = 'shop'"
    )
    (row,) = asked.rows(reader)
    once = asked.cost.rows
    assert once >= row["n"] > 0
    assert asked.cost.seconds > 0
    asked.rows(reader)
    assert asked.cost.rows == 2 * once


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        (
            "/",
            ["Query 1 of 2: lists", "Query 2 of 2: people", "Query 1 of 2: events", "Query 2 of 2: pages"],
        ),
        ("/live", ["Query 1 of 2: counts", "Query 2 of 2: bots"]),
        ("/sites", ["Query 1 of 2: received", "Query 2 of 2: happened"]),
        ("/failed", []),
        ("/people", []),
        ("/campaigns", []),
        ("/goals", []),
    ],
)
def test_every_page_says_how_its_numbers_were_computed(
    client: Any, shop: Shop, store: Store, path: str, queries: list[str]
) -> None:
    refuse(store, "late", NOW)
    shown = page(client, path, "?site=shop&lang=en")
    for words in ("How is this computed?", "It read ", "Parameters", "Copy SQL", "SELECT", *queries):
        assert words in shown, words


@pytest.mark.parametrize(
    ("path", "search", "title", "kept"),
    [
        ("/visitor", "property=plan&f=country%3DDE", "This option of the page cannot be read", "f=country"),
        ("/campaigns", "by=nonsense&f=country%3DDE", "This page cannot be shown so", "f=country"),
        ("/campaigns", "by=source&f=colour%3Dred", "This filter cannot be read", "by=source"),
        ("/campaigns", "by=source&f=path~%5B", "This filter cannot be read", "by=source"),
    ],
)
def test_a_refusal_names_what_was_wrong_and_its_way_out_drops_only_that(
    client: Any, shop: Shop, path: str, search: str, title: str, kept: str
) -> None:
    shown = page(client, path, f"?site=shop&{search}")
    titles = (
        "This option of the page cannot be read",
        "This page cannot be shown so",
        "This filter cannot be read",
    )
    assert [one for one in titles if one in shown] == [title]
    out = f'"href":"{path}?site=shop&{kept}'
    assert any(part.startswith(out) for part in re.findall(r'"href":"[^"]*"', shown.replace('": "', '":"')))


@pytest.mark.parametrize(
    "path", ["/", "/live", "/funnel", "/churn", "/content", "/goals", "/people", "/visitor"]
)
def test_a_page_of_a_site_without_events_hands_out_the_tag(
    client: Any, store: Store, shop: Shop, path: str
) -> None:
    put_site(store, Site("mute", "mute.example"))
    assert "No events yet" in (shown := page(client, path, "?site=mute"))
    assert "data-site" in shown or "t.js" in shown
    assert "No events yet" not in page(client, path, "?site=shop&start=2020-01-01&end=2020-01-02")
