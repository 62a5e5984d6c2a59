"""Pages in a browser: `python -m bench.pages [--folder DATA] [--site ID] [--paths /,/funnel]`.

One line of JSON a page: kilobytes on the wire and requests of a cold and of a warm load, layout shift, and
seconds from a click on a filter until the new picture, without the server's share. Needs Debian's chromium.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import sync_playwright

from bench.processes import command, free_port
from dashboards.app import PAGES

_CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
_CLICKS = 5
_WAIT_MS = 60_000
_ELSEWHERE = """[...document.querySelectorAll('.tools .pop a.opt')].map((one) => one.getAttribute('href'))
    .filter((href) => href !== location.pathname + location.search)"""
"""The options that lead to another view: one that leads here asks for nothing, and the page stays."""

_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((seen) => {
    for (const one of seen.getEntries()) if (!one.hadRecentInput) shifted += one.value;
}).observe({ type: 'layout-shift', buffered: true });
"""


def measure(browser: Any, base: str, path: str, query: str) -> dict[str, Any]:
    """One page in a profile of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    context.add_init_script(_SHIFTS)
    page = context.new_page()
    sizes: list[int] = []
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda said: sizes.append(int(said["encodedDataLength"])))
    _open(page, base + path + query)
    cold, requests, shift = sum(sizes), len(sizes), page.evaluate("shifted")
    sizes.clear()
    _open(page, base + path + query)
    warm = sum(sizes)
    clicks = [one for at in range(_CLICKS) if (one := _click(page, at)) is not None]
    context.close()
    return {
        "page": path,
        "cold_kib": round(cold / 1024),
        "requests": requests,
        "warm_kib": round(warm / 1024, 1),
        "layout_shift": round(shift, 4),
        "click_s": round(median(clicks), 2) if clicks else None,
    }


def _open(page: Any, address: str) -> None:
    page.goto(address, timeout=_WAIT_MS)
    page.wait_for_selector("main#main", timeout=_WAIT_MS)
    if page.query_selector(".dash-graph"):
        page.wait_for_selector(".dash-graph .main-svg", timeout=_WAIT_MS)
    page.wait_for_load_state("networkidle", timeout=_WAIT_MS)


def _click(page: Any, at: int) -> float | None:
    """Seconds from one click on the period until the page stands anew, less the time of its answer."""
    links = page.evaluate(_ELSEWHERE)
    if not links:
        return None
    link = links[at % len(links)]
    waited: list[float] = []

    def answered(response: Any) -> None:
        if "_dash-update-component" in response.url:
            timing = response.request.timing
            waited.append((timing["responseEnd"] - timing["requestStart"]) / 1000)

    page.on("requestfinished", lambda request: answered(request.response()))
    page.evaluate("window.stood = document.querySelector('main#main')")
    began = time.perf_counter()
    page.evaluate("href => document.querySelector(`.tools .pop a.opt[href='${href}']`).click()", link)
    page.wait_for_function(
        "document.querySelector('main#main') && document.querySelector('main#main') !== window.stood",
        timeout=_WAIT_MS,
    )
    took = time.perf_counter() - began
    page.wait_for_load_state("networkidle", timeout=_WAIT_MS)
    return max(0.0, took - (waited[0] if waited else 0.0))


@contextmanager
def _dashboard(folder: Path) -> Iterator[str]:
    port = free_port()
    given = {"CLICKTRAIL_DATA": str(folder), "CLICKTRAIL_DASHBOARD_PORT": str(port)}
    with command(["dashboard"], given):
        yield f"http://127.0.0.1:{port}"


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a data folder with tables")
    parser.add_argument("--query", default="?p=90d", help="of every page")
    parser.add_argument("--paths", default=",".join(page.path for page in PAGES))
    options = parser.parse_args()
    with _dashboard(options.folder) as base, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        _until_up(browser, base)
        for path in options.paths.split(","):
            print(json.dumps(measure(browser, base, path, options.query)), flush=True)
        browser.close()


def _until_up(browser: Any, base: str) -> None:
    page = browser.new_page()
    for _ in range(300):
        try:
            page.goto(base)
            break
        except Exception:
            time.sleep(0.2)
    page.close()


if __name__ == "__main__":
    main()
