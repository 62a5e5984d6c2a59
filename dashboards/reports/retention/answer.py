"""What a view asks of retention, and what the store said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from clicktrail.errors import ConfigError
from dashboards.computed import Computed
from dashboards.coverage import Coverage, coverage
from dashboards.page import View
from dashboards.reports.retention.options import RetentionOptions, parse
from dashboards.reports.retention.query import retention
from dashboards.reports.retention.records import Cohort, Retention

OPTION_OF = {
    "period": "period",
    "started": "start",  # `start` is the first day of the page
    "return": "return",
    "start-condition": "start-condition",
    "return-condition": "return-condition",
    "breakdown": "breakdown",
}
"""Own parameter of the page → option of the report."""

PARAMS = (*OPTION_OF, "show", "cohort", "tab")
DEFAULT_BREAKDOWN = "channel"
Shown = Literal["people", "money"]


@dataclass(frozen=True)
class Answer:
    """One view's numbers."""

    report: Retention
    coverage: Coverage
    shows: Shown
    cohort: int | None  # place of the one that is looked at

    @property
    def looked_at(self) -> Cohort | None:
        """The cohort beside the mean."""
        return None if self.cohort is None else self.report.everyone.cohorts[self.cohort]

    def sql(self, name: str) -> Computed:
        """A query by its name."""
        return next(one for one in self.report.computed if one.name == name)


def options_of(view: View) -> RetentionOptions:
    """The report's options as the address has them; ConfigError for one that cannot be read."""
    given = {option: view.state.one(name) for name, option in OPTION_OF.items() if view.state.one(name)}
    by = given.setdefault("breakdown", DEFAULT_BREAKDOWN)
    return parse({**given, "breakdown": "" if by == "none" else by})


def ask(view: View) -> Answer:
    """Run the queries of the page side by side; StoreError and ConfigError (what was asked) come through."""
    site, store, now = view.site, view.desk.store, view.desk.now()
    assert site is not None
    options = options_of(view)
    shows = view.state.one("show", "people")
    if shows not in ("people", "money"):
        raise ConfigError(f"show={shows}: choose people, money")
    with ThreadPoolExecutor(2) as pool:
        numbers = pool.submit(retention, store, site, view.period, options, view.state.f, now=now)
        cover = pool.submit(coverage, store, site, view.period, now=now)
        report, covered = numbers.result(), cover.result()
    cohort = _cohort(report, view.state.one("cohort"))
    return Answer(report, covered, "money" if shows == "money" else "people", cohort)


def _cohort(report: Retention, wish: str) -> int | None:
    """The cohort asked for; without a wish the newest that has people and a whole period behind it."""
    cohorts = report.everyone.cohorts
    if wish:
        found = [at for at, one in enumerate(cohorts) if one.start.isoformat() == wish]
        if not found:
            raise ConfigError(f"cohort={wish}: no {report.options.period} of the report starts on that date")
        return found[0]
    known = [
        at
        for at, one in enumerate(cohorts)
        if one.size and len(one.cells) > 1 and not one.cells[1].unfinished
    ]
    return known[-1] if known else None
