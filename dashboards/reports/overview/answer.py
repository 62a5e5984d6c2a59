"""What the store said for one view of the overview."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dashboards import format
from dashboards.computed import Computed
from dashboards.coverage import Coverage, coverage
from dashboards.page import View
from dashboards.rate import Rate
from dashboards.reports.overview.query import Overview, overview


@dataclass(frozen=True)
class Answer:
    """What the store said for one view."""

    now: Overview
    then: Overview | None  # the period before, for the change of each row
    coverage: Coverage

    @property
    def compare(self) -> bool:
        """Whether numbers stand beside those of the period before."""
        return self.then is not None

    @cached_property
    def like_for_like(self) -> bool:
        """A single running day is not compared with a whole one."""
        return self.compare and not (self.now.unfinished and self.now.period.days == 1)

    def sql(self, name: str) -> Computed:
        """The query behind a number, the first one where no query has that name."""
        return next((c for c in self.now.computed if c.name == name), self.now.computed[0])


def ask(view: View) -> Answer:
    """Run the queries of the page side by side. StoreError and ConfigError (a filter) come through."""
    site, store, filters, now = view.site, view.desk.store, view.state.f, view.desk.now()
    assert site is not None
    jobs: list[Callable[[], Any]] = [
        lambda: overview(store, site, view.period, filters, now=now),
        lambda: coverage(store, site, view.period, now=now),
    ]
    if view.state.cmp == "prev":
        jobs.append(lambda: overview(store, site, view.period.previous(), filters, now=now))
    with ThreadPoolExecutor(len(jobs)) as pool:
        found = [job.result() for job in [pool.submit(job) for job in jobs]]
    then = found[2] if len(found) > 2 else None
    return Answer(found[0], then, found[1])


def coverage_words(view: View, found: Coverage) -> str:
    """Who is counted by a durable id, and how much is left out as bots."""
    durable, bots = found.durable.value, found.bots.value
    said = [view.text("cover.durable", share=format.percent(durable, 0))] if durable is not None else []
    said += [view.text("cover.bots", share=format.percent(bots, 1))] if bots is not None else []
    return " · ".join(said)


def interval(rate: Rate) -> str:
    """The 95 % interval of a share: 24.7–25.4%."""
    if rate.low is None or rate.high is None:
        return "–"
    return f"{100 * rate.low:.1f}–{format.percent(rate.high)}"
