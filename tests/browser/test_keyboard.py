"""The keyboard alone, on every page: what can be used is reached, seen and works."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.app import PAGES
from store.tables.client import Store
from tests.browser.watched import MS
from tests.dashboards.shop import open_shop

LISTEN = """() => {
    const fields = 'input:enabled:not([type=hidden]),select,textarea';
    const all = `a[href],button:enabled,summary,${fields},[tabindex="0"]`;
    const shown = (one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
    const alone = (one) => one.type !== 'radio' || one.checked;
    const found = [...document.querySelectorAll(all)].filter((one) => shown(one) && alone(one));
    const look = (one) => { const s = getComputedStyle(one); return s.boxShadow + s.borderColor; };
    const before = new Map(found.map((one) => [one, look(one)]));
    const name = (one) => one.outerHTML.slice(0, 160);
    window.walked = { names: found.map(name), reached: [], bare: [] };
    document.addEventListener('focusin', (event) => {
        const one = event.target, at = found.indexOf(one);
        if (at < 0) return;
        const ring = [null, '::after'].some((part) => {  // of a tile's link the ring lies around the tile
            const style = getComputedStyle(one, part);
            return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        });
        if (!ring && look(one) === before.get(one)) walked.bare.push(name(one));
        walked.reached.push(at);
    });
    return found.length;
}"""
"""Notes each element that gets the focus: its place in the page, and whether that can be seen."""


@pytest.fixture(scope="module", autouse=True)
def shop(tables: Store) -> None:
    open_shop(tables, "hats")


@pytest.mark.parametrize(
    "address", [*(f"{page.path}?site=hats" for page in PAGES), "/visitor?site=hats&id=v1"]
)
def test_tab_reaches_everything_in_order_and_enter_opens_each_kind_of_menu(opened: Any, address: str) -> None:
    page = opened().open(address)
    count = page.evaluate(LISTEN)
    for _ in range(count):
        page.keyboard.press("Tab")
    walked = page.evaluate("walked")
    missed = [name for at, name in enumerate(walked["names"]) if at not in walked["reached"]]
    assert missed == []
    assert walked["reached"] == sorted(walked["reached"])
    assert walked["bare"] == []
    for kind in ("summary.site", ".tools .menu > summary", "summary.info", ".more > summary"):
        summary = page.locator(kind).and_(page.locator(":visible")).first
        if summary.count():
            _opens_and_closes(page, summary, escapes=kind != ".more > summary")


def _opens_and_closes(page: Any, summary: Any, *, escapes: bool) -> None:
    """Enter opens a menu, Escape closes it and gives the focus back; what is no menu closes by Space."""
    is_open = "one => one.parentElement.open"
    summary.focus()
    page.keyboard.press("Enter")
    assert summary.evaluate(is_open)
    page.keyboard.press("Escape" if escapes else "Space")
    assert not summary.evaluate(is_open)
    assert summary.evaluate("one => document.activeElement === one")


def test_period_row_chip_and_theme_work_by_keyboard(opened: Any) -> None:
    page = opened().open("/?site=hats")
    page.locator(".tools .menu > summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.locator(".tools .pop a.opt[href*='p=7d']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**p=7d**", timeout=MS)
    page.wait_for_selector("body:not(:has(#_pages_content[data-dash-is-loading=true]))", timeout=MS)
    page.locator(".bars th a[href*='f=country']").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".chip.on", timeout=MS)
    page.locator(".chip-x").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".chip.on", state="detached", timeout=MS)
    page.locator(".side [data-act=theme]").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("html[data-theme=dark]", timeout=MS)
    page.evaluate("localStorage.clear()")
