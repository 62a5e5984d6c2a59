"""Campaigns, content and goals in a real Chromium, on a store with known data."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboards.goals import Goal, goals, put_goal
from store.tables.client import Store
from tests.browser.watched import MS, PHONE, at_each_size, check_accessible, in_each_look, needs_axe
from tests.dashboards.shop import ODD_PATH, Shop, click, open_shop

LEFT = """Math.min(...[...document.querySelectorAll('.pop')]
    .filter((one) => one.offsetParent).map((one) => one.getBoundingClientRect().left))"""
"""How far the open menus are from the left edge of the window."""


@pytest.fixture(scope="module", autouse=True)
def shop(tables: Store) -> Shop:
    """The small shop, with three searches, a form, a download and a product more."""
    made = open_shop(tables, "hats")
    start = made.now - timedelta(days=2, hours=1)
    for number, more in enumerate(
        (
            {"event_type": "search", "search_term": "top hat", "properties": '{"results":0}'},
            {"event_type": "search", "search_term": "beret", "properties": '{"results":3}'},
            {"event_type": "search", "search_term": "beret", "properties": '{"results":3}'},
            {"event_type": "form", "target": "newsletter"},
            {"event_type": "product_view", "target": "H-1", "properties": '{"name":"Bowler"}'},
        )
    ):
        click(
            tables,
            made,
            f"more-{number}",
            start + timedelta(seconds=number),
            visitor_id="v1",
            path="/about",
            **more,
        )
    return made


def column(page: Any, label: str) -> list[str]:
    """The cells of a column, from the top."""
    cells = page.query_selector_all(f'td[data-label="{label}"]')
    return [cell.inner_text().split("\n")[0] for cell in cells]


def names(page: Any) -> list[str]:
    return [cell.inner_text().split("\n")[0] for cell in page.query_selector_all(".lists th[scope=row]")]


@in_each_look
def test_each_page_opens_in_both_languages_and_themes(
    opened: Any,
    shop: Shop,
    lang: str,
    theme: str,
    size: tuple[int, int],
) -> None:
    watched = opened(size, theme)
    words = {
        "/campaigns?": ("Sessions over time", "会话趋势"),
        "/content?list=search&": ("Found nothing", "无结果"),
        "/goals?": ("New goal", "新目标"),
    }
    for path, said in words.items():
        page = watched.open(f"{path}site=hats&lang={lang}")
        assert said[lang == "zh"] in page.inner_text("main") + page.content()
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        watched.check()
        watched.keep(urlsplit(path).path.strip("/"))


def test_campaigns_show_known_numbers_and_each_control_does_what_it_says(
    opened: Any,
    shop: Shop,
    tables: Store,
) -> None:
    put_goal(tables, "hats", Goal("hats-seen", "Saw hats", "path=/hats"))
    page = opened().open("/campaigns?site=hats")
    assert (names(page), column(page, "Sessions")) == (["Direct", "google"], ["6", "6"])
    assert column(page, "Engaged") == ["50.0%", "100.0%"]
    assert column(page, "Converted") == ["0", "0"]
    page.click("summary:has-text('Goal:')")
    page.click(".opt:has-text('Saw hats')")
    page.wait_for_selector("td[data-label=Converted] a:text-is('6')", timeout=MS)
    page.click("th a.sort:has-text('Engaged')")
    page.wait_for_selector("th[aria-sort=descending]:has-text('Engaged')", timeout=MS)
    assert names(page) == ["google", "Direct"]
    page.click("th a.sort:has-text('Engaged')")
    page.wait_for_selector("th[aria-sort=ascending]:has-text('Engaged')", timeout=MS)
    assert names(page) == ["Direct", "google"]
    page.click(".seg a:has-text('Campaigns')")
    page.wait_for_selector("th[scope=row] >> text=winter", timeout=MS)
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["by"], asked["goal"], asked["sort"]) == (["campaign"], ["hats-seen"], ["engaged:up"])
    page.reload()
    page.wait_for_selector("th[scope=row] >> text=winter", timeout=MS)
    page.click("th[scope=row] >> text=winter")
    page.wait_for_selector(".chip.on:has-text('winter')", timeout=MS)
    assert page.inner_text(".kpi-v >> nth=0") == "2"
    page.go_back()
    page.wait_for_selector(".chip.on", state="detached", timeout=MS)
    href = page.get_attribute("td.who a >> nth=0", "href")
    assert {"from": ["campaigns"], "by": ["campaign"]}.items() <= parse_qs(urlsplit(href).query).items()


def test_content_lists_are_searched_ordered_and_taken_along(opened: Any, shop: Shop) -> None:
    page = opened().open("/content?site=hats")
    assert names(page) == ["/", ODD_PATH, "/hats"]
    assert column(page, "Views")[:3] == ["12", "12", "12"]
    page.fill("input[type=search]", "HAT")
    page.press("input[type=search]", "Enter")
    page.wait_for_selector(".lists tbody tr:only-child >> text=/hats", timeout=MS)
    with page.expect_download() as taken:
        page.click("a[download]:has-text('CSV')")
    assert taken.value.path().read_text().splitlines()[1].startswith("/hats,12,")
    page.click(".seg a:has-text('Searches')")
    page.wait_for_selector("th[scope=row] >> text=top hat", timeout=MS)
    assert (names(page), column(page, "Found nothing")) == (["top hat", "beret"], ["1", "0"])
    page.click(".seg a:has-text('Products')")
    page.wait_for_selector("th[scope=row] >> text=Bowler", timeout=MS)
    page.click(".seg a:has-text('Errors')")
    page.wait_for_selector("text=Access logs bring 404 pages", timeout=MS)
    page.go_back()
    page.wait_for_selector("th[scope=row] >> text=Bowler", timeout=MS)


@pytest.mark.parametrize("path", ["/campaigns", "/content", "/goals"])
def test_an_open_menu_stays_inside_a_phone(opened: Any, shop: Shop, path: str) -> None:
    page = opened(PHONE).open(f"{path}?site=hats")
    menus = page.query_selector_all(".page details.menu > summary")
    assert len(menus) > 3
    for menu in menus:
        menu.click()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0, menu.inner_text()
        assert page.evaluate(LEFT) >= 0, menu.inner_text()
        page.keyboard.press("Escape")


def test_what_cannot_be_read_is_said_in_words(opened: Any, shop: Shop) -> None:
    watched = opened()
    for address in ("/campaigns?by=vh", "/campaigns?goal=x'--", "/content?list=x", "/content?sort=1;DROP"):
        page = watched.open(f"{address}&site=hats")
        said = page.inner_text("main [role=alert]")
        assert "choose" in said or "has no goal" in said
        assert "SELECT" not in said
    page.click("main [role=alert] a")
    page.wait_for_selector(".lists", timeout=MS)


def test_a_goal_is_tried_added_changed_and_removed(
    opened: Any,
    shop: Shop,
    tables: Store,
) -> None:
    page = opened().open("/goals?site=hats")
    page.select_option(".goal-form select[name=field]", "path")
    page.fill(".goal-form input[name=value]", "/hat*")
    page.wait_for_selector("#goal-preview:has-text('matched 12 events of 10 people')", timeout=MS)
    page.fill(".goal-form input[name=condition]", "colour=red")
    page.wait_for_selector("#goal-preview:has-text('unknown field')", timeout=MS)
    page.fill(".goal-form input[name=name]", "Hats")
    page.fill(".goal-form input[name=amount]", "2.50")
    page.click(".goal-form button")
    page.wait_for_selector("#goal-trouble:has-text('unknown field')", timeout=MS)
    page.fill(".goal-form input[name=condition]", "")
    page.click(".goal-form button")
    page.wait_for_selector(".goals th >> text=path=/hat*", timeout=MS)
    row = page.query_selector(".goals tr:has-text('path=/hat*')").inner_text()
    assert "12" in row
    assert "€30" in row
    assert "100.0%" in row
    page.click("a[title='Change Hats']")
    page.wait_for_selector("h2:has-text('Change Hats')", timeout=MS)
    assert page.input_value(".goal-form input[name=condition]") == "path=/hat*"
    page.fill(".goal-form input[name=name]", "Hats seen")
    page.click(".goal-form button")
    page.wait_for_selector(".goals th >> text=Hats seen", timeout=MS)
    assert Goal("hats", "Hats seen", "path=/hat*", Decimal("2.5")) in goals(tables, "hats")
    page.click("button[title='Remove Hats seen']")
    page.wait_for_selector(".goals th >> text=Hats seen", state="detached", timeout=MS)
    assert "hats" not in {goal.id for goal in goals(tables, "hats")}


@needs_axe
@at_each_size
def test_no_rule_of_accessibility_is_broken(
    opened: Any,
    shop: Shop,
    tables: Store,
    size: tuple[int, int],
) -> None:
    put_goal(tables, "hats", Goal("form", "Form", "event_type=form", Decimal(5)))
    addresses = (
        "/campaigns?",
        "/content?",
        "/content?list=forms&",
        "/content?list=errors&",
        "/goals?edit=form&",
    )
    check_accessible(opened(size), *(f"{address}site=hats" for address in addresses))
