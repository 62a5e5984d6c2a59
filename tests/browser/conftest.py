"""One Chromium and one dashboard for all browser tests; each file of tests brings its own data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clicktrail.settings import Settings
from store.tables.client import Store, open_store
from tests.browser.watched import CHROMIUM, FLAGS, WIDE, Watched, served, window

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives a browser, and is left out where there is none."""
    absent = not CHROMIUM.exists() and os.environ.get("CI") != "true"
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.skipif(absent, reason=f"no {CHROMIUM} on this machine"))


@pytest.fixture(scope="package")
def base(_migrated_store: Store, store_settings: Settings) -> Iterator[str]:
    """The address of a dashboard of the session's store; it holds no state, so the data may change."""
    reader = open_store(store_settings, role="reader")
    with served(reader, lambda: _migrated_store, store_settings) as address:
        yield address
    reader.close()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def windows(chromium: Any) -> Iterator[Callable[[tuple[int, int], str], Any]]:
    """One profile for each size and theme, so that later pages find the files of earlier ones."""
    profiles: dict[tuple[tuple[int, int], str], Any] = {}

    def profile(size: tuple[int, int], theme: str) -> Any:
        if (size, theme) not in profiles:
            profiles[size, theme] = window(chromium, size, theme)
        return profiles[size, theme]

    yield profile
    for context in profiles.values():
        context.close()


@pytest.fixture
def opened(windows: Callable[[tuple[int, int], str], Any], base: str) -> Iterator[Callable[..., Watched]]:
    """`opened(size, theme)`: a fresh page; looked over when the test ends."""
    made: list[Watched] = []

    def make(size: tuple[int, int] = WIDE, theme: str = "light") -> Watched:
        made.append(Watched(windows(size, theme).new_page(), base))
        return made[-1]

    yield make
    for watched in made:
        watched.check()
        watched.page.close()
