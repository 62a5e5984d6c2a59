"""The page of churn risk in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from clicktrail.settings import Settings
from crm.activity import day_number
from dashboards.annotations import annotate
from dashboards.reports.churn.cards import Bins
from dashboards.reports.churn.options import ChurnOptions
from dashboards.reports.churn.query import churn
from dashboards.reports.churn.records import Churn
from dashboards.reports.churn.score import score
from schemas.objects import Site
from store.tables.client import Store, open_store
from tests.browser.test_dashboard import (
    AXE,
    CHROMIUM,
    MS,
    PHONE,
    WIDE,
    Watched,
    broken,
    chromium,
    opened,
    served,
    windows,
)
from tests.conftest import TABLES
from tests.dashboards.leavers import write_visits
from tests.dashboards.shop import Shop, click
from tests.unit.crm.sites import shop

__all__ = ["chromium", "opened", "windows"]  # fixtures

NOW = datetime.now(timezone.utc)
SITE = Site("leavers", "leavers.example", timezone="Europe/Vienna")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("CI") != "true",
        reason="no /usr/bin/chromium on this machine",
    ),
]


@pytest.fixture(scope="module")
def written(_migrated_store: Store) -> Store:
    """4,000 people of the last half year, and the forecast of visits."""
    for table in TABLES:
        _migrated_store.command(f"TRUNCATE TABLE {table}")
    made = shop(4_000, 182, seed=11)
    moved = made.day - made.day.max() + day_number(NOW.date())
    write_visits(_migrated_store, SITE, type(made)(made.names, made.person, moved, made.value), hour=0)
    click(_migrated_store, Shop(SITE, NOW), "seen", NOW - timedelta(minutes=5), event_type="ping")
    few = shop(40, 60, seed=3)
    moved = few.day - few.day.max() + day_number(NOW.date())
    write_visits(_migrated_store, Site("few"), type(few)(few.names, few.person, moved, few.value), hour=0)
    click(_migrated_store, Shop(Site("few"), NOW), "here", NOW - timedelta(minutes=5), event_type="ping")
    score(_migrated_store, SITE, now=NOW)
    return _migrated_store


@pytest.fixture(scope="module")
def base(written: Store, store_settings: Settings) -> Iterator[str]:
    reader = open_store(store_settings, role="reader")
    with served(reader, lambda: written, store_settings) as address:
        yield address
    reader.close()


@pytest.fixture(scope="module")
def report(written: Store) -> Churn:
    return churn(written, SITE, ChurnOptions(), now=datetime.now(timezone.utc))


def asked(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_page_shows_the_numbers_of_the_report(opened: Callable[..., Watched], report: Churn) -> None:
    page = opened().open("/churn?site=leavers&above=50")
    bins = Bins.of(report)
    reach = bins.reach(50)
    assert page.inner_text("[data-out=people]") == f"{reach.people:,}"
    assert page.inner_text("[data-out=hits]") == f"{reach.hits:,.0f}"
    names = [row.inner_text() for row in page.query_selector_all(".risks tbody th a")]
    assert names == [one.person_id for one in report.people]
    record = report.fitted.backtest
    assert record is not None
    assert f"{record.overall.brier:.3f}" in page.inner_text("main")


def test_the_slider_moves_numbers_line_and_address_without_a_request(
    opened: Callable[..., Watched], report: Churn
) -> None:
    page = opened().open("/churn?site=leavers&above=50")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.focus("input[data-churn]")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    reach = Bins.of(report).reach(53)
    assert page.inner_text("[data-out=people]") == f"{reach.people:,}"
    assert page.inner_text("[data-out=misses]") == f"{reach.misses:,.0f}"
    assert page.inner_text("[data-out=risk]") == "from 53% up"
    assert "threshold 53%" in page.inner_text("#churn-where")
    fills = "[...document.querySelectorAll('#churn-where .point path')].map((bar) => bar.style.fill)"
    page.wait_for_function(f"{fills}[9] === {fills}[0] && {fills}[10] === {fills}[19]", timeout=MS)
    assert page.evaluate(f"{fills}[9] !== {fills}[10]"), "bars beyond the threshold have the colour of risk"
    assert asked(page)["above"] == ["53"]
    assert [url for url in requests if "/assets/favicon" not in url] == []
    assert "who=above%3A53" in page.get_attribute("a[data-who]", "href")
    page.click(".pick >> text=Value")
    page.wait_for_selector(".pick a.on:has-text('Value')", timeout=MS)
    assert asked(page)["above"] == ["53"], "links carry the threshold on"
    assert page.inner_text("[data-out=risk]") == "from 53% up"


def test_every_choice_is_an_address_and_the_back_button_leads_back(opened: Callable[..., Watched]) -> None:
    page = opened().open("/churn?site=leavers")
    page.click(".pick >> text=An order")
    page.wait_for_selector("th:has-text('Last order')", timeout=MS)
    page.click(".pick >> text=Medium")
    page.wait_for_selector(".pick a.on:has-text('Medium')", timeout=MS)
    assert {"High", "Low"}.isdisjoint(page.inner_text(".risks tbody").split())
    page.click(".pages >> text=Next")
    page.wait_for_selector(".pages >> text=26–50 of", timeout=MS)
    assert asked(page) == {"site": ["leavers"], "primary": ["order"], "band": ["medium"], "page": ["2"]}
    page.reload()
    page.wait_for_selector(".pages >> text=26–50 of", timeout=MS)
    page.go_back()
    page.wait_for_selector(".pages >> text=1–25 of", timeout=MS)
    page.go_back()
    page.go_back()
    page.wait_for_selector("th:has-text('Last visit')", timeout=MS)
    page.click("summary.btn:has-text('Now')")
    day = (NOW - timedelta(days=20)).date().isoformat()
    page.fill("input[name=as-of]", day)
    page.click("form:has(input[name=as-of]) button")
    page.wait_for_selector(f"summary.btn:has-text('{day}')", timeout=MS)
    assert asked(page)["as-of"] == [day]


def test_the_card_of_a_visitor_shows_interval_and_history_with_the_notes(
    opened: Callable[..., Watched], written: Store, report: Churn
) -> None:
    days = [(NOW - timedelta(days=back)).date().isoformat() for back in (6, 4)]
    score(written, SITE, now=NOW, primaries=("visit",), as_of=days[0])
    annotate(written, SITE.id, days[1], "New prices")
    person = next(one for one in report.people if one.known.silence > 6)
    click(
        written,
        Shop(SITE, NOW),
        "here",
        NOW - timedelta(days=9),
        event_type="ping",
        visitor_id=person.person_id,
    )
    watched = opened()
    page = watched.open(f"/visitor?site=leavers&id={person.person_id}")
    page.wait_for_selector("#churn-history .main-svg", timeout=MS)
    assert person.bounds is not None
    low, high = (f"{100 * end:.0f}" for end in person.bounds)
    assert f"likely {low}–{high}%" in page.inner_text("main")
    assert "New prices" in page.inner_text("#churn-history")
    watched.check()


@pytest.mark.parametrize(
    ("lang", "theme", "size"), [("zh", "dark", WIDE), ("en", "dark", PHONE), ("zh", "light", PHONE)]
)
def test_it_opens_in_both_languages_themes_and_on_a_phone(
    opened: Callable[..., Watched], lang: str, theme: str, size: tuple[int, int]
) -> None:
    watched = opened(size, theme)
    page = watched.open(f"/churn?site=leavers&lang={lang}")
    assert ("我们有多准" if lang == "zh" else "How right were we") in page.inner_text("main")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    watched.check()
    page = watched.open(f"/churn?site=few&lang={lang}")
    assert ("只列事实" if lang == "zh" else "Facts instead of percentages") in page.inner_text("main")


@pytest.mark.skipif(
    not AXE.exists() and os.environ.get("CI") != "true", reason="no axe-core: run `make browser-tools`"
)
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_page_breaks_no_rule_of_accessibility(
    opened: Callable[..., Watched], size: tuple[int, int]
) -> None:
    watched, source = opened(size), AXE.read_text(encoding="utf-8")
    for address in ("/churn?site=leavers", "/churn?site=few", "/churn?site=leavers&horizon=x"):
        page = watched.open(address)
        page.evaluate(source)
        assert broken(page, only=["target-size"]) == [], address
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert broken(page, but="target-size") == [], address
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert broken(page, only=["color-contrast"]) == [], address
