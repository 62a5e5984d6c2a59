"""The tables of the page to take along."""

from __future__ import annotations

from dashboards.computed import money
from dashboards.page import View
from dashboards.reports.retention.answer import options_of
from dashboards.reports.retention.query import retention
from dashboards.reports.retention.records import Retention

TABLES = ("cohorts", "mean", "time", "breakdown")


def download(view: View, name: str) -> list[list[object]] | None:
    """All rows of a table, its head first; None for a table we do not have."""
    if name not in TABLES or view.site is None:
        return None
    options = options_of(view)
    found = retention(view.desk.store, view.site, view.period, options, view.state.f, now=view.desk.now())
    return {"cohorts": _cohorts, "mean": _mean, "time": _time, "breakdown": _breakdown}[name](found)


def _cohorts(found: Retention) -> list[list[object]]:
    head: list[object] = [
        "start", "period", "size", "retained", "rate", "low", "high", "unfinished", "revenue", "revenue_rate",
    ]  # fmt: skip
    rows: list[list[object]] = [
        [
            cohort.start, at, cohort.size, cell.back.part, cell.back.value, cell.back.low, cell.back.high,
            cell.unfinished, money(cell.revenue), cohort.money(at),
        ]
        for cohort in found.everyone.cohorts
        for at, cell in enumerate(cohort.cells)
    ]  # fmt: skip
    return [head, *rows]


def _mean(found: Retention) -> list[list[object]]:
    rows = [mean.to_json(at) for at, mean in enumerate(found.everyone.mean)]
    head = ["period", "retained", "size", "rate", "low", "high", "revenue", "revenue_base", "revenue_rate"]
    return [list(head), *([row[name] for name in head] for row in rows)]


def _time(found: Retention) -> list[list[object]]:
    rows: list[list[object]] = [list(point) for point in found.time_to_return.curve()]
    return [["days", "returned", "low", "high"], *rows]


def _breakdown(found: Retention) -> list[list[object]]:
    names = ["retained", "size", "rate", "low", "high", "p_value", "differs"]
    rows = [(group.value, group.size, group.compared()) for group in found.groups]
    return [
        [found.options.breakdown or "value", "people", *names],
        *([value, size, *(row[name] for name in names)] for value, size, row in rows),
    ]
