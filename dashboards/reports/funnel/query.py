"""The funnel: how many come from step to step, how long it takes them, and where they are lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

import polars as pl

from crm.rate import Rate
from dashboards.computed import Computed, read_sql
from dashboards.expressions import fill
from dashboards.period import DAY, Period, local_date, midnight
from dashboards.reports.funnel.histories import acts
from dashboards.reports.funnel.options import FunnelOptions
from dashboards.reports.funnel.question import MOST_TIED, Question, question
from dashboards.reports.funnel.records import Act, Bucket, Funnel, Next, Segment, Step
from dashboards.significance import against_rest
from schemas.objects import Site
from store.tables.client import Store

_STEPS_SQL, _NEXT_SQL, _OTHERWISE_SQL = (
    read_sql(__package__ or "", f"{name}.sql") for name in ("steps", "next", "otherwise")
)
_ALL, _BY_START, _BY_VALUE = range(3)
_STEPS = (
    "Of each {unit} the best attempt: the one that gets furthest, then the one that gets there first. "
    "It begins in the period (and, under a filter, in a session that the filter keeps); later steps follow "
    "within {window}, also after the period. {order} One event fills one step. Bots are left out."
)
_OPEN = (
    "For each step the {unit}s with such an event in the period, whatever else they did. Bots are left out."
)
_ORDER = {
    "ordered": "Steps come in their order; anything may happen in between.",
    "strict": "Each step is the next interactive event after the one before.",
    "any": "Step k is reached when steps 1 to k are all done, in whatever order.",
}
_NEXT = (
    "Of those who left after a step (their time is over): their first interactive event after it that is "
    "still within {window} of the first step. Bots are left out."
)


def funnel(  # noqa: PLR0913 - what a report is asked with
    store: Store,
    site: Site,
    period: Period,
    options: FunnelOptions,
    filters: Sequence[str] = (),
    *,
    now: datetime,
) -> Funnel:
    """The funnel of a site for the attempts that begin in a period, as far as they came at `now` (UTC).

    Raises ConfigError when a filter, or a regular expression in a step, cannot be read.
    """
    asked = question(store, site, period, options, filters, now=now)
    tables = asked.tables(store)
    after = asked.computed("next", _NEXT.format(window=options.window), _NEXT_SQL, acts=acts(options))
    with ThreadPoolExecutor(2) as pool:
        nexts = pool.submit(after.rows, store, tables) if options.next else None
        steps, rows = _reached(store, asked, tables)
        did = nexts.result() if nexts else []
    found = _steps(_part(rows, _ALL), options)
    known = next(
        (Rate(row["converted_known"], row["entered_known"]) for row in _part(rows, _ALL)), Rate(0, 0)
    )
    return Funnel(
        site.id,
        period,
        tuple(filters),
        options,
        now,
        found,
        known,
        _segments(_part(rows, _BY_VALUE), known),
        _trend(_part(rows, _BY_START), period, options, now),
        _next(did, found, options) if options.next else (),
        (steps, after) if options.next else (steps,),
    )


def _reached(
    store: Store, asked: Question, tables: Mapping[str, pl.DataFrame]
) -> tuple[Computed, list[dict[str, Any]]]:
    """The query of the steps and its rows: by the short form, where it is sure or made so."""
    definition, packed = _definition(asked.options), asked.packed
    if packed is not None:
        quick = asked.kept.computed("steps", definition, fill(_STEPS_SQL, units=packed.units), asked.given)
        rows = quick.rows(store, tables)
        tied = sorted({unit for row in _part(rows, _ALL) for unit in row["tied"]})
        if not tied:
            return quick, rows
        if len(tied) <= MOST_TIED:
            given = {**asked.given, "tied": tied}
            doubt = asked.kept.computed("otherwise", definition, packed.mark(_OTHERWISE_SQL), given)
            if not doubt.rows(store, tables)[0]["units"]:
                return quick, rows
            mixed = asked.kept.computed("steps", definition, fill(_STEPS_SQL, units=packed.mixed), given)
            return mixed, mixed.rows(store, tables)
    steps = asked.computed("steps", definition, _STEPS_SQL)
    return steps, steps.rows(store, tables)


def _definition(options: FunnelOptions) -> str:
    if options.open:
        return _OPEN.format(unit=options.unit)
    return _STEPS.format(unit=options.unit, window=options.window, order=_ORDER[options.order])


def _part(rows: Sequence[dict[str, Any]], part: int) -> list[dict[str, Any]]:
    return [row for row in rows if row["part_of"] == part]


def _steps(rows: Sequence[dict[str, Any]], options: FunnelOptions) -> tuple[Step, ...]:
    found = {row["step"]: row for row in rows}
    counts = {step: row["count"] for step, row in found.items()}
    nobody: dict[str, Any] = dict.fromkeys(
        ("entered", "count", "count_with_previous", "in_progress", "gone"), 0
    )
    made = []
    for step, name in enumerate(options.steps, 1):
        row = found.get(step, {**nobody, "spans": ()})
        before = max((one for one in options.required if one < step), default=0)
        passed = row["count_with_previous"] if options.open else row["count"]
        median, p75, p90 = (None, None, None) if options.open else _spans(row["spans"])
        made.append(
            Step(
                name=name,
                optional=step in options.optional,
                reached=Rate(row["count"], row["entered"]),
                from_previous=Rate(passed, counts.get(before, 0) if before else row["entered"]),
                in_progress=row["in_progress"],
                left=row["gone"],
                median_s=median,
                p75_s=p75,
                p90_s=p90,
            )
        )
    return tuple(made)


def _spans(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    """Three quantiles; None where nobody is."""
    found = [value if isfinite(value) else None for value in values] or [None, None, None]
    return found[0], found[1], found[2]


def _by_name(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Name of the part → its rows, one a step in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["part_name"], []).append(row)
    return found


def _segments(rows: Sequence[dict[str, Any]], whole: Rate) -> tuple[Segment, ...]:
    """Each against the rest, the p-values adjusted for how many there are; the largest first."""
    values = sorted(_by_name(rows).items(), key=lambda one: (-one[1][0]["entered"], one[0].encode()))
    rates = [Rate(steps[0]["converted"], steps[0]["entered"]) for _, steps in values]
    return tuple(
        Segment(value, tuple(row["count"] for row in steps), rate, p_value)
        for (value, steps), rate, p_value in zip(values, rates, against_rest(rates, whole), strict=True)
    )


def _trend(
    rows: Sequence[dict[str, Any]], period: Period, options: FunnelOptions, now: datetime
) -> tuple[Bucket, ...]:
    """Every day, week or month of the period that has begun, also those in which nobody entered."""
    found, made = _by_name(rows), []
    for start, ends in _starts(period, options.trend, now):
        steps = found.get(start.isoformat(), [])
        rate = Rate(steps[0]["converted"], steps[0]["entered"]) if steps else Rate(0, 0)
        unfinished = midnight(ends, period.zone) + timedelta(milliseconds=options.window_ms) > now
        made.append(Bucket(start, rate, sum(row["in_progress"] for row in steps), unfinished))
    return tuple(made)


def _starts(period: Period, trend: str, now: datetime) -> list[tuple[date, date]]:
    """First day of each bucket, and the first day after it within the period."""
    last = min(period.end, local_date(now, period.zone))
    days = [date.fromordinal(at) for at in range(period.start.toordinal(), last.toordinal() + 1)]
    ends: dict[date, date] = {}
    for day in days if trend else ():
        ends[first_of(day, trend)] = day + DAY
    return list(ends.items())


def first_of(day: date, trend: str) -> date:
    """The first day of the day, week or month that holds a day."""
    if trend == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if trend == "week" else day


def _next(rows: Sequence[dict[str, Any]], steps: Sequence[Step], options: FunnelOptions) -> tuple[Next, ...]:
    """One for each required step but the last."""
    made = []
    for step in options.required[:-1]:
        here = [row for row in rows if row["stopped"] == step]
        types = [Act(row["units"], row["what"], row["name"]) for row in here if not row["by_path"]]
        paths = [Act(row["units"], path=row["what"]) for row in here if row["by_path"]]
        went_on = here[0]["went_on"] if here else 0
        made.append(Next(step, steps[step - 1].left, went_on, tuple(types), tuple(paths)))
    return tuple(made)
