"""Retention: who started in a day, week or month, and how many of them were back in each later one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from crm.rate import Rate
from crm.survival import kaplan_meier
from dashboards.computed import Computed, read_sql
from dashboards.expressions import Expression, fill
from dashboards.period import Period
from dashboards.reports.retention.asked import Asked, ask
from dashboards.reports.retention.calendar import Calendar
from dashboards.reports.retention.options import RetentionOptions
from dashboards.reports.retention.records import GROUPS, Group, Retention, TimeToReturn, compared, group
from schemas.objects import Site
from store.tables.client import Store

_CELLS_SQL, _BY_MASK_SQL, _COVERAGE_SQL, _WAITS_SQL = (
    read_sql(__package__ or "", f"{name}.sql")
    for name in ("cells", "cells_by_mask", "coverage", "time_to_return")
)
_CELLS = (
    "People by the period of their start (the first in all history, or any) and by how many periods later "
    "they were back. A session counts in every period it touches; with a condition, the human events that "
    "meet it. All are 100 % in their own period. Revenue is that of the cohort's sessions that start in the "
    "period. The mean weighs cohorts by their people and leaves out periods that still run."
)
_COVERAGE = (
    "Visitors with a human session that touches the report. Those whose id lasts one day only cannot be "
    "known again and are left out of all other numbers."
)
_WAITS = (
    "From the end of a person's first visit of all history, if it starts in the report, to the start of the "
    "next; those who have not come back are watched until now (Kaplan-Meier, Greenwood's 95 % band)."
)


def retention(  # noqa: PLR0913 - what every report is asked with, and its options
    store: Store,
    site: Site,
    period: Period,
    options: RetentionOptions,
    filters: Sequence[str] = (),
    *,
    now: datetime,
) -> Retention:
    """The cohorts of the whole days, weeks or months that hold a period, as seen at `now` (UTC).

    A filter keeps sessions; with conditions only events inside kept sessions count. First-time cohorts and
    the time to return read all history; recurring cohorts that are asked for apart from it only the periods
    of the report. ConfigError when a filter or condition cannot be read, or there are too many periods.
    """
    asked = ask(store, site, period, options, filters, now=now)
    periods, kept, given = asked.calendar, asked.kept, asked.given
    cells = kept.computed("cells", _CELLS, _cells(asked), given)
    coverage = kept.computed("coverage", _COVERAGE, _COVERAGE_SQL, given)
    waits = _waits(asked, cells)
    tables = kept.tables(store, given)
    found = cells.columns(store, tables)
    waited = found if asked.at_once else waits.columns(store, tables)
    shares = coverage.rows(store, tables)
    rows = found.select("value", "cohort", "later_by", "people", "revenue").to_dicts()
    everyone, groups = _groups([row for row in rows if row["cohort"] >= 0], periods)
    earlier = sum(row["people"] for row in rows if row["cohort"] < 0)
    return Retention(
        site_id=site.id,
        period=asked.period,
        options=options,
        filters=tuple(filters),
        asked_at=now,
        everyone=everyone,
        groups=tuple(groups[:GROUPS]) if options.breakdown else (),
        values=len(groups) if options.breakdown else 0,
        earlier=earlier if options.start == "first" else None,
        left_out=Rate(shares[0]["left_out"], shares[0]["visitors"]),
        time_to_return=_time_to_return(waited),
        computed=(cells, coverage, waits),
    )


def _cells(asked: Asked) -> str:
    """The text of the cells: people with the same periods are counted together where that says all."""
    if asked.by_mask:
        return fill(_BY_MASK_SQL, people=Expression(asked.by_mask))
    return fill(_CELLS_SQL, people=Expression(asked.people))


def _waits(asked: Asked, cells: Computed) -> Computed:
    """The query of the time to return: that of the cells where it says both."""
    if asked.at_once:
        return replace(cells, name="time_to_return", definition=_WAITS)
    sql, given = fill(_WAITS_SQL, visits=asked.visits), {**asked.given, **asked.visits.parameters}
    return asked.kept.computed("time_to_return", _WAITS, sql, given)


def _groups(rows: Sequence[dict[str, Any]], periods: Calendar) -> tuple[Group, list[Group]]:
    """(everyone, one group a value, most people first)."""
    every: dict[tuple[int, int], tuple[int, Decimal]] = {}
    values: dict[str, dict[tuple[int, int], tuple[int, Decimal]]] = defaultdict(dict)
    for row in rows:
        at, cell = (row["cohort"], row["later_by"]), (row["people"], row["revenue"])
        values[row["value"]][at] = cell
        people, revenue = every.get(at, (0, Decimal(0)))
        every[at] = people + cell[0], revenue + cell[1]
    groups = [group(value, found, periods) for value, found in values.items()]
    return group("", every, periods), sorted(compared(groups), key=lambda one: (-one.size, one.value))


def _time_to_return(waited: pl.DataFrame) -> TimeToReturn:
    back, still = (waited[name].explode().drop_nulls().to_numpy() for name in ("back_s", "still_s"))
    return TimeToReturn(Rate(len(back), len(back) + len(still)), kaplan_meier(back, still))
