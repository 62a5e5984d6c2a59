"""The pages as the browser gets them: callbacks posted to the server, on a real store."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from dashboards.app import create_app
from schemas.objects import Site
from store.objects import put_site, read_sites_file, sites
from store.tables.client import Store
from tests.dashboards.shop import ODD_PATH, Shop, click, open_shop, refuse

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
Page = Callable[..., str]


class AwayStore(Store):
    """A store that went away after the page was opened."""

    def __init__(self) -> None:
        pass

    def query(self, *args: Any, **kwargs: Any) -> Any:
        raise StoreError("127.0.0.1:9000 does not answer <b>", retryable=True)

    rows = query


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, collect_port=8123)


@pytest.fixture
def client(store: Store, reader: Store, settings: Settings) -> Any:
    return opened(reader, lambda: store, settings)


@pytest.fixture
def shop(store: Store) -> Shop:
    return open_shop(store, "shop", NOW)


def opened(reader: Store, writer: Callable[[], Store], settings: Settings) -> Any:
    made = create_app(reader, writer, settings, now=lambda: NOW).server.test_client()
    made.get("/")  # Dash registers its routing with the first request
    return made


def page(client: Any, path: str, search: str = "") -> str:
    """The text of a page's answer; parts of the tree stand in it as JSON."""
    said = client.post(
        "/_dash-update-component",
        json={
            "output": ".._pages_content.children..._pages_store.data..",
            "outputs": [
                {"id": "_pages_content", "property": "children"},
                {"id": "_pages_store", "property": "data"},
            ],
            "inputs": [
                {"id": "_pages_location", "property": "pathname", "value": path},
                {"id": "_pages_location", "property": "search", "value": search},
            ],
            "changedPropIds": ["_pages_location.search"],
            "state": [],
        },
    )
    assert said.status_code == 200, said.text
    return json.dumps(said.get_json(), ensure_ascii=False)


def test_the_overview_shows_the_numbers_of_the_period_and_of_the_one_before(client: Any, shop: Shop) -> None:
    shown = page(client, "/", "?site=shop")
    assert "10 visitors, 100% more than in the 30 days before." in shown
    for tile in ('"10"', '"12"', '"36"', '"25.0%"', '"30 s"', "from 5"):
        assert tile in shown
    assert "Bots, in no number above: 2 sessions, 6 events" in shown
    assert '"data-country": "DE"' in shown
    assert "4 of 12 sessions" in shown  # WAP
    assert "The period before is counted up to the same time, 21 Oct 2026 13:00." in shown


def test_where_only_bots_came_the_overview_says_so(client: Any, store: Store) -> None:
    quiet = Shop(Site("quiet", "quiet.example"), NOW)
    put_site(store, quiet.site)
    click(store, quiet, "robot", NOW - timedelta(hours=1), is_bot=True)
    shown = page(client, "/", "?site=quiet")
    assert "Only a bot came in these days: 1 event of it is left out." in shown
    assert "Bots, in no number above: 0 sessions, 1 event" in shown
    assert "Only a bot" not in page(client, "/", "?site=quiet&f=country%3DDE"), (
        "a filter may leave out humans"
    )


def test_a_filter_and_dates_in_the_address_hold(client: Any, shop: Shop) -> None:
    filtered = page(client, "/", "?site=shop&f=country%3DDE&cmp=none")
    assert "7 visitors and 24 page views." in filtered
    assert "Remove filter country=DE" in filtered
    before = page(client, "/", "?site=shop&p=dates&start=2026-10-01&end=2026-10-19")
    assert "5 visitors" in before
    assert "1 – 19 Oct" in before


def test_what_cannot_be_read_in_an_address_falls_back_and_says_so(client: Any, shop: Shop) -> None:
    shown = page(client, "/", "?site=shop&p=dates&start=31.12.&end=x&metric=%3Cb%3E&nonsense=1")
    assert "The dates in this link cannot be read" in shown
    assert "The metric in this link is unknown" in shown
    assert "10 visitors" in shown
    bad = page(client, "/", "?site=shop&f=colour%3Dred")
    assert "This filter cannot be read" in bad
    assert "unknown field 'colour'" in bad
    zh = page(client, "/", "?site=shop&lang=zh&f=colour%3Dred&f=page_views~1")
    assert "未知字段 'colour'" in zh
    zh = page(client, "/", "?site=shop&lang=zh&f=page_views~1")
    assert "条件 'page_views~1'：~ 只能用于文本字段，page_views 是数字" in zh
    assert "There is no site called “nobody”" in page(client, "/", "?site=nobody")


def test_every_page_is_whole_in_chinese(client: Any, shop: Shop) -> None:
    for path, words in (("/", "10 位访客"), ("/live", "正在发生"), ("/sites", "所有站点")):
        shown = page(client, path, "?site=shop&lang=zh")
        assert words in shown
        for english in ("Visitors", "Page views", "What changed", "Add a site", "Happening now"):
            assert english not in shown
    assert "概览 · Clicktrail" in page(client, "/", "?site=shop&lang=zh")


def test_a_store_that_is_away_gives_a_card_and_no_traceback(
    store: Store, shop: Shop, settings: Settings
) -> None:
    client = opened(AwayStore(), lambda: store, settings)
    for path in ("/", "/live", "/sites"):
        shown = page(client, path, "?site=shop")
        assert "Nothing is lost: events keep arriving and are kept in the log." in shown
        assert "Try again" in shown
        assert "Traceback" not in shown
    assert client.get("/download/overview/sources.csv?site=shop").status_code == 503


def test_a_site_without_events_shows_its_tag(client: Any, store: Store, shop: Shop) -> None:
    assert "No site yet" not in page(client, "/")
    store.command("TRUNCATE TABLE events")
    store.command("TRUNCATE TABLE sessions")
    shown = page(client, "/", "?site=shop")
    assert "Listening on http://127.0.0.1:8123 · nothing received yet" in shown
    assert '<script defer src=\\"http://127.0.0.1:8123/t.js\\" data-site=\\"shop\\"></script>' in shown


def test_without_any_site_every_page_leads_to_the_form(client: Any) -> None:
    for path in ("/", "/live", "/sites"):
        assert "No site yet" in page(client, path)


def test_live_counts_the_last_minutes_and_tells_what_happened(client: Any, store: Store, shop: Shop) -> None:
    click(store, shop, "one", NOW - timedelta(seconds=30))
    click(store, shop, "two", NOW - timedelta(minutes=12), event_type="search", search_term="hats & <b>")
    shown = page(client, "/live", "?site=shop")
    assert "visitor in the last 5 minutes" in shown
    assert "searched for " in shown
    assert "hats & <b>" in shown


def beat(client: Any, done: dict[str, Any], search: str = "?site=shop") -> dict[str, Any]:
    parts = ["live-now", "live-stats", "live-ticker", "live-pages", "live-sources", "live-channels"]
    outputs = [{"id": name, "property": "children"} for name in parts]
    outputs += [
        {"id": "live-bars", "property": "figure"},
        {"id": "live-trouble", "property": "children"},
        {"id": "live-done", "property": "data"},
    ]
    said = client.post(
        "/_dash-update-component",
        json={
            "output": ".." + "...".join(f"{o['id']}.{o['property']}" for o in outputs) + "..",
            "outputs": outputs,
            "inputs": [{"id": "live-beat", "property": "data", "value": 7}],
            "changedPropIds": ["live-beat.data"],
            "state": [
                {"id": "_pages_location", "property": "search", "value": search},
                {"id": "live-done", "property": "data", "value": done},
            ],
        },
    )
    assert said.status_code == 200, said.text
    return said.get_json()["response"]


def test_the_beat_sends_only_what_changed(client: Any, store: Store, shop: Shop) -> None:
    click(store, shop, "one", NOW - timedelta(seconds=30))
    first = beat(client, {"beat": 0, "seen": []})
    assert {"live-now", "live-ticker", "live-bars"} <= first.keys()
    done = first["live-done"]["data"]
    assert done["beat"] == 7
    again = beat(client, done)
    assert not {"live-now", "live-stats", "live-ticker", "live-pages", "live-bars"} & again.keys()
    click(store, shop, "two", NOW - timedelta(minutes=20))
    later = beat(client, done)
    assert {"live-stats", "live-ticker", "live-bars"} <= later.keys()
    assert "live-now" not in later


def add(client: Any, **fields: str) -> dict[str, Any]:
    names = ["site-error-id", "site-error-domain", "site-error-timezone", "site-error-all"]
    outputs = [{"id": name, "property": "children"} for name in names]
    outputs.append({"id": "site-go", "property": "data"})
    said = client.post(
        "/_dash-update-component",
        json={
            "output": ".." + "...".join(f"{o['id']}.{o['property']}" for o in outputs) + "..",
            "outputs": outputs,
            "inputs": [{"id": "site-form", "property": "data", "value": fields}],
            "changedPropIds": ["site-form.data"],
            "state": [{"id": "_pages_location", "property": "search", "value": "?site=shop"}],
        },
    )
    assert said.status_code == 200, said.text
    return said.get_json()["response"]


def test_adding_a_site_writes_it_to_the_store_and_for_the_collector(
    client: Any, store: Store, shop: Shop, settings: Settings
) -> None:
    said = add(client, id="blog", domain="https://www.Blog.example/start", timezone="Africa/Nairobi")
    assert said["site-go"]["data"] == "/sites?site=blog"
    blog = next(site for site in sites(store) if site.id == "blog")
    assert (blog.domain, blog.timezone) == ("www.blog.example", "Africa/Nairobi")
    assert [site.id for site in read_sites_file(settings.data / "sites.json")] == ["blog", "shop"]
    shown = page(client, "/sites", "?site=blog")
    assert '<img src=\\"http://127.0.0.1:8123/p.gif?site=blog\\"' in shown
    assert '<img src=\\"http://127.0.0.1:8123/w/blog?p=' in shown


@pytest.mark.parametrize(
    ("fields", "slot", "words"),
    [
        pytest.param({}, "id", "Give the site an id or a domain.", id="nothing"),
        pytest.param({"id": "a b"}, "id", "1 to 64 letters", id="a space in the id"),
        pytest.param({"id": "shop"}, "id", "is here already", id="an id that is taken"),
        pytest.param({"id": "x", "domain": "no domain"}, "domain", "This is not a domain", id="no domain"),
        pytest.param({"id": "x", "timezone": "Mars/Base"}, "timezone", "No time zone", id="no zone"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_nothing_is_written(
    client: Any, store: Store, shop: Shop, fields: dict[str, str], slot: str, words: str
) -> None:
    said = add(client, **fields)
    assert words in said[f"site-error-{slot}"]["children"]
    assert "site-go" not in said
    assert [site.id for site in sites(store)] == ["shop"]


def test_senders_without_a_site_are_shown_with_their_count(client: Any, store: Store, shop: Shop) -> None:
    refuse(store, "shpo", NOW - timedelta(minutes=5))
    shown = page(client, "/sites")
    assert "Senders without a site" in shown
    assert "shpo" in shown
    assert "1 hit" in shown
    assert "First event received" in shown


def test_a_list_can_be_taken_as_csv_and_runs_nothing_in_a_spreadsheet(
    client: Any, store: Store, shop: Shop
) -> None:
    click(store, shop, "x", NOW - timedelta(hours=1), path="=cmd()")
    answer = client.get("/download/overview/pages.csv?site=shop")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert rows[0] == ["path", "visitors", "page_views", "visitors_before"]
    assert ["/", "10", "12", "5"] in rows
    assert [ODD_PATH, "10", "12", "5"] in rows
    assert [row[0] for row in rows if "cmd" in row[0]] == ["'=cmd()"]
    assert client.get("/download/overview/nothing.csv?site=shop").status_code == 404
    assert client.get("/download/live/pages.csv").status_code == 404


def test_answers_say_what_the_browser_may_load_and_keep(client: Any) -> None:
    index = client.get("/")
    policy = index.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy.replace("https:", "")
    assert index.headers["X-Content-Type-Options"] == "nosniff"
    kept = client.get("/assets/plotly-basic.min.js?m=4.1.1", headers={"Accept-Encoding": "br"})
    assert "max-age=31536000" in kept.headers["Cache-Control"]
    assert kept.headers["Content-Encoding"] == "br"
    assert "plotly-basic" not in index.text.split("<body>")[1]  # loaded only with the first chart


def test_the_chart_bundle_is_the_version_that_the_figures_are_made_for(client: Any) -> None:
    from plotly.offline import get_plotlyjs_version

    head = client.get("/assets/plotly-basic.min.js").get_data()[:300].decode()
    assert f"v{get_plotlyjs_version()}" in head
