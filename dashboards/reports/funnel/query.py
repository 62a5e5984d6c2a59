"""The funnel: how many come from step to step, how long it takes them, and where they are lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import isfinite
from typing import Any

from crm.rate import Rate
from dashboards.computed import Computed, iso, read_sql, sql_instant
from dashboards.conditions import parse as parse_condition
from dashboards.expressions import Expression, fill
from dashboards.filters import SessionFilter, check_by_engine, session_filter
from dashboards.period import Period
from dashboards.reports.funnel.options import FunnelOptions
from dashboards.reports.funnel.sql import units
from dashboards.significance import benjamini_hochberg, two_sided
from schemas.objects import Site
from store.tables.client import Store

LEAST_ENTRIES = 30
"""A segment with fewer entries is not shown."""

CLEAR = 0.05
"""A segment differs clearly from the rest at an adjusted p-value below this."""

_STEPS_SQL, _SEGMENTS_SQL = (read_sql(__package__ or "", name) for name in ("steps.sql", "segments.sql"))
_MS = timedelta(milliseconds=1)
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
_SEGMENTS = "The same by the value at the first event of the attempt, tested against all other entries."


@dataclass(frozen=True)
class Step:
    """One step; times are of the units that reached it, from the first event of their attempt, in seconds."""

    name: str  # its condition
    optional: bool
    reached: Rate  # of the units that entered
    from_previous: Rate  # of the units at the required step before
    in_progress: int  # stopped here, and their window still runs
    median_s: float | None
    p75_s: float | None
    p90_s: float | None

    def to_json(self) -> dict[str, Any]:
        """Counts, shares with the 95 % interval of `rate`, and times."""
        return {
            "name": self.name,
            "count": self.reached.part,
            "rate": self.reached.value,
            "rate_from_previous": self.from_previous.value,
            "low": self.reached.low,
            "high": self.reached.high,
            "median_s": self.median_s,
            "p75_s": self.p75_s,
            "p90_s": self.p90_s,
            "in_progress": self.in_progress,
            "optional": self.optional,
        }


@dataclass(frozen=True)
class Segment:
    """The entries with one value of the breakdown."""

    value: str
    counts: tuple[int, ...]  # of each step
    converted: Rate
    p_value: float | None  # against the rest, adjusted for the number of segments; None: there is no rest

    def to_json(self) -> dict[str, Any]:
        """Counts, the rate with its interval, and whether it differs from the rest."""
        return {
            "value": self.value,
            "entered": self.converted.whole,
            "counts": list(self.counts),
            "rate": self.converted.value,
            "low": self.converted.low,
            "high": self.converted.high,
            "p_value": self.p_value,
            "differs": self.p_value is not None and self.p_value < CLEAR,
        }


@dataclass(frozen=True)
class Funnel:
    """The steps of a funnel in a period."""

    site_id: str
    period: Period
    filters: tuple[str, ...]
    options: FunnelOptions
    asked_at: datetime
    steps: tuple[Step, ...]
    segments: tuple[Segment, ...]
    computed: tuple[Computed, ...]

    @property
    def converted(self) -> Rate:
        """Units that reached the last step that is not optional, of those that entered."""
        return self.steps[self.options.required[-1] - 1].reached

    def to_json(self) -> dict[str, Any]:
        """{"steps": [...], "entered", "converted", "segments": [...], "hidden_entries", "meta"}."""
        return {
            "steps": [step.to_json() for step in self.steps],
            "entered": self.converted.whole,
            "converted": self.converted.part,
            "segments": [segment.to_json() for segment in self.segments],
            "hidden_entries": self._hidden(),
            "meta": {
                "site": self.site_id,
                **self.period.to_json(),
                "filters": list(self.filters),
                "order": self.options.order,
                "open": self.options.open,
                "window": None if self.options.open else self.options.window,
                "unit": self.options.unit,
                "exclude": [f"{x.first}-{x.last}:{x.condition}" for x in self.options.exclusions],
                "hold": list(self.options.hold),
                "breakdown": self.options.breakdown or None,
                "asked_at": iso(self.asked_at),
            },
        }

    def _hidden(self) -> int:
        """Entries of segments that are too small to be shown."""
        if not self.options.breakdown:
            return 0
        return self.converted.whole - sum(segment.converted.whole for segment in self.segments)


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
    _check(store, options)
    kept = session_filter(store, filters)
    core, given = asked(site, period, options, kept, now)
    definition = _definition(options)
    steps = kept.computed("steps", definition, fill(_STEPS_SQL, units=core), given)
    tables = kept.tables(store, given)
    found = _steps(steps.rows(store, tables), options)
    computed = [steps]
    segments: tuple[Segment, ...] = ()
    if options.breakdown:
        apart = kept.computed("segments", _SEGMENTS, fill(_SEGMENTS_SQL, units=core), given)
        segments = _segments(apart.rows(store, tables), found[options.required[-1] - 1].reached)
        computed.append(apart)
    return Funnel(site.id, period, tuple(filters), options, now, found, segments, tuple(computed))


def asked(
    site: Site, period: Period, options: FunnelOptions, kept: SessionFilter, now: datetime
) -> tuple[Expression, dict[str, object]]:
    """The query of how far each unit came, and the values of all its parameters."""
    now = now.astimezone(timezone.utc)
    longest = timedelta() if options.open else timedelta(milliseconds=options.window_ms)
    until = min(period.ends + longest, now + _MS)
    core = units(options, max(0, (until - period.begins) // _MS))
    given: dict[str, object] = {
        "site_id": site.id,
        "since": sql_instant(period.begins),
        "ends": sql_instant(period.ends),
        "until": sql_instant(until),
        "window_ms": options.window_ms,
        "now_ms": (now - period.begins) // _MS,
        "last_step": options.required[-1],
        "least": LEAST_ENTRIES,
        "filtered": int(kept.active),
        "bots": int(kept.bots),
        **kept.parameters,
        **core.parameters,
    }
    return core, given


def _check(store: Store, options: FunnelOptions) -> None:
    """Let the engine read every regular expression."""
    texts = (*options.steps, *(one.condition for one in options.exclusions))
    clauses = [clause for text in texts for clause in parse_condition(text)]
    check_by_engine(store, clauses)


def _definition(options: FunnelOptions) -> str:
    if options.open:
        return _OPEN.format(unit=options.unit)
    return _STEPS.format(unit=options.unit, window=options.window, order=_ORDER[options.order])


def _steps(rows: Sequence[dict[str, Any]], options: FunnelOptions) -> tuple[Step, ...]:
    found = {row["step"]: row for row in rows}
    counts = {step: row["count"] for step, row in found.items()}
    made = []
    for step, name in enumerate(options.steps, 1):
        row = found.get(
            step, {"entered": 0, "count": 0, "count_with_previous": 0, "in_progress": 0, "spans": ()}
        )
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


def _segments(rows: Sequence[dict[str, Any]], whole: Rate) -> tuple[Segment, ...]:
    """Each against the rest, the p-values adjusted for how many there are."""
    rates = [Rate(row["converted"], row["entered"]) for row in rows]
    raw = [two_sided(one, Rate(whole.part - one.part, whole.whole - one.whole)) for one in rates]
    tested = [at for at, p in enumerate(raw) if p is not None]
    adjusted = dict(zip(tested, benjamini_hochberg([p for p in raw if p is not None]), strict=True))
    return tuple(
        Segment(row["value"], tuple(row["counts"]), rate, adjusted.get(at))
        for at, (row, rate) in enumerate(zip(rows, rates, strict=True))
    )
