"""The pages of a visitor and of people in a real Chromium, on a real store with known data."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from schemas.objects import Site
from store.tables.client import Store
from tests.browser.watched import MS, broken, in_each_look, needs_axe
from tests.dashboards.one_person import NOW, open_tea


@pytest.fixture(scope="module", autouse=True)
def tea(tables: Store) -> Site:
    """Anna's history, up to now."""
    return open_tea(tables, shift=datetime.now(timezone.utc).replace(microsecond=0) - NOW)


@needs_axe
@in_each_look
def test_both_pages_in_both_languages_themes_and_sizes(
    opened: Any,
    lang: str,
    theme: str,
    size: tuple[int, int],
) -> None:
    watched = opened(size, theme)
    words = {
        "/visitor?id=anna": ("Known by log-in", "通过登录识别"),
        "/visitor?property=plan%3Dgold&p=90d": ("2 people fit", "2 人匹配"),
        "/people?p=90d": ("3 people", "3 人"),
        "/people?sort=name": ("cannot be shown so", "无法这样显示"),
    }
    names = {"/visitor?id=anna": "visitor", "/people?p=90d": "people"}
    for address, said in words.items():
        page = watched.open(f"{address}&site=tea&lang={lang}")
        assert said[lang == "zh"] in page.inner_text(".page"), address
        watched.check()
        assert broken(page) == [], address
        if address in names:
            watched.keep(names[address])


def test_from_the_list_to_a_person_and_back(opened: Any) -> None:
    page = opened().open("/people?site=tea&p=90d")
    assert [row.inner_text() for row in page.query_selector_all("tbody th")][-1].strip() == "anna"
    page.click("thead a:has-text('Sessions')")
    page.wait_for_selector("th[aria-sort=descending]:has-text('Sessions')", timeout=MS)
    assert page.inner_text("tbody th >> nth=0").strip() == "anna"
    page.click("tbody th a >> nth=0")
    page.wait_for_selector(".who-name:text-is('anna')", timeout=MS)
    assert page.inner_text(".stats .stat-v >> nth=0") == "€80"
    assert "on" in page.get_attribute(".side a[href^='/people']", "class").split()
    page.go_back()
    page.wait_for_selector("th[aria-sort=descending]:has-text('Sessions')", timeout=MS)
    page.click(".foot a:has-text('Put them in')")
    page.wait_for_selector(".foot:has-text('The files hold')", timeout=MS)
    assert parse_qs(urlsplit(page.url).query)["daily"] == ["with"]


def test_search_channel_and_raw_event(opened: Any) -> None:
    page = opened().open("/visitor?site=tea")
    page.fill("input[name=user]", "anna")
    page.press("input[name=user]", "Enter")
    page.wait_for_selector(".who-name:text-is('anna')", timeout=MS)
    page.click(".seg a:has-text('Call centre 2')")
    page.wait_for_selector(".seg a.on:has-text('Call centre')", timeout=MS)
    assert len(page.query_selector_all(".step")) == 2
    page.click(".step button >> nth=1")
    page.wait_for_selector("#visitor-event pre:has-text('asked for a cup')", timeout=MS)
    assert "no longer holds the request" in page.inner_text("#visitor-event")
    page.reload()
    page.wait_for_selector(".seg a.on:has-text('Call centre')", timeout=MS)
    page.fill(".finder .find", "browser-1")
    page.press(".finder .find", "Enter")
    page.wait_for_selector(".seg a.on:has-text('All 16')", timeout=MS)


def test_a_join_is_undone_after_a_question(opened: Any) -> None:
    page = opened().open("/visitor?site=tea&id=anna")
    page.click("summary:has-text('Undo') >> nth=1")
    page.wait_for_selector(".ask:visible:has-text('wap-1 and anna')", timeout=MS)
    page.click(".ask:visible button:has-text('Take apart')")
    page.wait_for_selector("#visitor-unlinked:has-text('wap-1 and anna are two people now.')", timeout=60_000)
    page.click("#visitor-unlinked button")
    page.wait_for_selector(".seg a.on:has-text('All 12')", timeout=MS)
    assert "2 ids" in page.inner_text(".person")


def test_a_number_of_the_overview_leads_to_its_people(opened: Any) -> None:
    page = opened().open("/?site=tea&p=90d")
    page.click("tr:has-text('Germany') a.behind >> nth=0")
    page.wait_for_selector("h1:text-is('People')", timeout=MS)
    assert "Germany" in page.inner_text(".chips")
    assert "3 people" in page.inner_text(".sub")
    page.go_back()
    page.wait_for_selector(".kpi .over a", timeout=MS)
    page.click(".kpi .over a")
    page.wait_for_selector("h1:text-is('People')", timeout=MS)
