"""The retention page in a real Chromium, on people who come back by rule."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from store.tables.client import Store
from tests.browser.watched import MS, at_each_size, check_accessible, in_each_look, needs_axe
from tests.dashboards.club import PEOPLE, ZONE, back, open_club

NOW = datetime.now(timezone.utc)
ALL = "/retention?site=club&p=90d"
WEEK_1 = f"{100 * sum(back(person, 1) for person in range(PEOPLE)) / PEOPLE:.1f}"


@pytest.fixture(scope="module", autouse=True)
def club(tables: Store) -> None:
    open_club(tables, "club", NOW)


@in_each_look
def test_it_opens_with_the_known_numbers(opened: Any, lang: str, theme: str, size: Any) -> None:
    watched = opened(size, theme)
    page = watched.open(f"{ALL}&lang={lang}")
    said = "55 in 100 came back in the week after" if lang == "en" else "每 100 人有 55 人在次周回访"
    assert said in page.inner_text(".sub")
    mean = page.query_selector_all(".heat tr.mean td")
    assert [cell.inner_text() for cell in mean[1:3]] == ["100%", WEEK_1]
    row = page.query_selector(".heat tbody tr:nth-child(2)")
    assert f"{100 * 22 / PEOPLE:.1f}" in row.inner_text()
    assert page.query_selector(".heat td.open") is not None
    assert page.query_selector_all(".dash-graph .main-svg")
    watched.check()
    watched.keep("retention")
    watched.open(f"{ALL}&tab=lifecycle&lang={lang}")
    watched.keep("lifecycle")


def test_each_control_does_what_it_says_and_the_address_holds_it(opened: Any) -> None:
    page = opened().open(ALL)
    page.click(".seg a:text-is('Any visit')")
    page.wait_for_selector(".sub:has-text('each counted once a period')", timeout=MS)
    page.click(".seg a:text-is('Then or later')")
    page.wait_for_selector(".sub:has-text('or later')", timeout=MS)
    page.click(".seg a:text-is('Month')")
    page.wait_for_selector(".heat th:text-is('Month')", timeout=MS)
    page.click(".seg a:text-is('Money')")
    page.wait_for_selector("h2:text-is('Cohorts, % of money retained')", timeout=MS)
    query = parse_qs(urlsplit(page.url).query)
    assert {name: query[name] for name in ("period", "started", "return", "show")} == {
        "period": ["month"], "started": ["recurring"], "return": ["on_or_after"], "show": ["money"],
    }  # fmt: skip
    page.reload()
    page.wait_for_selector(".seg a.on:text-is('Money')", timeout=MS)
    page.go_back()
    page.wait_for_selector(".seg a.on:text-is('People')", timeout=MS)
    page.click("summary:has-text('Channel')")
    page.click("a.opt:has(span:text-is('Source'))")
    page.wait_for_selector("h2:has-text('by source at the start')", timeout=MS)
    assert page.query_selector(".by tr:has-text('google')") is not None


def test_a_condition_is_chosen_from_the_data_and_taken_back(opened: Any) -> None:
    page = opened().open(ALL)
    page.click("summary:has-text('Comes back for')")
    form = "form[data-as=return-condition]"
    page.select_option(f"{form} select[name=field]", "event_type")
    page.fill(f"{form} input[name=value]", "ord")
    page.wait_for_selector("#suggested option[value=order]", state="attached", timeout=MS)
    page.fill(f"{form} input[name=value]", "order")
    page.click(f"{form} button")
    page.wait_for_selector(".sub:has-text('met “event_type=order”')", timeout=MS)
    page.click("summary:has-text('Comes back for')")
    page.fill("input.in[name=return-condition]", "path=/nowhere")
    page.press("input.in[name=return-condition]", "Enter")
    page.wait_for_selector(".sub:has-text('none met “path=/nowhere”')", timeout=MS)
    page.click("summary:has-text('Comes back for')")
    page.click("a.opt:has-text('any visit')")
    page.wait_for_selector(".sub:has-text('came back')", timeout=MS)
    assert "condition" not in page.url


def test_a_cell_opens_its_people_and_a_cohort_can_be_looked_at(opened: Any) -> None:
    page = opened().open(ALL)
    page.click(".heat tbody tr:nth-child(3) th a")
    page.wait_for_selector(".heat tr.on:nth-child(3)", timeout=MS)
    start = parse_qs(urlsplit(page.url).query)["cohort"][0]
    page.wait_for_selector("tr:has-text('Week 1') td:has-text('55.0%')", timeout=MS)
    titled = page.get_attribute(".heat tbody tr:nth-child(3) td:nth-child(4) a", "title")
    assert titled.startswith(f"Week 1: 22 of {PEOPLE} people, 55.0% (95%: 39.8–69.3%)")
    page.click(".heat tbody tr:nth-child(3) td:nth-child(4) a")
    page.wait_for_url("**/people?**", timeout=MS)
    query = parse_qs(urlsplit(page.url).query)
    assert (query["from"], query["who"]) == (["retention"], [f"back.1.{start}"])
    page.go_back()
    page.wait_for_selector(".heat", timeout=MS)
    gone = page.get_attribute("tr:has-text('Week 1') td:nth-child(4) a", "href")
    assert f"gone.1.{start}" in gone


def test_the_lifecycle_is_the_other_tab(opened: Any) -> None:
    page = opened().open(ALL)
    page.click(".seg a:text-is('Lifecycle')")
    page.wait_for_selector("h2:text-is('Week by week')", timeout=MS)
    page.wait_for_selector(".dash-graph .barlayer path", state="attached", timeout=MS)
    assert f"{PEOPLE} new" in page.inner_text(".sub")
    assert f"life.new.{_monday(1)}" in page.get_attribute("tr:nth-child(2) td:nth-child(3) a", "href")
    page.click(".seg a:text-is('Month')")
    page.wait_for_selector("h2:text-is('Month by month')", timeout=MS)
    page.go_back()
    page.go_back()
    page.wait_for_selector(".heat", timeout=MS)


def _monday(weeks: int) -> str:
    today = NOW.astimezone(ZoneInfo(ZONE)).date()
    return (today - timedelta(days=today.weekday(), weeks=weeks)).isoformat()


def test_a_question_that_cannot_be_read_is_told_with_a_way_out(opened: Any) -> None:
    page = opened().open(f"{ALL}&period=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert "This question cannot be answered" in page.inner_text("[role=alert]")
    assert page.query_selector("main img") is None
    page.click("text=Start anew")
    page.wait_for_selector(".heat", timeout=MS)


@needs_axe
@at_each_size
def test_it_breaks_no_rule_of_accessibility(opened: Any, size: Any) -> None:
    states = (ALL, f"{ALL}&tab=lifecycle", "/retention?site=club&p=7d&lang=zh", f"{ALL}&period=year")
    check_accessible(opened(size), *states)
