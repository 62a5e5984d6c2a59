"""What the browser tests share beside fixtures: a watched page, the accessibility checker, a dashboard."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from waitress.server import create_server

from clicktrail.settings import Settings
from dashboards.app import create_app
from dashboards.serve import listen
from store.tables.client import Store
from store.tables.embedded.launch import store_address
from tests.conftest import ROOT

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
WIDE, PHONE = (1440, 900), (390, 844)
MS = 15_000
AXE = ROOT / "node_modules/axe-core/axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ARTEFACTS = ROOT / "tests/artefacts"
"""Pictures of the pages, for whoever looks at a run afterwards; git ignores them."""

LOOKS = [("en", "light", WIDE), ("zh", "dark", WIDE), ("en", "dark", PHONE), ("zh", "light", PHONE)]
"""Language, theme and size: both of each, and both themes at both sizes."""

in_each_look = pytest.mark.parametrize(("lang", "theme", "size"), LOOKS)
at_each_size = pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
needs_axe = pytest.mark.skipif(
    not AXE.exists() and os.environ.get("CI") != "true", reason="no axe-core: run `make browser-tools`"
)


@dataclass
class Watched:
    """A page and what it must never do: complain, or ask another host."""

    page: Any
    base: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def open(self, address: str) -> Any:
        """Go there and wait until the page and its charts stand."""
        self.page.goto(self.base + address)
        self.page.wait_for_selector("main#main", timeout=MS)
        if self.page.query_selector(".dash-graph"):
            self.page.wait_for_selector(".dash-graph .main-svg", timeout=MS)
        return self.page

    def check(self) -> None:
        """Nothing on the console, no other host, nothing wider than the window."""
        assert self.complaints == []
        assert self.hosts <= {urlsplit(self.base).netloc}
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0

    def keep(self, name: str) -> None:
        """Write a picture of the whole page to ARTEFACTS; its size, theme and language are in its name."""
        root = "document.documentElement"
        theme, lang, width = self.page.evaluate(f"[{root}.dataset.theme, {root}.lang, innerWidth]")
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.{width}.{theme}.{lang}.png"
        bar = ".tabbar { position: static !important }"  # it stays in sight: in a long picture, on the text
        self.page.screenshot(path=str(path), full_page=True, style=bar)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if request.url.startswith("http"):
            self.hosts.add(urlsplit(request.url).netloc)


def window(chromium: Any, size: tuple[int, int], theme: str) -> Any:
    """A new profile of a browser: nothing in its cache, nobody logged in."""
    return chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, reduced_motion="reduce"
    )


def broken(page: Any, but: str = "", only: list[str] = AXE_RULES) -> list[tuple[str, str]]:
    """The rules a page breaks, each with the first element that does."""
    options = {
        "runOnly": only,
        "rules": {but: {"enabled": False}} if but else {},
        "resultTypes": ["violations"],
    }
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(options) => axe.run(document, options)", options)
    assert found["passes"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]


def check_accessible(watched: Watched, *addresses: str) -> None:
    """No page breaks a rule: closed and with every menu open, in both themes."""
    for address in addresses:
        page = watched.open(address)
        watched.check()
        assert broken(page, only=["target-size"]) == [], address
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert broken(page, but="target-size") == [], address  # open menus lie on each other
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert broken(page, only=["color-contrast"]) == [], address


@contextmanager
def served(reader: Store, writer: Callable[[], Store], settings: Settings) -> Iterator[str]:
    """The address of a running dashboard."""
    listener = listen("127.0.0.1", 0)
    server = create_server(create_app(reader, writer, settings).server, sockets=[listener], threads=8)
    thread = threading.Thread(target=_run, args=(server,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.close()
        server.task_dispatcher.shutdown(timeout=1)
        thread.join(timeout=5)


def _run(server: Any) -> None:
    try:
        server.run()
    except OSError:  # its socket was closed: the end of the test
        return


@contextmanager
def store_process(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A store of a data folder, started as a supervisor does."""
    command = [sys.executable, "-m", "store.tables.embedded.process", "--data", str(data), "--port", "0"]
    with (data / "output").open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        store_address(data, start=False)
        yield process
    finally:
        process.kill()
        process.wait(timeout=20)
