"""The dashboard in a real Chromium, on a real store with known data."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from clicktrail.settings import Settings
from ingest.protocols.base import Source
from pipelines.writer import Writer
from schemas.envelope import Envelope
from schemas.objects import Site
from store.objects import put_site
from store.tables.client import Store, open_store
from store.tables.embedded.files import StoreFiles, held_lock
from tests.browser.watched import (
    MS,
    PHONE,
    WIDE,
    at_each_size,
    check_accessible,
    in_each_look,
    needs_axe,
    served,
    store_process,
)
from tests.dashboards.shop import ODD_PATH, Shop, click, open_shop

ACCESSIBLE = (
    "/?site=hats&f=country%3DDE", "/live?site=hats", "/sites?site=hats", "/failed?site=hats",
    "/failed?site=hats&start=2020-01-01&end=2020-01-02", "/?site=hats&f=colour%3Dred&lang=zh",
    "/?site=nobody", "/?site=mute", "/nowhere",
)  # fmt: skip
"""Every page and every state of a page."""


@pytest.fixture(scope="module", autouse=True)
def shop(tables: Store) -> Shop:
    put_site(tables, Site("mute", "mute.example"))
    return open_shop(tables, "hats")


@pytest.fixture(scope="module", autouse=True)
def refused(tables: Store, store_settings: Settings) -> None:
    """Two requests as the pipeline keeps them: one names a site that comes later, one is broken."""
    now = time.time_ns() // 1_000_000
    bodies = [b'{"site":"late","events":[{"event_type":"click","visitor_id":"v"}]}', b"<b>broken"]
    requests = [Source(Envelope(now, "native", body=b), f"log:0:0:{n}") for n, b in enumerate(bodies)]
    writer = Writer(store_settings)
    with writer.turn() as turn:
        assert writer.write(turn, "log0:0-1", requests).failed == 2


@in_each_look
def test_every_page_opens_in_both_languages_and_themes(
    opened: Any, shop: Shop, lang: str, theme: str, size: tuple[int, int]
) -> None:
    watched = opened(size, theme)
    words = {
        "/": ("10 visitors, 100% more", "10 位访客，比之前 30 天多 100%"),
        "/live": ("Happening now", "正在发生"),
        "/sites": ("First event received", "首个事件收到于"),
        "/failed": ("Why they failed", "失败原因"),
    }
    for path, said in words.items():
        page = watched.open(f"{path}?site=hats&lang={lang}")
        assert said[lang == "zh"] in page.inner_text(".page")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert page.evaluate("document.documentElement.lang") == ("zh-CN" if lang == "zh" else "en")
        watched.check()
        watched.keep(path.strip("/") or "overview")
    assert page.is_visible(".tabbar") == (size == PHONE)


def test_the_overview_shows_the_known_numbers_and_countries_by_name(opened: Any, shop: Shop) -> None:
    page = opened().open("/?site=hats")
    assert [tile.inner_text() for tile in page.query_selector_all(".kpi-v")] == [
        "10",
        "12",
        "36",
        "25.0%",
        "30 s",
    ]
    assert "Germany" in page.inner_text("main")
    assert page.query_selector(".trace.scatter") is not None


def test_period_filter_and_metric_make_a_round_trip_through_the_address(opened: Any, shop: Shop) -> None:
    page = opened().open("/?site=hats")
    page.click(".kpi >> nth=1 >> a")
    page.wait_for_selector(".kpi.on .kpi-l > a:has-text('Sessions')", timeout=MS)
    page.click("th >> text=Germany")
    page.wait_for_selector(".chip.on:has-text('Germany')", timeout=MS)
    page.click("summary.btn")
    page.fill("input[name=start]", "2026-01-01")
    page.fill("input[name=end]", datetime.now(timezone.utc).date().isoformat())
    page.click("form:has(input[name=start]) button")
    page.wait_for_selector("summary.btn:has-text('Own dates')", timeout=MS)
    query = parse_qs(urlsplit(page.url).query)
    assert query["metric"] == ["sessions"]
    assert query["f"] == ["country=DE"]
    assert (query["p"], query["start"]) == (["dates"], ["2026-01-01"])
    page.reload()
    page.wait_for_selector(".chip.on:has-text('Germany')", timeout=MS)
    assert page.inner_text(".kpi.on .kpi-l a") == "Sessions"
    page.go_back()
    page.wait_for_selector("summary.btn:has-text('Last 30 days')", timeout=MS)
    page.click(".chip.on .chip-x")
    page.wait_for_selector(".chip.on", state="detached", timeout=MS)


def test_a_filter_can_be_written_by_hand(opened: Any, shop: Shop) -> None:
    page = opened().open("/?site=hats")
    page.click("summary.chip")
    page.select_option("select[name=field]", "path")
    page.fill("input[name=value]", "/hat*")
    page.click("form:has(input[name=value]) button")
    page.wait_for_selector(".chip.on:has-text('/hat*')", timeout=MS)
    assert page.inner_text(".kpi-v") == "10"


def test_how_a_number_is_computed_opens_by_keyboard_and_escape_gives_the_focus_back(
    opened: Any, shop: Shop
) -> None:
    page = opened().open("/?site=hats")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus(".kpi .info")
    page.keyboard.press("Enter")
    page.wait_for_selector(".how:visible", timeout=MS)
    assert "FROM sessions" in page.inner_text(".how:visible pre")
    page.keyboard.press("Escape")
    assert page.query_selector("details.menu[open]") is None
    assert "info" in page.evaluate("document.activeElement.className")


def test_the_theme_flips_the_page_and_the_chart_without_a_request(opened: Any, shop: Shop) -> None:
    page = opened().open("/?site=hats")
    line = "document.querySelector('.js-line').style.stroke"
    before, asked = page.evaluate(line), []
    page.on("request", lambda request: asked.append(request.url))
    page.click(".side [data-act=theme]")
    page.wait_for_selector("html[data-theme=dark]", timeout=MS)
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(14, 16, 18)"
    page.wait_for_timeout(300)
    assert page.evaluate(line) != before
    assert asked == []
    page.evaluate("localStorage.clear()")


def test_a_new_event_appears_on_the_live_page_within_seconds(opened: Any, shop: Shop, tables: Store) -> None:
    page = opened().open("/live?site=hats")
    click(tables, shop, "fresh", datetime.now(timezone.utc), path="/just-now", title="<b>Now</b>")
    page.wait_for_selector("#live-ticker >> text=/just-now", timeout=3_000)
    assert "Kenya" in page.inner_text("#live-ticker .tick >> nth=0")
    page.wait_for_selector("#live-now .now:text-is('1')", timeout=5_000)
    page.wait_for_selector("time:has-text(' s')", timeout=5_000)


def test_a_site_can_be_added_and_shows_its_tag(opened: Any, shop: Shop, store_settings: Settings) -> None:
    page = opened().open("/sites?site=hats")
    page.fill("input[name=id]", "bad id")
    page.click("button[type=submit]:has-text('Add site')")
    page.wait_for_selector("#site-error-id:has-text('1 to 64 letters')", timeout=MS)
    page.fill("input[name=id]", "scarves")
    page.fill("input[name=domain]", "scarves.example")
    page.fill("input[name=timezone]", "Africa/Nairobi")
    page.press("input[name=timezone]", "Enter")
    page.wait_for_selector("pre:has-text('data-site=\"scarves\"')", timeout=MS)
    assert parse_qs(urlsplit(page.url).query)["site"] == ["scarves"]
    assert "Listening on http://127.0.0.1:8080" in page.inner_text("main")
    assert "scarves.example" in page.inner_text(".side")
    assert "scarves" in (store_settings.data / "sites.json").read_text()


def test_a_new_site_hears_its_first_event_by_itself_and_what_is_typed_meanwhile_stays(
    opened: Any, shop: Shop, tables: Store
) -> None:
    put_site(tables, Site("gloves", "gloves.example", "Europe/Vienna"))
    page = opened().open("/sites?site=gloves")
    status = "#site-status >> text=Listening on"
    page.wait_for_selector(status, timeout=MS)
    page.fill("input[name=domain]", "half-typed")
    gloves = Shop(Site("gloves"), shop.now)
    click(tables, gloves, "first", datetime.now(timezone.utc))
    page.wait_for_selector("#site-status >> text=First event received", timeout=MS)
    page.wait_for_selector("tr:has-text('gloves') >> text=First event received", timeout=MS)
    assert page.query_selector(status) is None
    assert page.input_value("input[name=domain]") == "half-typed"


def test_the_card_of_a_site_without_events_gives_way_to_the_numbers(
    opened: Any, shop: Shop, tables: Store
) -> None:
    put_site(tables, Site("socks", "socks.example"))
    page = opened().open("/?site=socks")
    page.wait_for_selector("text=No events yet", timeout=MS)
    click(tables, Shop(Site("socks"), shop.now), "first", datetime.now(timezone.utc))
    page.wait_for_selector(".kpis", timeout=MS)


def test_failed_events_are_shown_and_tried_again(opened: Any, shop: Shop, tables: Store) -> None:
    page = opened().open("/failed?site=hats")
    assert {"Unknown site", "Malformed"} <= set(page.inner_text("main").split("\n"))
    page.click("tr:has-text('neither an event') >> button")
    page.wait_for_selector("#failed-example pre:has-text('<b>broken')", timeout=MS)
    page.click("#failed-replay button")
    page.wait_for_selector("text=0 would become events", timeout=4 * MS)
    assert page.query_selector("#failed-replay .primary") is None, "nothing to replay"

    put_site(tables, Site("late"))
    page = opened().open("/failed?site=late")
    page.click("#failed-replay button")
    page.wait_for_selector("text=Of 2 failed events 1 would become events", timeout=4 * MS)
    assert not tables.rows("SELECT 1 FROM events WHERE site_id = 'late'"), "that was a dry run"
    page.click("#failed-replay .primary")
    page.wait_for_selector("text=Of 2 failed events 1 became events", timeout=4 * MS)
    assert tables.rows("SELECT event_type FROM events FINAL WHERE site_id = 'late'") == [
        {"event_type": "click"}
    ]
    page.click("text=Show what is left")
    page.wait_for_selector("tr:has-text('neither an event') >> text=tried 2 times", timeout=MS)
    assert "Unknown site" not in page.inner_text("tbody >> nth=0")


def test_markup_in_data_and_addresses_is_shown_as_text(opened: Any, shop: Shop) -> None:
    watched = opened()
    page = watched.open("/?site=hats")
    assert ODD_PATH in page.inner_text("main")
    evil = "<img src=x onerror=alert(1)>"
    page = watched.open(
        f"/?site={quote(evil)}&f={quote('path=' + evil)}&metric={quote(evil)}&theme={quote(evil)}"
    )
    assert evil in page.inner_text("main")
    assert page.query_selector("main img") is None
    assert re.search("metric in this link is unknown", page.inner_text("main"))


@needs_axe
@at_each_size
def test_no_page_breaks_a_rule_of_accessibility(opened: Any, shop: Shop, size: tuple[int, int]) -> None:
    check_accessible(opened(size), *ACCESSIBLE)


def test_a_store_that_was_killed_gives_a_card_and_try_again_brings_the_page_back(
    windows: Any, tmp_path: Path
) -> None:
    settings, page = Settings(data=tmp_path), windows(WIDE, "light").new_page()
    with held_lock(StoreFiles(tmp_path).supervisor_lock):  # so that only this test starts the store
        with store_process(tmp_path) as process:
            writer = open_store(settings)
            writer.migrate()
            open_shop(writer, "caps")
            reader = open_store(settings, role="reader", wait_s=0.5)
            process.kill()
            process.wait(timeout=20)
        with served(reader, lambda: writer, settings) as address:
            page.goto(f"{address}/?site=caps")
            page.wait_for_selector("[role=alert] >> text=Nothing is lost", timeout=MS)
            assert page.inner_text("main h2") == "This page could not load"
            with store_process(tmp_path):
                page.click("text=Try again")
                page.wait_for_selector(".kpi-v:text-is('10')", timeout=MS)
                assert page.query_selector("main [role=alert]") is None
    page.close()
    writer.close()
    reader.close()


def test_a_page_that_is_not_there_leads_home(opened: Any, shop: Shop) -> None:
    page = opened().open("/nowhere?site=hats")
    page.click("main a.btn")
    page.wait_for_selector(".kpi-v", timeout=MS)
    assert page.title() == "Overview · Clicktrail"
