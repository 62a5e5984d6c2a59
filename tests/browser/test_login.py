"""Logging in and out, and the page of the users, in a real Chromium."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clicktrail.settings import Settings
from schemas.objects import Site
from store.objects import put_site, sites, users
from store.tables.client import Store, open_store
from tests.browser.watched import AXE, MS, PHONE, WIDE, Watched, at_each_size, broken, served, window
from tests.dashboards.shop import Shop, open_shop
from tests.dashboards.visitor import PASSWORD, add_user


@pytest.fixture(scope="module")
def shop(tables: Store) -> Shop:
    put_site(tables, Site("mute", "mute.example"))
    return open_shop(tables, "hats")


@pytest.fixture(scope="module")
def base(tables: Store, store_settings: Settings, shop: Shop, tmp_path_factory: Any) -> Iterator[str]:
    add_user(tables, "ann@hats.example", "admin")
    add_user(tables, "bob", "viewer", "hats")
    reader = open_store(store_settings, role="reader")
    settings = Settings(data=Path(tmp_path_factory.mktemp("login")))
    with served(reader, lambda: tables, settings) as address:
        yield address
    reader.close()


@pytest.fixture
def opened(chromium: Any, base: str) -> Iterator[Callable[..., Watched]]:
    """A fresh profile each: nobody is logged in; looked over when the test ends."""
    made: list[Watched] = []

    def make(size: tuple[int, int] = WIDE, theme: str = "light") -> Watched:
        made.append(Watched(window(chromium, size, theme).new_page(), base))
        return made[-1]

    yield make
    for watched in made:
        # A wrong password and what may not be done are answered with 401 and 403, which Chromium writes down.
        watched.complaints = [
            words for words in watched.complaints if not re.search("status of 40[13]", words)
        ]
        watched.check()
        watched.page.context.close()


def log_in(page: Any, name: str, password: str = PASSWORD) -> None:
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")


def accessible(page: Any) -> None:
    """No rule of accessibility is broken, where the checker is installed."""
    if AXE.exists() or os.environ.get("CI") == "true":
        assert broken(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@at_each_size
def test_the_log_in_page_is_whole(opened: Any, size: tuple[int, int], theme: str) -> None:
    watched = opened(size, theme)
    page = watched.page
    page.goto(f"{watched.base}/live?site=hats")
    page.wait_for_selector("h1:has-text('Log in')", timeout=MS)
    assert page.evaluate("document.activeElement.name") == "name"
    accessible(page)
    watched.keep("login")
    page.click("text=中文")
    page.wait_for_selector("h1:has-text('登录')", timeout=MS)
    log_in(page, "bob", "wrong password")
    page.wait_for_selector("[role=alert]:has-text('用户名或密码不正确')", timeout=MS)
    assert page.input_value("input[name=name]") == "bob"
    accessible(page)


def test_one_logs_in_sees_only_ones_own_sites_and_logs_out(opened: Any) -> None:
    watched = opened()
    page = watched.page
    page.goto(f"{watched.base}/?site=hats&p=7d")
    log_in(page, "bob")
    page.wait_for_selector(".kpis", timeout=MS)
    assert page.url.endswith("/?site=hats&p=7d")
    assert "bob" in page.inner_text(".side .who")
    assert "mute.example" not in page.content()
    assert page.query_selector(".side a[href^='/users']") is None
    watched.open("/?site=mute")
    assert "There is no site “mute” that you may see" in page.inner_text("main")
    watched.open("/users?site=hats")
    assert "This is not for your role" in page.inner_text("main")
    accessible(page)
    page.click(".side [data-act=logout]")
    page.wait_for_selector("h1:has-text('Log in')", timeout=MS)
    page.go_back()
    page.wait_for_selector("h1:has-text('Log in')", timeout=MS)


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (PHONE, "dark")])
def test_users_are_managed(opened: Any, shop: Shop, tables: Store, size: tuple[int, int], theme: str) -> None:
    watched, name = opened(size, theme), f"cleo-{theme}"
    page = watched.page
    page.goto(f"{watched.base}/users?site=hats")
    log_in(page, "ann@hats.example")
    page.wait_for_selector("h2:has-text('All users')", timeout=MS)
    accessible(page)
    watched.keep("users")
    form = "#users-add form"
    page.fill(f"{form} input[name=name]", name)
    page.fill(f"{form} input[name=password]", "aaaaaaaaaaaa")
    page.select_option(f"{form} select[name=role]", "")
    page.click(f"{form} summary")
    page.select_option(f"{form} select[name='site:hats']", "marketer")
    page.click(f"{form} button[type=submit]")
    page.wait_for_selector(f"{form} .err:has-text('easy to guess')", timeout=MS)
    page.fill(f"{form} input[name=password]", "green tall trees")
    page.press(f"{form} input[name=password]", "Enter")
    page.wait_for_selector(f"#users-said:has-text('{name} can log in now')", timeout=MS)
    assert page.input_value(f"{form} input[name=name]") == ""
    row = f"tr:has-text('{name}')"
    assert "Marketer · hats.example" in page.inner_text(row)
    page.click(f"{row} .menu > summary")
    accessible(page)
    page.select_option(f"{row} select[name=role]", "viewer")
    page.click(f"{row} button:has-text('Save')")
    page.wait_for_selector(f"{row} >> text=Viewer · Every site", timeout=MS)
    assert {user.name: user.roles for user in users(tables)}[name] == {
        "*": "viewer",
        "hats": "marketer",
    }
    page.click(f"{row} .menu > summary")
    page.click(f"{row} summary:has-text('Remove …')")
    page.click(f"{row} button:has-text('Remove {name}')")
    page.wait_for_selector(f"#users-said:has-text('{name} is removed')", timeout=MS)
    assert page.query_selector(row) is None


def test_a_log_in_that_ended_leads_to_the_form_and_back(opened: Any, tables: Store) -> None:
    watched = opened()
    page = watched.page
    page.goto(f"{watched.base}/?site=hats")
    log_in(page, "bob")
    page.wait_for_selector(".kpis", timeout=MS)
    page.context.clear_cookies()
    page.click(".side a[href^='/live']")
    page.wait_for_selector("h1:has-text('Log in')", timeout=MS)
    log_in(page, "bob")
    page.wait_for_selector("text=Happening now", timeout=MS)


def test_what_may_not_be_done_any_more_says_so(opened: Any, shop: Shop, tables: Store) -> None:
    """The page was opened by somebody who could; the role changed since."""
    watched = opened()
    page = watched.page
    add_user(tables, "dora", "admin")
    page.goto(f"{watched.base}/sites?site=hats")
    log_in(page, "dora")
    page.wait_for_selector("input[name=domain]", timeout=MS)
    add_user(tables, "dora", "viewer")
    page.fill("input[name=domain]", "new.example")
    page.press("input[name=domain]", "Enter")
    page.wait_for_selector("#toast.on:has-text('It needs the role “Admin”')", timeout=MS)
    assert {site.id for site in sites(tables)} == {"hats", "mute"}
