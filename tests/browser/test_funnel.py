"""The funnel's page in a real Chromium, on a shop known by heart."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from dashboards.reports.funnel.saved import saved
from schemas.objects import Site
from store.objects import put_site
from store.tables.client import Store
from tests.browser.watched import MS, at_each_size, check_accessible, in_each_look, needs_axe
from tests.dashboards.funnel_shop import STEPS, FunnelShop, open_funnel_shop


@pytest.fixture(scope="module", autouse=True)
def cups(tables: Store) -> FunnelShop:
    put_site(tables, Site("mute", "mute.example"))
    return open_funnel_shop(tables, "cups")


def at(**own: Any) -> str:
    return "/funnel?" + urlencode({"site": "cups", **own}, doseq=True)


def steps_of(page: Any) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("step", [])


def counts_of(page: Any) -> list[str]:
    page.wait_for_selector(".fn-cols", timeout=MS)
    return [
        re.split(r" (?:people )?", one.inner_text())[0] for one in page.query_selector_all(".fn-big + div")
    ]


@in_each_look
def test_the_page_in_both_languages_and_themes(
    opened: Any,
    lang: str,
    theme: str,
    size: tuple[int, int],
) -> None:
    watched = opened(size, theme)
    page = watched.open(at(step=STEPS, lang=lang))
    words = {
        "en": "18 in 100 make it from “Viewed a page” to “Ordered”. The widest leak is after step 1: 40 left",
        "zh": "从“浏览页面”到“下单”的完成率：每 100 中 18。流失最多的是第 1 步之后：40 离开",
    }
    assert words[lang] in page.inner_text(".sub")
    assert page.inner_text(".fn-big >> nth=0") == "110"
    assert page.inner_text(".fn-big >> nth=3") == "18.2%"
    height = page.eval_on_selector(".fn-bar >> nth=1", "one => one.style.getPropertyValue('--h')")
    assert height == "54.55%"
    assert page.locator(".fn-groups tbody tr").count() == 2
    watched.keep("funnel")
    if lang == "en":
        assert page.title() == "Funnel · Clicktrail"
        assert "clear difference: worse" in page.inner_text(".fn-groups tbody tr:has-text('WAP')")


def test_a_funnel_is_built_changed_and_undone_by_going_back(opened: Any) -> None:
    page = opened().open(at())
    page.click(".fn-offer >> nth=0")
    page.wait_for_selector(".fn-bar", timeout=MS)
    assert steps_of(page) == list(STEPS)

    page.click("[aria-label='Remove step 2: Viewed a product']")
    page.wait_for_selector(".fn-cols > li:nth-child(3):last-child", timeout=MS)
    assert "30 people" in page.inner_text(".fn-cols > li:nth-child(2)")
    page.click("summary:has-text('Edit step 3Ordered')")
    page.click("details[open] >> text=Move left")
    page.wait_for_selector("summary:has-text('Edit step 2Ordered')", timeout=MS)
    assert steps_of(page) == [STEPS[0], STEPS[3], STEPS[2]]
    page.go_back()
    page.wait_for_selector("summary:has-text('Edit step 3Ordered')", timeout=MS)

    page.click(".fn-steps > .menu > summary")
    page.click(".fn-quick a:has-text('Searched')")
    page.wait_for_selector(".fn-cols > li:nth-child(4)", timeout=MS)
    assert steps_of(page)[-1] == "event_type=search"
    page.click("summary:has-text('Edit step 4Searched')")
    form = ".fn-chip:has-text('Searched') form[data-as='step']"
    page.select_option(f"{form} [name=field]", "path")
    page.fill(f"{form} [name=value]", "/ord*")
    page.click(f"{form} button")
    page.wait_for_selector("summary:has-text('Edit step 4/ord*')", timeout=MS)
    assert steps_of(page) == [STEPS[0], STEPS[2], STEPS[3], "path=/ord*"]

    page.click("summary:has-text('Edit step 1Viewed a page')")
    chip = ".fn-chip:has-text('Viewed a page')"
    page.click(f"{chip} .fn-write summary")
    page.fill(f"{chip} .mono", "event_type=page_view & channel=wap")
    page.click(f"{chip} .fn-write button")
    page.wait_for_selector(".fn-big:text-is('40')", timeout=MS)
    assert steps_of(page)[0] == "event_type=page_view & channel=wap"
    page.reload()
    page.wait_for_selector(".fn-big:text-is('40')", timeout=MS)


def test_the_keyboard_is_enough_to_move_a_step(opened: Any) -> None:
    page = opened().open(at(step=STEPS))
    page.focus("summary:has-text('Edit step 2Viewed a product')")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Move right"
    page.keyboard.press("Enter")
    page.wait_for_selector("summary:has-text('Edit step 3Viewed a product')", timeout=MS)
    assert steps_of(page) == [STEPS[0], STEPS[2], STEPS[1], STEPS[3]]


def test_every_rule_has_its_control(opened: Any) -> None:
    page = opened().open(at(step=STEPS))

    def rule(label: str) -> None:
        page.click(f".fn-edit summary:has-text('{label}')")

    rule("Within 14 days")
    page.fill("input[name=window]", "soon")
    page.click("form:has(input[name=window]:not([type=hidden])) button")
    page.wait_for_selector("[role=alert] >> text=write minutes, hours, days or weeks", timeout=MS)
    assert page.query_selector(".fn-cols") is None
    page.click(".fn-edit summary:has-text('soon')")
    page.click(".opt:has-text('30 minutes')")
    page.wait_for_selector(".fn-cols", timeout=MS)
    assert "window=30m" in page.url

    rule("Exclude")
    page.select_option("select[name=before]", "2-4:")
    page.fill("form[data-as=exclude] [name=value]", "add_to_cart")
    page.click("form[data-as=exclude] button")
    page.wait_for_selector(".chip:has-text('Not between 2 and 4: Added to cart')", timeout=MS)
    page.wait_for_selector(".fn-cols > li:nth-child(3) .fn-big:text-is('0.0%')", timeout=MS)
    page.click("[aria-label^='Remove: Not between']")
    page.wait_for_selector(".fn-cols > li:nth-child(3) .fn-big:text-is('27.3%')", timeout=MS)

    rule("Hold constant")
    page.fill("input[name=hold]", "path")
    page.click("form:has(input[name=hold]:not([type=hidden])) button")
    page.wait_for_selector(".fn-cols > li:nth-child(2) .fn-big:text-is('0.0%')", timeout=MS)
    page.click("[aria-label='Remove: Same Page']")
    page.wait_for_selector(".fn-cols > li:nth-child(2) .fn-big:text-is('54.5%')", timeout=MS)
    rule("People")
    page.click(".opt:has-text('Visitors (devices)')")
    page.wait_for_selector("text=visitors entered", timeout=MS)
    page.click("summary:has-text('Edit step 2')")
    page.click("details[open] >> text=Optional: counts, never blocks")
    page.wait_for_selector(".fn-bar.maybe", timeout=MS)
    rule("In this order")
    page.click(".opt:has-text('Each step by itself')")
    page.wait_for_selector("text=did at least one of these steps", timeout=MS)
    assert page.query_selector(".fn-groups") is None
    assert parse_qs(urlsplit(page.url).query)["open"] == ["true"]
    assert "optional" not in page.url


def test_the_cards_below_and_the_way_to_the_people(opened: Any) -> None:
    page = opened().open(at(step=STEPS))
    page.click(".seg a:has-text('Country')")
    page.wait_for_selector(".fn-groups th:has-text('Kenya')", timeout=MS)
    page.click(".seg a:text-is('Step 2')")
    page.wait_for_selector("text=30 people left after “Viewed a product”", timeout=MS)
    page.click(".seg a:text-is('Page')")
    page.wait_for_selector(".bars th:has-text('/help')", timeout=MS)
    page.click(".seg a:text-is('Week')")
    page.wait_for_function("location.search.includes('trend=week')", timeout=MS)
    page.wait_for_selector("#funnel-trend .main-svg", timeout=MS)
    left = page.get_attribute(".fn-left >> nth=1", "href")
    assert left is not None
    asked = parse_qs(urlsplit(left).query)
    assert (asked["from"], asked["who"], asked["step"]) == (["funnel"], ["left-2"], list(STEPS))
    page.click("summary:has-text('Other field')")
    page.fill("input[name=breakdown]:not([type=hidden])", "colour")
    page.click("form:has(input[name=breakdown]:not([type=hidden])) button")
    page.wait_for_selector("[role=alert] >> text=unknown field", timeout=MS)
    assert counts_of(page)[1] == "60", "the steps stand"


def test_a_funnel_is_saved_opened_renamed_and_deleted(opened: Any, tables: Store) -> None:
    page = opened().open(at(step=STEPS[:2]))
    page.click("summary[aria-label^='Saved funnels']")
    page.fill(".fn-saved form:has-text('Save this funnel') [name=name]", "To <b>a product</b>")
    page.click("text=Save this funnel")
    page.wait_for_selector("summary[aria-label='Saved funnels: To <b>a product</b>']", timeout=MS)
    page.goto(page.url.split("/funnel")[0] + at())
    page.click(".fn-offer:has-text('To <b>a product</b>')")
    page.wait_for_selector(".fn-bar", timeout=MS)
    assert steps_of(page) == list(STEPS[:2])
    page.click("summary[aria-label^='Saved funnels']")
    page.click("summary[aria-label^='Rename']")
    page.fill(".fn-rename [name=name]", "Second")
    page.click(".fn-rename button")
    page.wait_for_selector("summary[aria-label='Saved funnels: Second']", timeout=MS)
    page.click("summary[aria-label^='Saved funnels']")
    page.click("[aria-label='Delete Second']")
    page.wait_for_selector("summary[aria-label='Saved funnels: Saved']", timeout=MS)
    assert saved(tables, "cups") == ()


STATES = (
    at(step=STEPS, optional="3", exclude="1-2:path=/help", hold="os", breakdown="path", trend="never"),
    at(), at(step=["path=/no", "path=/none"], unit="session"),
    at(step=["colour=1", "path~("], window="x", exclude="9-1:path=/", hold="nothing", lang="zh"),
)  # fmt: skip
"""The states of the page that differ in their parts."""


@needs_axe
@at_each_size
def test_no_state_breaks_a_rule_of_accessibility(opened: Any, size: tuple[int, int]) -> None:
    check_accessible(opened(size), *STATES)
