"""Reports over many events: `python -m bench.dashboard [--events 10000000] [--persons 500000] [--runs 5]`.

One line of JSON a report: the median and the worst of its runs in seconds, and beside it a bare scan of the
columns it must read, asked right before each run. The tables are those of `bench.shop`; 90 days.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.memory import peak_mb
from bench.processes import store_folder, store_pid
from bench.shop import DAYS, ENDS, SITE, fill
from clicktrail.settings import Settings
from dashboards.period import last_days
from dashboards.reports import REPORTS, ReportOptions
from dashboards.reports.churn.score import score
from store.objects import sites
from store.tables.client import Store, open_store

_RARE = ("event_type=add_to_cart", "event_type=checkout", "event_type=order")
_OFTEN = ("event_type=page_view", "path=/hats/*", "event_type=order")


@dataclass(frozen=True)
class Case:
    """A report, its own options, and the bare scan beside it: a table, its columns and rows."""

    name: str
    report: str
    own: Mapping[str, tuple[str, ...]]
    table: str
    columns: tuple[str, ...]
    rows: str = "1"
    limit: int = 1000


_VIEWS = ("vh", "event_time", "event_type", "path", "engaged_ms", "is_bot")
_SESSION = ("vh", "start", "end", "is_bot")
CASES = (
    Case("overview", "overview", {}, "sessions", (*_SESSION, "page_views", "engaged_s", "source")),
    Case("retention by week", "retention", {"period": ("week",)}, "sessions", (*_SESSION, "revenue")),
    Case(
        "funnel, 5 % of the events", "funnel", {"step": _RARE, "window": ("14d",)}, "events",
        ("vh", "event_time", "event_type", "seq", "event_id", "is_bot"),
        "event_type IN ('add_to_cart', 'checkout', 'order')",
    ),
    Case(
        "funnel, 70 % of the events", "funnel", {"step": _OFTEN, "window": ("14d",)}, "events",
        ("vh", "event_time", "event_type", "path", "seq", "event_id", "is_bot"),
        "event_type IN ('page_view', 'order')",
    ),
    Case("churn", "churn", {}, "sessions", _SESSION),
    Case("campaigns", "campaigns", {}, "sessions", (*_SESSION, "source", "medium", "revenue")),
    Case("content, the first 25 pages", "content", {"list": ("pages",)}, "events", _VIEWS, limit=25),
    Case(
        "content, the first 25 pages by visitors", "content", {"list": ("pages",), "sort": ("visitors",)},
        "events", _VIEWS, limit=25,
    ),
    Case("content, all pages", "content", {"list": ("pages",)}, "events", _VIEWS),
    Case("goals", "goals", {}, "sessions", (*_SESSION, "orders")),
    Case("people", "people", {}, "sessions", (*_SESSION, "revenue", "source")),
    Case("coverage", "coverage", {}, "events", ("vh", "is_bot", "id_quality", "received_at", "event_time")),
    Case("live", "live", {}, "sessions", ("start",)),
)  # fmt: skip


def measure(store: Store, reader: Store, case: Case, runs: int) -> dict[str, Any]:
    """Ask a report and its bare scan in turn."""
    (site,) = sites(store)
    options = ReportOptions(last_days(DAYS, ENDS.date(), "UTC"), ENDS, (), case.limit, case.own)
    columns = ", ".join(f"max(`{name}`)" for name in case.columns)
    scan = f"SELECT count(), {columns} FROM {case.table} WHERE site_id = '{SITE}' AND {case.rows}"
    bare, ours = [], []
    REPORTS[case.report].run(reader, site, options)  # once for the caches of the disk
    for _ in range(runs):
        bare.append(_seconds(lambda: reader.rows(scan)))
        ours.append(_seconds(lambda: REPORTS[case.report].run(reader, site, options)))
    return {
        "report": case.name,
        "median_s": round(median(ours), 3),
        "worst_s": round(max(ours), 3),
        "bare_s": round(median(bare), 3),
        "ratio": round(median(ours) / median(bare), 2),
    }


def _score(store: Store) -> None:
    """What `clicktrail score` does for visits: without it the churn report asks for it."""
    (site,) = sites(store)
    score(store, site, now=ENDS, primaries=("visit",))


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@contextmanager
def _tables(folder: Path | None) -> Iterator[Path]:
    """A folder that is kept, or one of our own."""
    if folder is None:
        with store_folder() as made:
            yield made
    else:
        yield folder


def main() -> None:
    """Read the options, fill the tables, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--persons", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="reports whose name holds one of these, with commas")
    parser.add_argument("--folder", type=Path, help="keep the tables here; filled ones are asked again")
    parser.add_argument("--memory", type=int, default=4, help="GB the store may use; 12 for 100 M")
    options = parser.parse_args()
    with _tables(options.folder) as folder:
        settings = Settings(data=folder, store_memory=options.memory << 30)
        store, reader = open_store(settings), open_store(settings, role="reader")
        store.migrate()
        if not sites(store):
            began = time.perf_counter()
            fill(store, options.events, options.persons)
            print(json.dumps({"filled_s": round(time.perf_counter() - began, 1)}), flush=True)
        print(json.dumps(store.rows(_SIZES)[0]), flush=True)
        scored = {"score_s": round(_seconds(lambda: _score(store)), 1)}
        print(json.dumps({**scored, "peak_rss_mb": round(peak_mb(os.getpid()), 1)}), flush=True)
        for case in CASES:
            if any(one in case.name for one in options.only.split(",")):
                print(json.dumps(measure(store, reader, case, options.runs)), flush=True)
        print(json.dumps({"store_peak_rss_mb": round(peak_mb(store_pid(folder)), 1)}))


_SIZES = """
SELECT
    (SELECT count() FROM events) AS events, (SELECT count() FROM sessions) AS sessions,
    (SELECT uniqExact(vh) FROM sessions) AS visitors
"""

if __name__ == "__main__":
    main()
