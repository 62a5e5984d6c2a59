"""What the store said for one view of the overview."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from crm.rate import Rate
from dashboards import format
from dashboards.annotations import Annotation, marks
from dashboards.computed import Computed
from dashboards.coverage import Coverage, coverage
from dashboards.page import View
from dashboards.reports.overview.query import overview
from dashboards.reports.overview.records import Overview


@dataclass(frozen=True)
class Answer:
    """What the store said for one view."""

    now: Overview
    coverage: Coverage
    notes: tuple[Annotation, ...]
    compare: bool  # whether numbers stand beside those of the period before

    def sql(self, name: str) -> Computed:
        """The query behind a number, the first one where no query has that name."""
        return next((c for c in self.now.computed if c.name == name), self.now.computed[0])

    def behind(self, metric: str) -> list[Computed]:
        """The queries of a tile's number and of its line in the chart."""
        names = ("people", "trend") if metric == "visitors" else ("totals",)
        return [one for one in self.now.computed if one.name in names]


def ask(view: View) -> Answer:
    """Run the queries of the page side by side. StoreError and ConfigError (a filter) come through."""
    site, store, filters, now = view.site, view.desk.store, view.state.f, view.desk.now()
    assert site is not None
    with ThreadPoolExecutor(2) as pool:
        numbers = pool.submit(overview, store, site, view.period, filters, now=now)
        cover = pool.submit(coverage, store, site, view.period, now=now)
        return Answer(numbers.result(), cover.result(), marks(view), view.state.cmp == "prev")


def interval(rate: Rate) -> str:
    """The 95 % interval of a share: 24.7–25.4%."""
    if rate.low is None or rate.high is None:
        return "–"
    return f"{100 * rate.low:.1f}–{format.percent(rate.high)}"
